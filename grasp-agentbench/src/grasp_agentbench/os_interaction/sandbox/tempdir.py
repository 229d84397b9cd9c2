"""A folder and the user's own bash: no boundary at all, for tests and harmless samples."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.reaper import reaper

#: Bytes that must be free.
_LEAST_FREE = 1 << 20
#: Ends what it can find, and deletes the folder.
_REAPING = """
grep -lsxzF "GRASP_OS=${1##*/}" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
    kill -9 "$pid"
done
rm -rf -- "$1"
"""


class TempdirBackend:
    """Makes folders that are the home of a shell. What runs there can do what the user can.

    Args:
        limits: Only those of single processes are kept.
    """

    name = "tempdir"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def start(self) -> TempdirSandbox:
        """Make a folder."""
        bash = shutil.which("bash")
        if bash is None:
            raise SandboxError("there is no bash")
        return TempdirSandbox(bash, self._limits)


class TempdirSandbox:
    """One folder."""

    def __init__(self, bash: str, limits: Limits) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="grasp-os-"))
        self._bash = bash
        self._limits = limits
        self._reaper = reaper(_REAPING, str(self._home), bash=bash)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return a command with limits. See ``Sandbox.command``.

        Raises:
            SandboxError: The disk is full, so that nothing that follows could be right.
        """
        if shutil.disk_usage(self._home).free < _LEAST_FREE:
            raise SandboxError(f"the disk of {self._home.parent} is full")
        kib = self._limits.memory_mib * 1024
        limited = f'ulimit -v {kib} -f {self._limits.disk_mib * 1024}; exec "$@"'
        # It finds its processes again by this name.
        return [self._bash, "-c", limited, f"grasp-os:{self._home.name}", *argv]

    @property
    def environment(self) -> dict[str, str]:
        """Only what a shell needs. See ``Sandbox.environment``."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._home),
            "TMPDIR": str(self._home / "tmp"),
            "LANG": "C.UTF-8",
            "GRASP_OS": self._home.name,
        }

    @property
    def folder(self) -> str:
        """The folder."""
        (self._home / "tmp").mkdir(exist_ok=True)
        return str(self._home)

    def close(self) -> None:
        """End what it can find, and delete the folder."""
        for pid in _marked(self._home.name):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        shutil.rmtree(self._home, ignore_errors=True)
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait()


def _marked(mark: str) -> list[int]:
    """Return the processes with a mark in their environment, where that can be seen."""
    found = []
    wanted = f"GRASP_OS={mark}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
