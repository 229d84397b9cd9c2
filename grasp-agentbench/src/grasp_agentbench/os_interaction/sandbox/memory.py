"""Limits the memory of a machine as a whole where no control group can: somebody looks at it.

A process may grow for a moment until it is seen; each has a limit of its own besides.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

#: Seconds between two looks.
PERIOD = 0.2
#: The namespace that one is in (ioctl_ns(2)).
_NS_GET_PARENT = 0xB702
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Looks at the memory of machines and kills what has most of it. Safe to use from many threads.

    Its thread runs as long as there is a machine.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Process namespace -> bytes that its processes may have, without what they share.
        self._limits: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def begin(self, pid: int, limit: int) -> str:
        """Watch the machine of a process; return its name.

        Args:
            pid: One of its processes.
            limit: Bytes.

        Raises:
            OSError: The process is gone.
        """
        space = os.readlink(f"/proc/{pid}/ns/pid")
        with self._lock:
            self._limits[space] = limit
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
                self._thread.start()
        return space

    def end(self, space: str) -> None:
        """Watch a machine no more."""
        with self._lock:
            self._limits.pop(space, None)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._limits:
                    self._thread = None
                    return
                limits = dict(self._limits)
            for space, found in _used(limits).items():
                _shrink(found, limits[space])
            time.sleep(PERIOD)


def _used(spaces: Mapping[str, int]) -> dict[str, dict[int, int]]:
    """Return namespace -> process -> bytes of its own."""
    used: dict[str, dict[int, int]] = {space: {} for space in spaces}
    outer: dict[str, str] = {}  # Of each namespace the one of ours that it is in, or none.
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # Gone, or not ours to see.
            space = os.readlink(process / "ns" / "pid")
            if space not in outer:
                outer[space] = _outer(process / "ns" / "pid", spaces)
            if outer[space]:
                _, resident, shared, *_ = map(int, (process / "statm").read_text().split())
                used[outer[space]][int(process.name)] = (resident - shared) * _PAGE
    return used


def _outer(namespace: Path, spaces: Mapping[str, int]) -> str:
    """Return which of some namespaces this one is or is within; machines may make their own."""
    at = os.open(namespace, os.O_RDONLY)
    try:
        while True:
            name = f"pid:[{os.fstat(at).st_ino}]"
            if name in spaces:
                return name
            parent = fcntl.ioctl(at, _NS_GET_PARENT)
            os.close(at)
            at = parent
    except OSError:  # That is where we are.
        return ""
    finally:
        os.close(at)


def _shrink(used: Mapping[int, int], limit: int) -> None:
    """Kill the largest until the others are within the limit."""
    left = sum(used.values())
    for pid, size in sorted(used.items(), key=lambda one: -one[1]):
        if left <= limit:
            return
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        left -= size


WATCH = Watch()
