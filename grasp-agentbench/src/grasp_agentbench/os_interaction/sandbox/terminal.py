"""Takes standard input as its terminal, and becomes the command that it is given.

Run as a program of its own: a function between fork and exec could do the same, but may hang in a
process with many threads.
"""

import fcntl
import os
import signal
import sys
import termios

#: What a shell must be able to be told, however it was started; Python itself ignores the last.
SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTSTP", "SIGPIPE", "SIGXFSZ")


def main(command: list[str]) -> None:
    """Become the command."""
    # A job in the background is started with interrupts ignored, and its children inherit that.
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
