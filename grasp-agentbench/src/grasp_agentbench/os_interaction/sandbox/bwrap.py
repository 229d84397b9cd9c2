"""Bubblewrap: a machine of namespaces for each episode, with one user and programs as they are.

For where ``unshare`` may not make namespaces and ``bwrap`` may. Started by root, it is run as
nobody, so that its root is nobody outside.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence

from grasp_agentbench.os_interaction.sandbox.base import Limits
from grasp_agentbench.os_interaction.sandbox.held import ENVIRONMENT
from grasp_agentbench.os_interaction.sandbox.inside import (
    FOLDERS,
    FROM_HOST,
    LINKS,
    LOCAL,
    SETTINGS,
    STICKY,
    logs,
)
from grasp_agentbench.os_interaction.sandbox.machine import Machine, require
from grasp_agentbench.os_interaction.sandbox.users import AS_MAKER, is_root

#: A machine of one user: were it started by root, that would be root outside.
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


class BubblewrapBackend:
    """Makes machines with ``bwrap``.

    Args:
        limits: Of each machine.
    """

    name = "bwrap"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def start(self) -> BubblewrapSandbox:
        """Make a machine.

        Raises:
            SandboxError: It is not installed, or may not make one.
        """
        require("bwrap", "nsenter", *(_NOBODY[:1] if is_root() else ()))
        return BubblewrapSandbox(self._limits)


class BubblewrapSandbox(Machine):
    """One machine."""

    maker = "bwrap"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, AS_MAKER, _NOBODY if is_root() else ())
        try:
            told, telling = os.pipe()
            with os.fdopen(told) as info:
                with os.fdopen(telling, "w"), contextlib.ExitStack() as files:
                    written = [_Written(files, path, text) for path, text in _files().items()]
                    self.begin(
                        ["bwrap", *_arguments(limits, written, telling), "--",
                         "bash", "-c", "echo ready; exec cat"],
                        ENVIRONMENT,
                        pass_fds=[telling, *(file.descriptor for file in written)],
                    )  # fmt: skip
                self.wait()
                self.first = int(json.loads(info.read())["child-pid"])
            self.is_up()
        except BaseException:
            self.close()
            raise


class _Written:
    """A file in memory, to be written into a machine."""

    def __init__(self, kept: contextlib.ExitStack, path: str, text: str) -> None:
        self.path = f"/{path}"
        self.mode = "0640" if path.endswith("shadow") else "0644"
        file = os.fdopen(os.memfd_create(os.path.basename(path)), "w+")
        kept.enter_context(file)
        file.write(text)
        file.seek(0)
        self.descriptor = file.fileno()


def _files() -> dict[str, str]:
    return {**{f"etc/{name}": text for name, text in SETTINGS.items()}, **logs()}


def _arguments(limits: Limits, files: Sequence[_Written], telling: int) -> list[str]:
    size = str(limits.disk_mib * 1024 * 1024)
    found = ["--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--hostname", "os"]
    found += ["--die-with-parent", "--new-session", "--info-fd", str(telling), "--chdir", "/"]
    found += ["--perms", "0755", "--size", size, "--tmpfs", "/"]
    for name in FOLDERS:
        found += ["--dir", f"/{name}"]
    found += ["--perms", "0700", "--dir", "/root"]
    for name in STICKY:
        found += ["--perms", "1777", "--dir", f"/{name}"]
    for name in LOCAL:
        found += ["--dir", f"/usr/local/{name}"]
    # New things may stand beside the programs, so that /usr itself is the machine's own.
    programs = [f"/usr/{name}" for name in sorted(os.listdir("/usr")) if name != "local"]
    for path in [*programs, *(f"/{name}" for name in LINKS)]:
        if os.path.islink(path):
            found += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            found += ["--ro-bind", path, path]
    for name in FROM_HOST:
        found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for file in files:
        found += ["--perms", file.mode, "--file", str(file.descriptor), file.path]
    found += ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm"]
    return [*found, "--remount-ro", "/dev"]
