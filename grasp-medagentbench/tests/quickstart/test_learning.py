"""The whole loop on the quickstart, with a policy that errs as the small model does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from grasp import run_grasp
from grasp.contracts import Message, Usage
from grasp.runs.api import RunResult
from grasp_medagentbench.quickstart.task import MedAgentBenchQuickstart

LIST = {"when": "the result is a number", "wrong": "FINISH(1)", "right": "FINISH([1])"}
EMPTY = {"when": "there are no results", "wrong": "FINISH(None)", "right": "FINISH([-1])"}
HARMFUL = {"when": "there are results", "wrong": "FINISH(1)", "right": "FINISH([-1])"}
PROPOSALS = [[HARMFUL, EMPTY], [LIST], [LIST, EMPTY], [EMPTY]]


class SmallModel:
    """Writes bare numbers and ``None`` until a skill in the system message says otherwise."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.proposals = count()

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        if options.get("schema"):
            return self._propose()
        return self._act([m["content"] for m in history])

    def _propose(self) -> str:
        number = next(self.proposals)
        edit = {
            "action": "ADD",
            "name": f"answer-{number}",
            "description": "How to answer.",
            "when_to_use": "The task asks for a value.",
            "rules": PROPOSALS[number % len(PROPOSALS)],
        }
        return json.dumps({"edits": [edit]})

    def _act(self, texts: list[str]) -> str:
        skills, last = texts[0], texts[-1]
        if len(texts) == 2:
            match = re.search(r"of patient (\S+) .* since (\S+)\?", last)
            assert match
            return f"GET Observation?patient={match[1]}&code=MG&date=ge{match[2]}"
        values = re.findall(r": (\S+) mg/dL", last)
        if not values:
            return "FINISH([-1])" if EMPTY["when"] in skills else "FINISH(None)"
        if HARMFUL["when"] in skills:
            return "FINISH([-1])"
        highest = max(values, key=float)  # Its lasting weakness.
        return f"FINISH([{highest}])" if LIST["when"] in skills else f"FINISH({highest})"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, list[dict[str, Any]]]:
    folder: Path = tmp_path_factory.mktemp("quickstart") / "run"
    with as_file(files("grasp_medagentbench.quickstart") / "config.yaml") as config:
        result = run_grasp(MedAgentBenchQuickstart(), config, SmallModel(), run_dir=folder)
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return result, [json.loads(line) for line in lines]


def test_validation_rises_in_both_groups(run: tuple[RunResult, list[dict[str, Any]]]) -> None:
    curve = [e for e in run[1] if e["event"] == "validation"]
    before, after = curve[0], curve[-1]
    assert before["accuracy"] == 0
    assert after["groups"]["no value"]["accuracy"] == 1
    assert after["groups"]["value"]["accuracy"] > 0.5


def test_the_gate_keeps_the_best_edit_and_rejects_others(
    run: tuple[RunResult, list[dict[str, Any]]],
) -> None:
    first = next(e for e in run[1] if e["event"] == "update")
    verdicts = [c["verdict"] for c in first["candidates"]]
    assert verdicts == ["reject", "reject", "accept", "reject"]
    assert first["accepted"] == "ADD answer-2"


def test_candidates_are_tried_on_patients_nobody_proposed_from(
    run: tuple[RunResult, list[dict[str, Any]]],
) -> None:
    updates = [e for e in run[1] if e["event"] == "update"]
    assert len(updates) == 2
    for update in updates:
        assert update["probe"]["source"] == "holdout"
        assert all(i.startswith("probe-") for i in update["probe"]["samples"])


def test_the_learned_skill_is_an_agent_skill(
    run: tuple[RunResult, list[dict[str, Any]]],
) -> None:
    folder = Path(run[0].summary()["run_dir"])
    text = (folder / "skills" / "final" / "answer-2" / "SKILL.md").read_text(encoding="utf-8")
    assert "- When the result is a number, write FINISH([1]), not FINISH(1)." in text
