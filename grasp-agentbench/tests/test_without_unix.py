"""What works on Windows: everything but shells and MariaDB's sockets, and those are told."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Takes away what only Unix has, then runs the command line.
WITHOUT_UNIX = """
import os, sys
for name in ("fcntl", "termios", "pty", "pwd", "grp", "resource", "tty"):
    sys.modules[name] = None
for name in ("geteuid", "getuid", "killpg", "setsid", "fork", "openpty", "chown"):
    delattr(os, name)
from grasp.cli.main import main
sys.argv[1:] = {arguments!r}
sys.exit(main())
"""
TASKS = ("agentbench-os", "agentbench-dbbench", "agentbench-webshop", "agentbench-alfworld")


def grasp(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_UNIX.format(arguments=[*arguments])],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("task", TASKS)
def test_tasks_can_be_looked_at(task: str) -> None:
    assert "Parameters" in grasp("show-task", task)
    assert "what it is" in grasp("doctor", task)


def test_what_needs_unix_is_told() -> None:
    told = " ".join(grasp("doctor", "agentbench-os").split())
    assert told.count("a shell needs a terminal of Unix: use WSL") == 4
    assert "in use" not in told
    refused = grasp("eval", "agentbench-os", "--agent", "scripted", "--limit", "1")
    assert "no sandbox works here" in refused


@pytest.mark.parametrize("task", TASKS[1:])
def test_the_others_run(task: str) -> None:
    said = grasp("eval", task, "--agent", "scripted", "--limit", "1", "--json")
    assert '"total": 1' in said
