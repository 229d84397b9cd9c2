"""A container for each episode; the original's way, for those who have Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from grasp_agentbench.os_interaction.sandbox.base import Limits, SandboxError

#: Has bash, python3 and the usual tools.
IMAGE = "python:3.11-bookworm"


class DockerBackend:
    """Makes containers without network.

    Args:
        limits: Of each container.
        image: Its image.
        program: ``docker``, or what takes the same commands.
    """

    name = "docker"

    def __init__(self, limits: Limits, image: str = IMAGE, program: str = "docker") -> None:
        self._limits, self._image, self._program = limits, image, program

    def start(self) -> DockerSandbox:
        """Start a container.

        Raises:
            SandboxError: Docker is not there, or doesn't start it.
        """
        program = shutil.which(self._program)
        if program is None:
            raise SandboxError("docker is not installed")
        # It ends by itself when the process that started it is gone.
        began = subprocess.run(
            [
                *(program, "run", "--detach", "--rm", "--network", "none", "--workdir", "/root"),
                *("--memory", f"{self._limits.memory_mib}m", "--label", f"grasp={os.getpid()}"),
                *("--pids-limit", str(self._limits.processes), "--hostname", "os"),
                *(self._image, "sleep", "7200"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if began.returncode:
            # The last line is a hint at its help.
            said = (began.stderr.strip().splitlines() or ["?"])[0]
            raise SandboxError(f"docker doesn't start a container: {said}")
        return DockerSandbox(program, began.stdout.strip())


class DockerSandbox:
    """One container."""

    folder = None

    def __init__(self, program: str, container: str) -> None:
        self._program, self._container = program, container

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``docker exec``. See ``Sandbox.command``."""
        terminal = ["--tty"] if list(argv[:2]) == ["bash", "--login"] else []
        return [self._program, "exec", "--interactive", *terminal, self._container, *argv]

    @property
    def environment(self) -> dict[str, str]:
        """Docker's own needs. See ``Sandbox.environment``."""
        return dict(os.environ)

    def close(self) -> None:
        """Remove the container."""
        command = [self._program, "rm", "--force", self._container]
        subprocess.run(command, capture_output=True, check=False)
