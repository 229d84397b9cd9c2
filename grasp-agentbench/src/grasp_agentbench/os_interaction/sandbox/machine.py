"""What machines of namespaces have in common: how one gets in, and their limits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.cgroup import Group
from grasp_agentbench.os_interaction.sandbox.held import ENVIRONMENT, Held
from grasp_agentbench.os_interaction.sandbox.memory import WATCH

_SPACES = ("--user", "--mount", "--pid", "--ipc", "--uts", "--net", "--root")


class Machine(Held):
    """One machine; whoever makes it sets ``first`` and tells that it ``is_up``.

    Args:
        limits: Of each process, and the memory of all of them together.
        user: ``AS_ROOT`` or ``AS_MAKER`` of ``users``.
        before: Command that becomes another user outside.
    """

    def __init__(self, limits: Limits, user: Sequence[str], before: Sequence[str] = ()) -> None:
        super().__init__()
        self._limits = limits
        self._user, self._before = user, before
        self._group = Group(limits)
        self._watched = ""
        #: A process of the machine, as it is called outside.
        self.first = 0

    def begin(
        self, argv: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the command that makes it, as whoever that is to be. See ``Held.begin``."""
        return super().begin([*self._before, *argv], environment, pass_fds)

    def is_up(self) -> None:
        """See to the limit of its memory, now that it has a first process."""
        if not self._group.memory:
            self._watched = WATCH.begin(self.first, self._limits.memory_mib << 20)

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
        WATCH.end(self._watched)
        super().close()  # Its children are killed with it.
        self._group.close()


def require(*programs: str) -> None:
    """See that programs are installed.

    Raises:
        SandboxError: One is not.
    """
    for program in programs:
        if shutil.which(program) is None:
            raise SandboxError(f"{program} is missing")
