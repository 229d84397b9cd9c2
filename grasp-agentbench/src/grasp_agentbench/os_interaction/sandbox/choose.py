"""Which sandboxes there are, which of them work here, and what makes the others work."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from grasp.contracts import TaskBackend, TaskError
from grasp_agentbench.os_interaction.sandbox.base import Backend, Limits, run
from grasp_agentbench.os_interaction.sandbox.docker import CONTAINER_IMAGE
from grasp_agentbench.os_interaction.sandbox.shell import TERMINALS, Shell, ShellTimeout

#: From the strongest boundary to none; ``auto`` takes the first that works.
BACKENDS = ("userns", "bwrap", "docker", "tempdir")

#: What samples need at the least: a dozen processes, some 20 MB of memory, 2 MB of files. By bash
#: alone, as an image may have little else.
_TRIAL = """(
pass() { while read -r line; do echo "$line"; done; }
printf -v text %8000000s ""
printf %2000000s "" > .trial || exit
echo passed | pass | pass | pass | pass | pass | pass | pass | pass | pass | pass
)"""
_PASSED = "passed"
_ABOUT = {
    "userns": "namespaces of Linux: own files, processes and users, no network",
    "bwrap": "the same by bubblewrap: one user, programs that can't be changed",
    "docker": "a container for each episode, by Docker or Podman; files are limited one by one",
    "tempdir": "NO BOUNDARY: the user's own bash in a folder; for tests and harmless samples",
}
_REMEDIES = {
    "userns": "on Linux: apt-get install util-linux; sysctl kernel.unprivileged_userns_clone=1 "
    "kernel.apparmor_restrict_unprivileged_userns=0",
    "bwrap": "on Linux: apt-get install bubblewrap util-linux",
    "docker": "install and start Docker, or Podman, and pull the image",
    "tempdir": "install bash",
}


def make(
    name: str, limits: Limits, image: Path | None = None, container: str = CONTAINER_IMAGE
) -> Backend:
    """Return a backend by name; see ``choose``."""
    if name == "userns":
        from grasp_agentbench.os_interaction.sandbox.userns import NamespaceBackend

        return NamespaceBackend(limits, image)
    if name == "bwrap":
        from grasp_agentbench.os_interaction.sandbox.bwrap import BubblewrapBackend

        return BubblewrapBackend(limits)
    if name == "docker":
        from grasp_agentbench.os_interaction.sandbox.docker import DockerBackend

        return DockerBackend(limits, container)
    from grasp_agentbench.os_interaction.sandbox.tempdir import TempdirBackend

    return TempdirBackend(limits)


@cache
def problem_of(name: str, image: Path | None = None, container: str = CONTAINER_IMAGE) -> str:
    """Return why a backend doesn't work here, by trying it; empty if it does."""
    if not TERMINALS:
        return "a shell needs a terminal of Unix: use WSL"
    if name in ("userns", "bwrap") and sys.platform != "linux":
        return "not Linux"
    try:
        sandbox = make(name, Limits(), image, container).start()
    except OSError as error:
        return str(error)
    try:
        finished = run(sandbox, ["bash", "-c", "echo $((6 * 7))"], 20)
    except OSError as error:
        return str(error)
    finally:
        sandbox.close()
    return "" if finished.output.strip() == "42" else finished.output.strip() or "it says nothing"


def choose(
    name: str, limits: Limits, image: Path | None = None, container: str = CONTAINER_IMAGE
) -> Backend:
    """Return a backend; ``auto`` is the best that works and is a boundary.

    Args:
        name: Which.
        limits: Of each machine.
        image: Root file system for ``userns``; else its programs are the host's.
        container: Image for ``docker``.

    Raises:
        TaskError: It doesn't work here.
    """
    if name != "auto":
        problem = problem_of(name, image, container)
        if problem:
            raise TaskError(
                f"the sandbox {name} doesn't work here: {problem}", _remedy(name, problem)
            )
        return _proven(make(name, limits, image, container), limits)
    for candidate in BACKENDS[:-1]:
        if not problem_of(candidate, image, container):
            return _proven(make(candidate, limits, image, container), limits)
    first = BACKENDS[0]
    raise TaskError(
        "no sandbox works here, and a model's commands need one; "
        f"{first}: {problem_of(first, image, container)}",
        "grasp doctor agentbench-os says how to get one; -P sandbox=tempdir runs them as yourself",
    )


def _remedy(name: str, problem: str) -> str:
    if "temporary directory" in problem:
        return "set TMPDIR to a folder that may be written"
    return _REMEDIES[name]


def _proven(backend: Backend, limits: Limits) -> Backend:
    """Return a backend whose machines can work within the limits: one of them has tried.

    Otherwise each episode would be counted as the model's failure.
    """
    try:
        sandbox = backend.start()
        try:
            finished = run(sandbox, ["bash", "-c", _TRIAL], 20)
            said = finished.output.strip()
            if said == _PASSED:
                shell = Shell(sandbox)
                try:
                    said = shell.run(_TRIAL, 20)
                finally:
                    shell.close()
        finally:
            sandbox.close()
    except (OSError, ShellTimeout) as error:
        said = str(error)
    if said != _PASSED:
        reason = " ".join(said.split())[-120:] or "it is killed"
        raise TaskError(
            f"a machine can't run a small script with {_listed(limits)}: {reason}",
            f"give it more; by default it has {_listed(Limits())}",
        )
    return backend


def _listed(limits: Limits) -> str:
    return ", ".join(f"{name}={value}" for name, value in vars(limits).items())


def sandbox_backends(
    wanted: str, image: Path | None = None, container: str = CONTAINER_IMAGE
) -> tuple[TaskBackend, ...]:
    """Return the sandboxes, tried on this machine, for ``grasp doctor``."""
    programs = "; the host's programs (others: grasp agentbench os-image)"
    about = {**_ABOUT, "userns": _ABOUT["userns"] + (f"; the image {image}" if image else programs)}
    about["docker"] += f"; the image {container}"
    problems = {name: problem_of(name, image, container) for name in BACKENDS}
    usable = [name for name in BACKENDS[:-1] if not problems[name]]
    chosen = usable[0] if wanted == "auto" and usable else wanted
    return tuple(
        TaskBackend(
            name,
            not problem,
            name == chosen and not problem,
            about[name],
            f"{_remedy(name, problem)}  # {problem}" if problem else "",
        )
        for name, problem in problems.items()
    )
