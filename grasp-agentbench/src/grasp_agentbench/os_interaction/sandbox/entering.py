"""How a command gets into a machine of namespaces: its limits, and ``nsenter``."""

from __future__ import annotations

from collections.abc import Sequence

from grasp_agentbench.os_interaction.sandbox.base import Limits
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
_SPACES = ("--user", "--mount", "--pid", "--ipc", "--uts", "--net", "--root")
#: Root of a machine with users of its own; of one with a single user, whoever made it.
AS_ROOT = ("--setuid=0", "--setgid=0")
AS_MAKER = ("--preserve-credentials",)


def entering(
    target: int,
    argv: Sequence[str],
    *,
    limits: Limits,
    group: Group,
    user: Sequence[str],
    before: Sequence[str] = (),
) -> list[str]:
    """Return what runs a command in a machine, from outside.

    Args:
        target: A process of the machine.
        argv: The command.
        limits: Of each process; the group's are of all of them.
        group: What all its processes belong to.
        user: ``AS_ROOT`` or ``AS_MAKER``.
        before: Command that becomes another user outside.
    """
    kib = limits.memory_mib * 1024
    # A group for all of them where there is one; limits of single processes anyway.
    outside = f'{group.joining}ulimit -c 0; exec "$@"'
    inside = f'cd /root; ulimit -v {kib} -u {limits.processes} 2>/dev/null; exec "$@"'
    nsenter = [*before, "nsenter", f"--target={target}", *_SPACES, *user]
    return ["bash", "-c", outside, "bash", *nsenter, "--", "bash", "-c", inside, "bash", *argv]
