"""``grasp eval TASK --artifact RUN``: what a run learned, frozen, on the same or another task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grasp import load_method, run_method
from grasp.contracts import RunError
from grasp.runs.artifact import load_artifact
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate
from grasp_baselines.restoring import rows

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


def learned(method: str, run: Path) -> Any:
    config = {"method": method, "cycle": {"epochs": 1}}
    run_method(load_method(method), Fees(), config, agent=Model(), run_dir=run)
    return json.loads((run / "journal.jsonl").read_text().splitlines()[-1])["artifact"]


def damage(run: Path, artifact: Any) -> None:
    *before, last = (run / "journal.jsonl").read_text().splitlines()
    last = json.dumps({**json.loads(last), "artifact": artifact})
    (run / "journal.jsonl").write_text("\n".join([*before, last, ""]))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_artifact_is_refused(method: str, tmp_path: Path) -> None:
    run = tmp_path / "r"
    kept = learned(method, run)
    wrong: list[Any] = [None, 5, "abc", {"a": 1}, [5], [None], [[]], [{}], [{"odd": 1}], {}]
    for path, value in places(kept):  # One value of another type, wherever there is one.
        for other in (5, 1.5, None, "x", True, {}, [1]):
            if type(other) is not type(value) or other in ({}, [1]):
                wrong.append(replaced(kept, path, other))
    for artifact in wrong:
        damage(run, artifact)
        with pytest.raises(RunError, match="has learned is damaged: ") as caught:
            load_artifact(run, Fees())
        assert "\n" not in caught.value.message
        assert f"--run-dir {run} --resume" in caught.value.hint
    # As the hint says.
    model = Model()
    config = {"method": method, "cycle": {"epochs": 1}}
    run_method(load_method(method), Fees(), config, agent=model, run_dir=run, resume=True)
    assert model.calls == []
    assert load_artifact(run, Fees()).method == method


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Return every value in JSON data, and where it stands."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for key, value in items:
        found.append(((*path, key), value))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("method", METHODS)
def test_a_journal_that_lost_its_end_is_not_an_empty_memory(method: str, tmp_path: Path) -> None:
    run = tmp_path / "r"
    learned(method, run)
    journal = run / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-10])
    with pytest.raises(RunError, match="the journal does not have it"):
        load_artifact(run, Fees())
    journal.unlink()
    with pytest.raises(RunError, match=r"can't read .*journal") as caught:
        load_artifact(run, Fees())
    assert caught.value.hint


@pytest.mark.parametrize("method", METHODS)
def test_an_artifact_comes_back_whole(method: str, tmp_path: Path) -> None:
    kept = learned(method, tmp_path / "r")
    made = load_method(method)({"method": method}, tmp_path, Fees())
    made.load_artifact(kept)
    assert json.loads(json.dumps(made.artifact())) == kept
    made.load_artifact(made.artifact())  # Not only by way of JSON.
    assert json.loads(json.dumps(made.artifact())) == kept


def test_half_letters_are_no_damage() -> None:
    assert rows(str, ["a\ud800b"]) == ("a?b",)
    with pytest.raises(ValueError, match=r"0: Input should be a valid string"):
        rows(str, [1])
