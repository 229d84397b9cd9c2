"""Runs a function of the kit in a fresh interpreter that sees the same plugins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from grasp.plugins import selection

TIMEOUT_S = 300


class ChildError(Exception):
    """The fresh interpreter failed; the text is the last line it said."""


def child(arguments: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with this process's module path and what it was told of plugins."""
    wish = selection.wish()
    disabled = [os.environ.get(selection.DISABLE_VARIABLE, ""), *wish.disabled]
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT_S,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path),
            selection.DISABLE_VARIABLE: ",".join(filter(None, disabled)),
            **environment,
        },
    )


def ask_child(module: str, request: Any, **environment: str) -> Any:
    """Run ``python -m module`` with a JSON request and return its JSON answer.

    Raises:
        ChildError: It ended otherwise than with an answer.
    """
    text = json.dumps({"modules": selection.wish().modules, "request": request})
    done = child(["-m", module, text], **environment)
    if done.returncode:
        raise ChildError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    # The last line: what the task prints of its own accord stands before it.
    return json.loads(done.stdout.splitlines()[-1])


def answered(arguments: Sequence[str]) -> Any:
    """Return the request, in the child, after the plugins have been chosen as in the parent."""
    asked = json.loads(arguments[1])
    selection.configure((), asked["modules"])
    return asked["request"]
