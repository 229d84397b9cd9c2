"""The shipped record: a real model's answers, under which the quickstart really learns."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.agents.recorded import read_record
from grasp.runs.journal import read_journal
from grasp_medagentbench.quickstart.commands import quickstart


@pytest.fixture(scope="module")
def header() -> dict[str, Any]:
    with as_file(files("grasp_medagentbench.quickstart") / "record.jsonl.gz") as path:
        assert path.stat().st_size < 5_000_000
        return dict(read_record(path)[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, str]:
    folder = tmp_path_factory.mktemp("quickstart") / "run"
    result = CliRunner().invoke(quickstart, ["--json", "--run-dir", str(folder)])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1]), folder, result.stderr


def test_the_scores_are_those_of_the_real_model(
    header: dict[str, Any], run: tuple[dict[str, Any], Path, str]
) -> None:
    summary = run[0]
    for name, recorded in header["scores"].items():
        assert summary[name] == recorded, name
    details = json.loads((run[1] / "scores.json").read_text(encoding="utf-8"))["details"]
    assert details == header["details"]


def test_it_learns_for_patients_with_a_value_and_without(header: dict[str, Any]) -> None:
    before, after = header["details"]["baseline_val"], header["details"]["best_val"]
    assert after["accuracy"] > before["accuracy"]
    for group in ("value", "no value"):
        assert after["groups"][group]["correct"] > before["groups"][group]["correct"]


def test_the_gate_accepted_and_rejected(run: tuple[dict[str, Any], Path, str]) -> None:
    verdicts = [c["verdict"] for d in run[0]["gate_decisions"] for c in d["candidates"]]
    assert "accept" in verdicts
    assert "reject" in verdicts
    assert run[0]["skills"]


def test_every_answer_of_the_record_was_needed(run: tuple[dict[str, Any], Path, str]) -> None:
    """Nothing was edited out or in: a call the record does not hold would stop the run."""
    with as_file(files("grasp_medagentbench.quickstart") / "record.jsonl.gz") as path:
        entries = read_record(path)[1]
    calls = run[0]["calls"]
    assert calls["total"] - calls["memoised"] == len(entries)


def test_the_record_says_what_it_is(header: dict[str, Any]) -> None:
    assert header["model_name"]
    assert header["made"]
    assert len(header["model_sha256"]) == 64
    assert header["settings"]["task"] == "medagentbench-quickstart"
    text = json.dumps(header)
    assert "/tmp" not in text
    assert "/root" not in text
    assert "api_key" not in text


def test_the_story_is_told(run: tuple[dict[str, Any], Path, str]) -> None:
    told = run[2]
    events = list(read_journal(run[1] / "journal.jsonl"))
    skill = next(e for e in events if e["event"] == "finished")["skills"][0]
    for part in ("validation", skill["name"], "accept", "reject", "--agent local"):
        assert part in told


def test_the_dry_run_foresaw_the_calls(run: tuple[dict[str, Any], Path, str]) -> None:
    from grasp.runs.config import load_config
    from grasp.runs.estimate import estimate
    from grasp_medagentbench.quickstart.task import MedAgentBenchQuickstart

    with as_file(files("grasp_medagentbench.quickstart") / "config.yaml") as path:
        found = estimate(MedAgentBenchQuickstart(), load_config(path).cycle, turns=2)
    assert found.calls.expected == run[0]["calls"]["total"]
