"""Runs a server that must not outlive the process that needs it.

``python -m grasp_agentbench.supervisor PLAN`` runs commands, one after another, until standard
input ends, which it does however the parent dies, ``kill -9`` included; then it stops the command
of that moment and deletes their folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

#: Seconds for a command to end by itself.
GRACE = 5.0
#: Seconds between two looks at whether the command has ended.
_TICK = 0.2
#: Bytes of the log that a failed command leaves.
_LAST = 4000


class Supervised:
    """Commands under a supervisor of their own: what prepares a server, and the server.

    Args:
        folder: Where they work; deleted when they end. Their output goes to ``log`` in it.
        commands: Run one after another; a failing one is the last.
        user: Account and group they run as, where this process is root.
        variables: Of the environment, beside those of this process.
    """

    def __init__(
        self,
        folder: Path,
        commands: Sequence[Sequence[str]],
        user: tuple[int, int] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        account = {} if user is None else {"user": user[0], "group": user[1]}
        plan = {"folder": str(folder), "commands": commands, "account": account}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "grasp_agentbench.supervisor", json.dumps(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(variables or {})},
            start_new_session=True,  # An interrupt at the terminal is for us alone.
        )
        self._said: str | None = None

    @property
    def running(self) -> bool:
        """The last command has not ended."""
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """Wait for the end; the end of the log, if a command failed by itself."""
        assert self._process.stdout is not None
        if self._said is None:
            self._said = self._process.stdout.read().decode("utf-8", "replace")
        return self._said

    def stop(self) -> None:
        """End them and wait until they are gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def main(arguments: Sequence[str]) -> int:
    """Run the commands of a plan; return the status of the last."""
    plan = json.loads(arguments[0])
    folder = Path(plan["folder"])
    status: int | None = 0
    try:
        with open(folder / "log", "a+b") as log:
            for command in plan["commands"]:
                status = _run(command, folder, log, plan["account"])
                if status is None:
                    return 0
                if status or command is plan["commands"][-1]:  # A server has no end of its own.
                    log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST))
                    os.write(1, log.read())
                    break
        return status or 0
    except OSError as error:  # There is no such command, or it may not be begun.
        os.write(1, f"{error}\n".encode())
        return 127
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    command: Sequence[str], folder: Path, log: BinaryIO, account: Mapping[str, Any]
) -> int | None:
    """Return a command's status; ``None`` if standard input ended first, which ended it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=folder,
        start_new_session=True,
        **account,
    )
    while (status := process.poll()) is None:
        ready, _, _ = select.select([0], [], [], _TICK)
        if ready and not os.read(0, 4096):
            _end(process)
            return None
    return status


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
