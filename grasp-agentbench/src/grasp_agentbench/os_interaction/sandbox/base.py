"""What every kind of sandbox offers."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Bytes that are read of a command's output.
MOST_OUTPUT = 1_000_000


class SandboxError(OSError):
    """A sandbox can't be made, or is gone."""


@dataclass(frozen=True)
class Limits:
    """What an episode may use.

    Attributes:
        memory_mib: Of each process; of all of them and their files too, where that can be said.
        processes: At a time.
        disk_mib: Of all files.
    """

    memory_mib: int = 1024
    processes: int = 256
    disk_mib: int = 512


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its status (124 for a time-out) and what it wrote."""

    status: int
    output: str


class Sandbox(Protocol):
    """One episode's machine."""

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return what runs a command inside, from outside."""
        ...

    @property
    def environment(self) -> dict[str, str]:
        """The variables that commands from outside get."""
        ...

    @property
    def folder(self) -> str | None:
        """Working folder of commands, where it must be set from outside."""
        ...

    def close(self) -> None:
        """End everything in it and leave nothing behind."""
        ...


class Backend(Protocol):
    """Makes sandboxes. Safe to use from many threads."""

    name: str

    def start(self) -> Sandbox:
        """Make a sandbox.

        Raises:
            SandboxError: It can't be made here.
        """
        ...


def run(sandbox: Sandbox, argv: Sequence[str], seconds: float, *, errors: bool = True) -> Finished:
    """Run a command afresh; it can read nothing, and is killed when its time is over.

    Args:
        sandbox: Where.
        argv: The command.
        seconds: That it may take.
        errors: What it writes to standard error is part of its output.
    """
    # A file, as what it leaves in the background would hold a pipe open.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            sandbox.command(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output if errors else subprocess.DEVNULL,
            env=sandbox.environment,
            cwd=sandbox.folder,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill_group(process)
            process.wait()
            status = 124
        output.seek(0)
        return Finished(status, output.read(MOST_OUTPUT).decode("utf-8", "replace"))


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those of its session that are in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
