"""The parent's side of the sandbox: starts the child, waits, ends it."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError
from grasp_fhir_agentbench.sandbox import child, seccomp

_CHILD = Path(child.__file__)
_MIB = 1024 * 1024

#: How many pieces of code run at a time, so that waiting for a core doesn't use up their time.
_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


@dataclass(frozen=True)
class Limits:
    """What one piece of code may use.

    Attributes:
        seconds: Of wall clock time, start-up included, and of processor time.
        memory_mib: Of address space, for the interpreter, the resources and the code.
        output_chars: Shown of the result; what is longer is cut.
    """

    seconds: float = 30.0
    memory_mib: int = 1024
    output_chars: int = 20_000

    def resource_limits(self) -> dict[str, int]:
        """Return the limits the operating system enforces, by name."""
        return {
            "RLIMIT_CPU": int(self.seconds) + 1,
            "RLIMIT_AS": self.memory_mib * _MIB,
            # Bytes of the only file it can write, its result.
            "RLIMIT_FSIZE": 4 * self.output_chars + 4096,
            "RLIMIT_NPROC": 0,
            "RLIMIT_CORE": 0,
        }


class Sandbox:
    """Runs code against resources; safe to use from many threads.

    Args:
        limits: What each piece of code may use.
        required: Refuse to run code where the platform can't isolate it.

    Raises:
        TaskError: Isolation is required and there is none here.
    """

    def __init__(self, limits: Limits | None = None, *, required: bool = False) -> None:
        self.limits = limits or Limits()
        self.isolation = isolation()
        if required and self.isolation != "seccomp":
            raise TaskError(
                f"code can't be isolated on this platform (only: {self.isolation})",
                "use Linux on x86-64 or arm64, or sandbox: auto to run it with limits alone",
            )

    def run(self, code: str, resources: Mapping[str, Any]) -> str:
        """Return the result of the code as the model is to see it: a Python dictionary.

        Args:
            code: Python; finds ``resources`` in the variable ``retrieved_resources``.
            resources: JSON data.
        """
        status, text = _run(code, resources, self.limits, confine=self.isolation == "seccomp")
        if status == 0 and text:
            return text
        return str({"error": _why(status, self.limits)})


@lru_cache(maxsize=1)
def isolation() -> str:
    """Return what holds code back here, found out by trying.

    ``seccomp``: no files, no network, no processes, and all limits. ``limits``: time,
    memory and output only; the code runs with the user's own rights. ``time``: time and
    output only.
    """
    if seccomp.supported():
        status, _ = _run("answer = 1", {}, Limits(), confine=True)
        if status == 0:
            return "seccomp"
    return "time" if platform.system() == "Windows" else "limits"


def _run(
    code: str, resources: Mapping[str, Any], limits: Limits, *, confine: bool
) -> tuple[int | None, str]:
    """Return exit status and output; ``None`` where the time was up."""
    job = {
        "code": code,
        "resources": resources,
        "limits": limits.resource_limits(),
        "output_chars": limits.output_chars,
        "confine": confine,
    }
    # No secret of this process's environment, and the same order of sets at every run.
    environment = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C"}
    if "SYSTEMROOT" in os.environ:
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    with _turns, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
        given.write(json.dumps(job).encode("utf-8", "surrogatepass"))
        given.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-B", str(_CHILD)],
            stdin=given,
            stdout=told,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=os.sep,
            start_new_session=True,
        )
        late = threading.Event()
        timer = threading.Timer(limits.seconds, _end, (process, late))
        timer.start()
        try:
            status = process.wait()
        except BaseException:
            _end(process, late)
            raise
        finally:
            timer.cancel()
        told.seek(0)
        text = told.read(4 * limits.output_chars + 4096).decode("utf-8", "replace")
    return (None if late.is_set() else status), text


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    if process.poll() is not None:
        return
    late.set()
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            process.kill()
    else:
        process.kill()


def _why(status: int | None, limits: Limits) -> str:
    if status is None or status in (-9, -24):
        return f"The code ran longer than {limits.seconds:g} seconds and was stopped."
    return f"The code ended its process (status {status}); it may use {limits.memory_mib} MiB."
