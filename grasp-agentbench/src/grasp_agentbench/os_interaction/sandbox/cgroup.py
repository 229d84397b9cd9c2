"""Control groups: limits of all processes of a machine together, where they can be made."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Mapping
from pathlib import Path

from grasp_agentbench.os_interaction.sandbox.base import Limits

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "grasp-os-"
_MEMORY = ("memory.max", "memory.limit_in_bytes")
_numbers = itertools.count()


class Group:
    """A group in each hierarchy that has a limit; there may be none.

    Args:
        limits: What the processes in it may use together.
    """

    def __init__(self, limits: Limits) -> None:
        _clear_stale()
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        self.folders = [
            folder
            for parent, files in _hierarchies(limits).items()
            if (folder := _make(parent / name, files)) is not None
        ]

    @property
    def memory(self) -> bool:
        """Whether it limits the memory of all processes together."""
        return any((folder / name).exists() for folder in self.folders for name in _MEMORY)

    @property
    def joining(self) -> str:
        """Shell commands by which a process joins it."""
        return "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in self.folders)

    def close(self) -> None:
        """Remove it; its processes have been killed."""
        for folder in self.folders:
            _remove(folder)


def _hierarchies(limits: Limits) -> Mapping[Path, Mapping[str, str]]:
    """Return where groups are made, and the files that hold their limits."""
    memory, processes = str(limits.memory_mib << 20), str(limits.processes)
    if (_ROOT / "cgroup.controllers").exists():  # Version 2 has one hierarchy.
        return {_ROOT: {"pids.max": processes, _MEMORY[0]: memory}}
    return {
        _ROOT / "pids": {"pids.max": processes},
        _ROOT / "memory": {_MEMORY[1]: memory},
    }


def _make(folder: Path, files: Mapping[str, str]) -> Path | None:
    if not (folder.parent / "cgroup.procs").exists():
        return None
    try:
        folder.mkdir()
        for name, value in files.items():
            (folder / name).write_text(value)
        return folder
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return None


def _clear_stale() -> None:
    """Remove groups of processes that have been killed."""
    for parent in (_ROOT, _ROOT / "pids", _ROOT / "memory"):
        for folder in parent.glob(f"{_PREFIX}*"):
            pid = folder.name.removeprefix(_PREFIX).split("-")[0]
            if not Path(f"/proc/{pid}").exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _remove(folder: Path) -> None:
    for _ in range(100):
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:  # Its processes are still ending.
            time.sleep(0.01)
