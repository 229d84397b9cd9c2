"""Linux namespaces: a machine of its own for each episode, with no privileges outside.

A user namespace (so root inside is nobody outside), its own files, processes, network (none)
and host name. The programs are the host's, shown so that writing to them changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.cgroup import Group
from grasp_agentbench.os_interaction.sandbox.entering import (
    AS_MAKER,
    AS_ROOT,
    ENVIRONMENT,
    entering,
)

_INSIDE = Path(__file__).with_name("inside.py")
_START_SECONDS = 20.0
#: First identifier outside that root's machine gets for its users, and how many.
_FIRST_ID, _IDS = 231072, 65536


class NamespaceBackend:
    """Makes machines with ``unshare`` and ``nsenter`` (util-linux).

    Args:
        limits: Of each machine.
    """

    name = "userns"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def start(self) -> NamespaceSandbox:
        """Make a machine.

        Raises:
            SandboxError: This kernel, or its settings, doesn't allow it.
        """
        for program in ("unshare", "nsenter"):
            if shutil.which(program) is None:
                raise SandboxError(f"{program} is missing")
        return NamespaceSandbox(self._limits)


class NamespaceSandbox:
    """One machine."""

    folder = None

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._root = tempfile.mkdtemp(prefix="grasp-os-")
        os.chmod(self._root, 0o755)
        self._group = Group(limits)
        spec = json.dumps(
            {"root": self._root, "disk_mib": limits.disk_mib, "unreadable": _unreadable()}
        )
        # The standard library is all it needs; the host's own files are gone in a moment.
        inside = [sys.executable, "-I", str(_INSIDE), spec]
        spaces = ["--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child"]
        self._process = subprocess.Popen(
            ["unshare", *_user_space(), *spaces, "--", *inside],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            start_new_session=True,
        )
        try:
            self._init = self._child()
            if _may_map():
                _map_users(self._init)
            assert self._process.stdin is not None
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()
            self._wait()
        except BrokenPipeError:
            said = self._said()
            self.close()
            raise SandboxError(f"the namespaces can't be made: {said}") from None
        except BaseException:
            self.close()
            raise

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``nsenter`` with limits. See ``Sandbox.command``."""
        user = AS_ROOT if _may_map() else AS_MAKER
        return entering(self._init, argv, limits=self._limits, group=self._group, user=user)

    @property
    def environment(self) -> dict[str, str]:
        """What a login would set. See ``Sandbox.environment``."""
        return dict(ENVIRONMENT)

    def close(self) -> None:
        """End process 1, and all others with it; its files were in memory."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process.kill()  # Its child is killed with it.
        self._process.wait()
        with contextlib.suppress(OSError):
            os.rmdir(self._root)
        self._group.close()

    def _child(self) -> int:
        """Return process 1 of the machine, as it is called outside."""
        pid = self._process.pid
        ends = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < ends:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if children:
                    return int(children[0])
            time.sleep(0.001)
        raise SandboxError(f"the namespaces can't be made: {self._said()}")

    def _wait(self) -> None:
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], _START_SECONDS)
        if not ready or out.readline() != b"ready\n":
            said = self._said() if ready else "it hangs"
            raise SandboxError(f"the namespaces can't be made: {said}")

    def _said(self) -> str:
        err = self._process.stderr
        self._process.kill()
        said = b"" if err is None else err.read()
        return said.decode("utf-8", "replace").strip() or "no reason given"


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
            file.write(f"0 {_FIRST_ID} {_IDS}\n")


def _may_map() -> bool:
    """Root may give a machine users of its own."""
    return os.geteuid() == 0


def _user_space() -> list[str]:
    return ["--user", "--keep-caps"] if _may_map() else ["--user", "--map-root-user"]
