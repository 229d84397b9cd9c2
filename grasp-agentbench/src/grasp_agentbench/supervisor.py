"""Runs a server that must not outlive the process that needs it.

``python -m grasp_agentbench.supervisor FOLDER COMMAND...`` runs the command until standard input
ends, which it does however the parent dies, ``kill -9`` included; then it stops the command and
deletes the folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: Seconds for a server to end by itself.
GRACE = 5.0


class Supervised:
    """A command under a supervisor of its own.

    Args:
        folder: What is deleted when it ends.
        command: The command; its output goes to ``log`` in the folder.
        user: Account and group it runs as, where this process is root.
    """

    def __init__(
        self, folder: Path, command: Sequence[str], user: tuple[int, int] | None = None
    ) -> None:
        arguments = [sys.executable, "-m", "grasp_agentbench.supervisor", str(folder)]
        if user is not None:
            arguments += [f"--user={user[0]}:{user[1]}"]
        self._process = subprocess.Popen(
            [*arguments, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # An interrupt at the terminal is for us alone.
        )

    @property
    def running(self) -> bool:
        """The command has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it and wait until it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main(arguments: Sequence[str]) -> int:
    """Run a command until standard input ends; return its status."""
    folder, *command = arguments
    user: dict[str, Any] = {}
    if command[0].startswith("--user="):
        uid, gid = command.pop(0).removeprefix("--user=").split(":")
        user = {"user": int(uid), "group": int(gid)}
    with open(Path(folder) / "log", "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **user
        )
    threading.Thread(target=_watch, args=(process,), daemon=True).start()
    try:
        return int(process.wait())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watch(process: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):
        pass
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
