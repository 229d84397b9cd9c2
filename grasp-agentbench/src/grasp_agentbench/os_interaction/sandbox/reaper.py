"""Clears up when this process has ended, however it does."""

from __future__ import annotations

import subprocess


def reaper(script: str, *arguments: str, bash: str = "bash") -> subprocess.Popen[bytes]:
    """Start a shell that waits for the end of its input, and then runs a script.

    Its input ends when it is closed, or with this process: whoever starts one keeps it.

    Args:
        script: In bash.
        arguments: Its parameters.
        bash: Where bash is.
    """
    return subprocess.Popen(
        [bash, "-c", f"cat\n{script}", "bash", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
