"""Every method runs on every task that is installed, and keeps its contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from grasp import load_method, load_task, run_method
from grasp.testing import check_method

from .toy import METHODS

TASKS = ("medagentbench-magnesium", "medagentbench-quickstart")
SHORT = {"cycle": {"epochs": 1, "batch_size": 8, "concurrency": 2}}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_runs_on_a_task(method: str, task: str, tmp_path: Path) -> None:
    result = run_method(
        load_method(method), load_task(task), SHORT, agent="scripted", run_dir=tmp_path / "r"
    )
    assert not result.stopped
    assert len(result.summary()["val_curve"]) == 1


@pytest.mark.parametrize("method", METHODS)
def test_it_keeps_its_contract(method: str) -> None:
    check_method(method)
