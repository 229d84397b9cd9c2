"""A persistent shell on a terminal, whose commands end with a mark.

Variables, folders, background processes and ``su`` stay from one command to the next. The mark
is written by a line of its own, so it comes back from whatever shell is in front by then.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import os
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

from grasp_agentbench.os_interaction.sandbox.base import (
    MOST_OUTPUT,
    Sandbox,
    SandboxError,
    kill_group,
    ready,
)

try:
    import fcntl
    import pty
    import termios
except ImportError:  # Windows.
    TERMINALS = False
else:
    TERMINALS = True

#: Escape sequences of terminals: CSI, OSC, others, and the bell.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[0-9=>@-Z\\-_]|\x1b[()][A-Z0-9]|\x07"
)
#: Letters of a line that is sent.
_CHUNK = 2000
#: Seconds to wait for a shell to come up, and after an interrupt.
_PATIENCE = 5.0
#: Seconds of silence after which one sees whether the mark got lost; doubled each time.
_SILENCE = 1.0
#: What may read from the terminal when a shell does; the last two hide what is behind them.
_SHELLS = ("bash", "sh", "dash", "docker", "podman")
#: Gives what follows the terminal; the standard library is all it needs.
_TERMINAL = (sys.executable, "-I", "-S", str(Path(__file__).with_name("terminal.py")))

_marks = itertools.count(1)


class ShellTimeout(Exception):
    """A command took too long; it was stopped.

    Attributes:
        output: What it had written.
        survived: The shell goes on with its variables; otherwise it was begun anew.
    """

    def __init__(self, output: str, *, survived: bool) -> None:
        super().__init__("the command took too long")
        self.output = output
        self.survived = survived


class Shell:
    """A login shell in a sandbox. Used by one thread.

    Args:
        sandbox: Where it runs.

    Raises:
        SandboxError: No shell comes up.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open = False
        self._begin()

    def run(self, script: str, seconds: float) -> str:
        """Run a script; return what it wrote to the terminal; what is no text, as surrogates.

        Raises:
            ShellTimeout: It took too long.
            SandboxError: The shell has ended and can't be begun anew.
        """
        if self._process.poll() is not None:
            self.close()
            self._begin()
        number = next(_marks)
        encoded = base64.b64encode(script.encode("utf-8", "replace")).decode()
        chunks = [encoded[n : n + _CHUNK] for n in range(0, len(encoded), _CHUNK)] or [""]
        # No line has its mark as it is written, so an echo of it is none.
        for n, chunk in enumerate(chunks):
            self._send(f"__g{'+' if n else ''}={chunk}")
            if n + 1 < len(chunks):  # A terminal behind another drops what is more than it holds.
                self._send(f"printf '%s%s\\n' '<got' '{number}.{n}>'")
                self._read(f"<got{number}.{n}>", _PATIENCE)
        self._type(
            f"printf '%s%s\\n' '<grasp' '{number}>'; "
            'eval "$(printf %s "$__g" | base64 -d; unset __g)"'
        )
        closing = f"printf '\\n%s%s\\n' '</grasp' '{number}>'"
        self._type(closing)
        whole, ended = self._read(f"</grasp{number}>", seconds, closing)
        if ended or self._process.poll() is not None:
            return _between(whole, number, closing)
        survived = self._interrupt(number, closing)
        output = _between(whole, number, closing)
        if not survived:
            self.close()
            self._begin()
        raise ShellTimeout(output, survived=survived)

    def close(self) -> None:
        """End the shell."""
        if self._open:
            self._open = False
            kill_group(self._process)
            self._process.wait()
            os.close(self._terminal)

    def _begin(self) -> None:
        self._terminal, slave = pty.openpty()
        # A wide terminal breaks no lines.
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 30000, 0, 0))
        try:
            self._process = subprocess.Popen(
                [*_TERMINAL, *self._sandbox.command(["bash", "--login"])],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**self._sandbox.environment, "TERM": "dumb"},
                cwd=self._sandbox.folder,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._terminal)
            raise
        finally:
            os.close(slave)
        self._open = True
        os.set_blocking(self._terminal, False)
        self._type("PS1= PS2= PROMPT_COMMAND=; unset HISTFILE; printf '%s%s\\n' '<grasp' 'up>'")
        _, up = self._read("<graspup>", 4 * _PATIENCE)
        if not up:
            self.close()
            raise SandboxError("no shell comes up in the sandbox")

    def _interrupt(self, number: int, closing: str) -> bool:
        """Stop what is in front; tell whether the shell answers afterwards."""
        try:
            os.write(self._terminal, b"\x03")
            time.sleep(0.1)
            self._type(closing)  # An interrupt throws away what was typed before.
        except OSError:
            return False
        _, ended = self._read(f"</grasp{number}>", _PATIENCE)
        return ended and self._process.poll() is None

    def _shell_in_front(self) -> bool:
        """Tell whether what reads from the terminal is a shell, where that can be seen."""
        try:
            front = os.tcgetpgrp(self._terminal)
            return Path(f"/proc/{front}/comm").read_text().strip() in _SHELLS
        except OSError:
            return False

    def _type(self, line: str) -> None:
        """Send a short line; what the script says meanwhile is left to be read."""
        os.write(self._terminal, line.encode() + b"\n")

    def _send(self, line: str) -> None:
        data = line.encode() + b"\n"
        try:
            while data:
                # What is typed is echoed: unread, it would fill the terminal.
                echo, room = ready(self._terminal, _PATIENCE, writing=True)
                if echo:
                    os.read(self._terminal, 65536)
                if room:
                    data = data[os.write(self._terminal, data[:_CHUNK]) :]
                elif not echo:
                    raise SandboxError("the shell takes no input")
        except OSError as error:
            raise SandboxError(f"the shell is gone: {error}") from None

    def _read(self, mark: str, seconds: float, closing: str = "") -> tuple[str, bool]:
        """Read until a line is the mark, or time is over; type ``closing`` again if it got lost."""
        silence = _SILENCE
        ends = time.monotonic() + seconds
        wanted = re.compile(rb"(?:^|[\r\n])" + re.escape(mark.encode()) + rb"\r?\n")
        found = bytearray()
        while (left := ends - time.monotonic()) > 0:
            if not ready(self._terminal, min(left, silence))[0]:
                # Programs such as apt throw away what was typed while they ran.
                if closing and self._shell_in_front():
                    self._type(closing)
                silence *= 2
                continue
            try:
                data = os.read(self._terminal, 65536)
            except BlockingIOError:
                continue
            except OSError:  # The other end is closed.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE)
                break
            if not data:
                break
            found += data
            if wanted.search(found, max(0, len(found) - len(data) - 200)):
                return found.decode("utf-8", "surrogateescape"), True
            if len(found) > 2 * MOST_OUTPUT:  # Keep both ends of what never stops.
                del found[MOST_OUTPUT:-1000]
        return found.decode("utf-8", "surrogateescape"), False


def _between(whole: str, number: int, closing: str) -> str:
    """Return what a script wrote, without marks, echoes and terminal codes."""
    text = _ESCAPES.sub("", whole).replace("\r\n", "\n").replace("\r", "")
    text = text.rpartition(f"<grasp{number}>\n")[2]
    text, _, _ = text.partition(f"\n</grasp{number}>")
    # The line with the mark is echoed, perhaps behind a prompt; looked for from word to word only.
    text = re.sub(r"(?:(?<!\S)\S*[$#] )?" + re.escape(closing) + r"\n?", "", text)
    return text.strip("\n")
