"""What every kind of sandbox offers."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Bytes that are read of a command's output.
MOST_OUTPUT = 1_000_000
#: Seconds to read what an ended command has written, while others write on.
_DRAIN_SECONDS = 2.0


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
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            sandbox.command(argv),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing if errors else subprocess.DEVNULL,
            env=sandbox.environment,
            cwd=sandbox.folder,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    output = _Output(reading)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        process.wait()
        status = 124
    return Finished(status, output.so_far().decode("utf-8", "replace"))


class _Output:
    """Keeps the beginning of what comes out of a pipe, and reads the rest of it away.

    It reads on when the command has ended: what that leaves in the background may hold the pipe,
    and goes on writing to it.

    Args:
        descriptor: The end to read from; closed at its end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._kept = bytearray()
        self._ended = threading.Event()
        self._turn = threading.Lock()
        threading.Thread(target=self._read, name="grasp-output", daemon=True).start()

    def so_far(self) -> bytes:
        """Return what was written until now."""
        ends = time.monotonic() + _DRAIN_SECONDS
        while not self._ended.wait(0.002) and time.monotonic() < ends:
            with self._turn:
                full = len(self._kept) >= MOST_OUTPUT
                if full or self._ended.is_set() or not self._readable(0):
                    break
        with self._turn:
            return bytes(self._kept)

    def _readable(self, seconds: float | None) -> bool:
        return ready(self._descriptor, seconds)[0]

    def _read(self) -> None:
        while not self._ended.is_set():
            self._readable(None)
            with self._turn:  # What is read is kept before anyone looks.
                data = os.read(self._descriptor, 65536)
                self._kept += data[: MOST_OUTPUT - len(self._kept)]
                if not data:
                    os.close(self._descriptor)
                    self._ended.set()


def ready(descriptor: int, seconds: float | None, *, writing: bool = False) -> tuple[bool, bool]:
    """Wait until a descriptor can be read, or written too; tell which.

    Args:
        descriptor: Of any number, where ``poll`` can be used: ``select`` knows the first 1024.
        seconds: To wait; ``None`` = for ever.
        writing: Whether writing is wanted.
    """
    if sys.platform == "darwin":  # Its poll knows no terminals.
        found = select.select([descriptor], [descriptor] if writing else [], [], seconds)
        return bool(found[0]), bool(found[1])
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN | (select.POLLOUT if writing else 0))
    events = waiting.poll(None if seconds is None else max(0, math.ceil(1000 * seconds)))
    told = events[0][1] if events else 0
    return bool(told & ~select.POLLOUT), bool(told & select.POLLOUT)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those of its session that are in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
