"""Bubblewrap: a machine of namespaces for each episode, with one user and programs as they are.

For where ``unshare`` may not make namespaces and ``bwrap`` may. Started by root, it is run as
nobody, so that its root is nobody outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.cgroup import Group
from grasp_agentbench.os_interaction.sandbox.entering import AS_MAKER, ENVIRONMENT, entering
from grasp_agentbench.os_interaction.sandbox.inside import FROM_HOST, SETTINGS, logs

_START_SECONDS = 20.0
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
_FOLDERS = ("home", "var/log", "var/lib", "var/mail", "var/cache", "var/spool", "var/run", "run",
            "opt", "srv", "mnt", "media", "boot", "sys", "usr", "etc")  # fmt: skip
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


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
        for program in ("bwrap", "nsenter", *_before()[:1]):
            if shutil.which(program) is None:
                raise SandboxError(f"{program} is missing")
        return BubblewrapSandbox(self._limits)


class BubblewrapSandbox:
    """One machine."""

    folder = None

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._group = Group(limits)
        told, telling = os.pipe()
        files = list(_files())
        try:
            self._process = subprocess.Popen(
                [*_before(), "bwrap", *_arguments(limits, files, telling), "--",
                 "bash", "-c", "echo ready; exec cat"],
                stdin=subprocess.PIPE,  # The machine ends when this does, however its maker dies.
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=[telling, *(fd for fd, _, _ in files)],
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(telling)
            for fd, _, _ in files:
                os.close(fd)
        try:
            with os.fdopen(told) as info:
                self._wait()
                self._inner = int(json.loads(info.read())["child-pid"])
        except BaseException:
            self.close()
            raise

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``nsenter`` with limits. See ``Sandbox.command``."""
        return entering(
            self._inner,
            argv,
            limits=self._limits,
            group=self._group,
            user=AS_MAKER,
            before=_before(),
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a login would set. See ``Sandbox.environment``."""
        return dict(ENVIRONMENT)

    def close(self) -> None:
        """End process 1, and all others with it; its files were in memory."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.kill()  # Its children die with it.
        self._process.wait()
        self._group.close()

    def _wait(self) -> None:
        out, err = self._process.stdout, self._process.stderr
        assert out is not None
        assert err is not None
        ready, _, _ = select.select([out], [], [], _START_SECONDS)
        if not ready or out.readline() != b"ready\n":
            self._process.kill()
            said = err.read().decode("utf-8", "replace").strip() if ready else "it hangs"
            raise SandboxError(f"bwrap can't make it: {said or 'no reason given'}")


def _before() -> tuple[str, ...]:
    """Return what makes root nobody: its machine has one user, who would be root outside."""
    return _NOBODY if os.geteuid() == 0 else ()


def _files() -> Iterator[tuple[int, str, str]]:
    """Yield descriptor, mode and path of every file that is written into a machine."""
    for path, text in {**{f"etc/{n}": t for n, t in SETTINGS.items()}, **logs()}.items():
        fd = os.memfd_create(os.path.basename(path))
        os.write(fd, text.encode())
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd, "0640" if path.endswith("shadow") else "0644", f"/{path}"


def _arguments(limits: Limits, files: Sequence[tuple[int, str, str]], telling: int) -> list[str]:
    size = str(limits.disk_mib * 1024 * 1024)
    found = ["--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--hostname", "os"]
    found += ["--die-with-parent", "--new-session", "--info-fd", str(telling), "--chdir", "/"]
    found += ["--perms", "0755", "--size", size, "--tmpfs", "/"]
    for name in _FOLDERS:
        found += ["--dir", f"/{name}"]
    found += ["--perms", "0700", "--dir", "/root"]
    for name in ("/tmp", "/var/tmp"):
        found += ["--perms", "1777", "--dir", name]
    for name in ("bin", "sbin", "lib", "share", "etc", "include", "src", "games"):
        found += ["--dir", f"/usr/local/{name}"]
    # New things may stand beside the programs, so that /usr itself is the machine's own.
    programs = [f"/usr/{name}" for name in sorted(os.listdir("/usr")) if name != "local"]
    for path in [*programs, *(f"/{name}" for name in _LINKS)]:
        if os.path.islink(path):
            found += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            found += ["--ro-bind", path, path]
    for name in FROM_HOST:
        found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for fd, mode, path in files:
        found += ["--perms", mode, "--file", str(fd), path]
    found += ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm"]
    return [*found, "--remount-ro", "/dev"]
