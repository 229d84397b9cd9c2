"""``grasp eval TASK --artifact RUN``: what a run learned, frozen, on the same or another task."""

from __future__ import annotations

from pathlib import Path

import pytest

from grasp import load_method, run_method
from grasp.contracts import RunError
from grasp.runs.artifact import load_artifact
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate

from .toy import METHODS, Fees, Model


class OtherFees(Fees):
    """Another task with the same catch."""

    name = "other-fees"


@pytest.mark.parametrize("method", [*METHODS, "no-skills"])
def test_it_acts_with_what_was_learned(method: str, tmp_path: Path) -> None:
    run = tmp_path / "r"
    config = {"method": method, "cycle": {"epochs": 1}}
    run_method(load_method(method), Fees(), config, agent=Model(), run_dir=run)
    task = OtherFees()
    artifact = load_artifact(run, task)
    model = Model()
    result = evaluate(task, model, load_config({}), split="test", wrap=artifact.wrap)
    assert result.score.accuracy == (0.5 if method == "no-skills" else 1.0)
    assert artifact.method == method
    assert len(model.calls) == 6  # It only acts.


def test_an_unfinished_run_has_none(tmp_path: Path) -> None:
    run = tmp_path / "r"
    config = {"method": "expel", "budget": {"calls": 3}}
    run_method(load_method("expel"), Fees(), config, agent=Model(), run_dir=run)
    with pytest.raises(RunError, match="not finished"):
        load_artifact(run, Fees())
