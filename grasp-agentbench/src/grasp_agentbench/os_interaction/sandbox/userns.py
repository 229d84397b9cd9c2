"""Linux namespaces: a machine of its own for each episode, with no privileges outside.

A user namespace (so root inside is nobody outside), its own files, processes, network (none)
and host name. The programs are an image's or the host's, shown so that writing to them changes
nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path

from grasp_agentbench.os_interaction.sandbox.base import Limits
from grasp_agentbench.os_interaction.sandbox.held import START_SECONDS
from grasp_agentbench.os_interaction.sandbox.machine import Machine, require
from grasp_agentbench.os_interaction.sandbox.users import (
    AS_MAKER,
    AS_ROOT,
    FIRST_ID,
    IDS,
    is_root,
)

#: Where a machine puts its files together. It is there, so that no folder has to be made that
#: a killed run would leave; nobody outside sees what is mounted on it.
_ROOT = "/tmp"
_INSIDE = Path(__file__).with_name("inside.py")
_SPACES = ("--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child")


class NamespaceBackend:
    """Makes machines with ``unshare`` and ``nsenter`` (util-linux).

    Args:
        limits: Of each machine.
        image: Root file system of its own; else the programs are the host's.
    """

    name = "userns"

    def __init__(self, limits: Limits, image: Path | None = None) -> None:
        self._limits, self._image = limits, image

    def start(self) -> NamespaceSandbox:
        """Make a machine.

        Raises:
            SandboxError: This kernel, or its settings, doesn't allow it.
        """
        require("unshare", "nsenter")
        return NamespaceSandbox(self._limits, self._image)


class NamespaceSandbox(Machine):
    """One machine."""

    maker = "unshare"

    def __init__(self, limits: Limits, image: Path | None = None) -> None:
        super().__init__(limits, AS_ROOT if is_root() else AS_MAKER)
        files = {"unreadable": _unreadable()} if image is None else {"image": str(image)}
        spec = json.dumps({"root": _ROOT, "disk_mib": limits.disk_mib, **files})
        # The standard library is all it needs; the host's own files are gone in a moment.
        inside = [sys.executable, "-I", str(_INSIDE), spec]
        users = ["--user", "--keep-caps"] if is_root() else ["--user", "--map-root-user"]
        try:
            process = self.begin(
                ["unshare", *users, *_SPACES, "--", *inside],
                {"PATH": os.environ.get("PATH", os.defpath)},
            )
            self.first = self._child(process)
            if is_root():
                _map_users(self.first)
            self._go(process)
            self.wait()
            self.is_up()
        except BaseException:
            self.close()
            raise

    def _child(self, process: subprocess.Popen[bytes]) -> int:
        """Return process 1 of the machine, as it is called outside."""
        ends = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < ends:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
                if children.split():
                    return int(children.split()[0])
            time.sleep(0.001)
        raise self.failed()

    def _go(self, process: subprocess.Popen[bytes]) -> None:
        """Tell process 1 that its users are mapped."""
        assert process.stdin is not None
        try:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self.failed() from None


@lru_cache(maxsize=1)
def _unreadable() -> list[str]:
    """Return the folders of programs that the users of a machine can't read."""
    found = subprocess.run(
        ["find", "/usr", "-xdev", "-type", "d", "!", "-perm", "-o=rx", "-prune", "-print"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.splitlines()


def _map_users(pid: int) -> None:
    """Give a machine users of its own, that are nobody outside."""
    for kind in ("uid", "gid"):
        with open(f"/proc/{pid}/{kind}_map", "w") as file:
            file.write(f"0 {FIRST_ID} {IDS}\n")
