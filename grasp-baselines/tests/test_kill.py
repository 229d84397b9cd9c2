"""``kill -9`` in the midst of every method, then ``--resume``: the same end, nothing paid twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .test_learning import CONFIG, journal, learn
from .toy import METHODS, Model

CHILD = Path(__file__).with_name("kill_child.py")
ALL = ("grasp", "no-skills", *METHODS)


def live(method: str, folder: Path, last: int) -> bool:
    """Run, or go on, until the call at which it is killed; tell whether it was."""
    done = subprocess.run(
        [sys.executable, str(CHILD), method, str(folder / "r"), str(folder / "asked"), str(last)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def killed_and_resumed(method: str, folder: Path, every: float) -> int:
    """Kill a run after each such share of its calls; return how often that was."""
    model = Model()
    learn(method, folder / "whole", model)
    step = max(2, int(every * len(model.calls)))
    deaths = 0
    while live(method, folder, step):
        deaths += 1
        assert deaths < 3 / every
    assert journal(folder / "r") == journal(folder / "whole")
    asked = Counter((folder / "asked").read_text("utf-8").splitlines())
    asked.subtract(Counter(call.scope for call in model.calls))
    # Nothing was asked that the whole run didn't ask, and twice only what was under way.
    assert min(asked.values()) >= 0
    assert sum(asked.values()) <= CONFIG["cycle"]["concurrency"] * deaths
    return deaths


@pytest.mark.parametrize("method", ALL)
def test_killed_in_the_midst(method: str, tmp_path: Path) -> None:
    assert killed_and_resumed(method, tmp_path, 0.6) == 1


@pytest.mark.slow
@pytest.mark.parametrize("method", ALL)
def test_killed_again_and_again(method: str, tmp_path: Path) -> None:
    assert killed_and_resumed(method, tmp_path, 0.07) > 5
