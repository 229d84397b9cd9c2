"""A machine that lives as long as a command does, and the command as long as whoever started it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from typing import ClassVar

from grasp_agentbench.os_interaction.sandbox.base import SandboxError, ready

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
#: Seconds that a machine may take to come up.
START_SECONDS = 20.0


class Held:
    """A machine made by a command that says ``ready`` and ends when its standard input does.

    However its maker dies, that input is closed then. Whoever makes one starts the command and
    waits until it is ready.
    """

    #: What makes it, for messages.
    maker: str
    folder: ClassVar[str | None] = None

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def begin(
        self, argv: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the command that makes it."""
        self._process = subprocess.Popen(
            argv,
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
        if not ready(out.fileno(), START_SECONDS)[0]:
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

    def close(self) -> None:
        """End the command, and the machine with it."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process.kill()
            self._process.wait()
