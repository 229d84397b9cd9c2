"""A container for each episode, by Docker or Podman; the original's way."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError
from grasp_agentbench.os_interaction.sandbox.held import ENVIRONMENT, Held

#: Has bash, python3 and the usual tools.
CONTAINER_IMAGE = "python:3.11-bookworm"
#: They take the same commands; the first that works is used.
PROGRAMS = ("docker", "podman")
#: Seconds for an engine to say its version.
_PATIENCE = 15.0
#: Process 1: waits for what is left behind, and ends when its input does.
_FIRST = "echo ready; while read -r _; do :; done"

_numbers = itertools.count(1)


class DockerBackend:
    """Makes containers without network.

    Args:
        limits: Of each container; that of the disk is of each file.
        image: Its image, which is not fetched.
    """

    name = "docker"

    def __init__(self, limits: Limits, image: str = CONTAINER_IMAGE) -> None:
        self._limits, self._image = limits, image

    def start(self) -> DockerSandbox:
        """Start a container.

        Raises:
            SandboxError: No engine works, or it doesn't start one.
        """
        return DockerSandbox(engine(), self._limits, self._image)


class DockerSandbox(Held):
    """One container.

    Args:
        program: ``docker`` or ``podman``.
        limits: Of it.
        image: Its image.
    """

    def __init__(self, program: str, limits: Limits, image: str) -> None:
        super().__init__()
        self.maker = os.path.basename(program)
        self._program = program
        # Of all files together an engine knows no limit.
        self._limited = f'ulimit -c 0 -f {limits.disk_mib * 1024}; exec "$@"'
        self._name = f"grasp-os-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(4)}"
        memory = f"{limits.memory_mib}m"
        options = ["--network", "none", "--hostname", "os", "--workdir", "/root"]
        options += ["--memory", memory, "--memory-swap", memory]
        options += ["--pids-limit", str(limits.processes)]
        for name, value in ENVIRONMENT.items():
            options += ["--env", f"{name}={value}"]
        try:
            self.begin(
                [program, "run", "--rm", "--interactive", "--pull", "never",
                 "--name", self._name, *options, image, "bash", "-c", _FIRST],
                self.environment,
            )  # fmt: skip
            self.wait()
        except BaseException:
            self.close()
            raise

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``docker exec``. See ``Sandbox.command``."""
        terminal = ["--tty"] if list(argv[:2]) == ["bash", "--login"] else []
        limited = ["bash", "-c", self._limited, "bash", *argv]
        return [self._program, "exec", "--interactive", *terminal, self._name, *limited]

    @property
    def environment(self) -> dict[str, str]:
        """The engine's own needs. See ``Sandbox.environment``."""
        return dict(os.environ)

    def close(self) -> None:
        """Kill the container, which removes it."""
        # Removing it by force would first ask it to end, and wait.
        for verb in (("kill",), ("rm", "--force")):
            ended = subprocess.run([self._program, *verb, self._name], capture_output=True)
            if ended.returncode == 0:
                break
        super().close()


def engine() -> str:
    """Return what runs containers here.

    Raises:
        SandboxError: Nothing does, and why.
    """
    return _engine(os.environ.get("PATH", os.defpath))


@lru_cache
def _engine(path: str) -> str:
    said = "docker is not installed, nor podman"
    for name in PROGRAMS:
        program = shutil.which(name, path=path)
        if program is None:
            continue
        try:
            tried = subprocess.run(
                [program, "version"], capture_output=True, text=True, timeout=_PATIENCE
            )
        except subprocess.TimeoutExpired:
            said = f"the engine of {name} doesn't answer"
            continue
        if tried.returncode == 0:
            return program
        said = (tried.stderr.strip().splitlines() or [f"{name} doesn't work"])[0]
    raise SandboxError(said)
