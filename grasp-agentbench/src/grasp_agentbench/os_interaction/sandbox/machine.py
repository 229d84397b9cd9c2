"""What machines of namespaces have in common: how they start and end, and how one gets in."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import ClassVar

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.cgroup import Group

#: What a login would set.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "HOSTNAME": "os",
}
#: First identifier outside that root's machines get for their users, and how many.
FIRST_ID, IDS = 231072, 65536
#: Seconds that a machine may take to come up.
START_SECONDS = 20.0
#: Root of a machine with users of its own; of one with a single user, whoever made it.
AS_ROOT = ("--setuid=0", "--setgid=0")
AS_MAKER = ("--preserve-credentials",)
_SPACES = ("--user", "--mount", "--pid", "--ipc", "--uts", "--net", "--root")


class Machine:
    """One machine, made by a command that holds it as long as its standard input is open.

    Whoever makes one starts the command, sets ``first`` and waits for ``ready``.

    Args:
        limits: Of each process; of all of them where there are control groups.
        user: ``AS_ROOT`` or ``AS_MAKER``.
        before: Command that becomes another user outside.
    """

    #: What makes it, for messages.
    maker: ClassVar[str]
    folder = None

    def __init__(self, limits: Limits, user: Sequence[str], before: Sequence[str] = ()) -> None:
        self._limits = limits
        self._user, self._before = user, before
        self._group = Group(limits)
        self._process: subprocess.Popen[bytes] | None = None
        #: A process of the machine, as it is called outside.
        self.first = 0

    def begin(
        self, argv: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the command that makes it."""
        self._process = subprocess.Popen(
            [*self._before, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            pass_fds=pass_fds,
            start_new_session=True,
        )
        return self._process

    def wait(self) -> None:
        """Wait until it is ready.

        Raises:
            SandboxError: It doesn't come up.
        """
        assert self._process is not None
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], START_SECONDS)
        if not ready:
            raise SandboxError(f"{self.maker} can't make it: it hangs")
        if out.readline() != b"ready\n":
            raise self.failed()

    def failed(self) -> SandboxError:
        """Give up; return the error that tells what the command said."""
        assert self._process is not None
        err = self._process.stderr
        self._process.kill()
        said = b"" if err is None else err.read()
        reason = said.decode("utf-8", "replace").strip() or "no reason given"
        return SandboxError(f"{self.maker} can't make it: {reason}")

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``nsenter`` with limits. See ``Sandbox.command``."""
        kib = self._limits.memory_mib * 1024
        # A group for all of them where there is one; limits of single processes anyway.
        outside = f'{self._group.joining}ulimit -c 0; exec "$@"'
        processes = self._limits.processes
        inside = f'cd /root; ulimit -v {kib} -u {processes} 2>/dev/null; exec "$@"'
        nsenter = [*self._before, "nsenter", f"--target={self.first}", *_SPACES, *self._user]
        return ["bash", "-c", outside, "bash", *nsenter, "--", "bash", "-c", inside, "bash", *argv]

    @property
    def environment(self) -> dict[str, str]:
        """What a login would set. See ``Sandbox.environment``."""
        return dict(ENVIRONMENT)

    def close(self) -> None:
        """End process 1, and all others with it; its files were in memory."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process.kill()  # Its children are killed with it.
            self._process.wait()
        self._group.close()


def require(*programs: str) -> None:
    """See that programs are installed.

    Raises:
        SandboxError: One is not.
    """
    for program in programs:
        if shutil.which(program) is None:
            raise SandboxError(f"{program} is missing")


def is_root() -> bool:
    """Tell whether this process may give machines users of their own."""
    return os.geteuid() == 0
