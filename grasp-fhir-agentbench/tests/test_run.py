"""Whole runs: GRASP learns, ``no-skills`` does not, and replays ask nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import Completion, ModelCall, Sample, Usage
from grasp.runs.api import run_method
from grasp.runs.replay import replay
from grasp_fhir_agentbench.records import Record
from grasp_fhir_agentbench.task import FhirAgentBench

from .agents import Oracle

CYCLE = {"epochs": 1, "batch_size": 5, "candidates": 1, "probe_size": 5, "no_skills_baseline": True}

LESSON = "Read the name of a drug in the identifier of the Medication it refers to."


class Pupil(Oracle):
    """Knows everything but how to find drugs, until a skill tells it; also writes skills."""

    identity: Mapping[str, Any] = {"backend": "pupil"}

    def __init__(self, records: Mapping[str, Record]) -> None:
        super().__init__(records)
        self._number = count()

    def complete(self, call_: ModelCall) -> Completion:
        if call_.schema is not None:
            return Completion(self._write(call_.schema), Usage(calls=1))
        completion = super().complete(call_)
        taught = LESSON in str(call_.messages[0]["content"])
        about_drugs = self._record(call_)["main_table_name"] == "prescriptions"
        if about_drugs and not taught and not completion.tool_calls:
            return Completion("The final answer is: I can't read drugs.", Usage(calls=1))
        return completion

    def _write(self, schema: Mapping[str, Any]) -> str:
        asked = next(iter(schema["properties"]))
        if asked != "edits":
            return json.dumps({asked: [], "new_labels": []})
        edit = {
            "action": "ADD",
            "name": "drug-names",
            "description": "How to find the name of a prescribed drug.",
            "body": f"## When to use\n\nQuestions about drugs.\n\n{LESSON}",
        }
        return json.dumps({"edits": [edit]})


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_a_run(method: str, tmp_path: Path, records: Mapping[str, Record]) -> None:
    # Few questions: each takes a process of the sandbox.
    task = Short()
    config = {"method": method, "cycle": CYCLE}
    result = run_method(None, task, config, agent=Pupil(records), run_dir=tmp_path / "run")
    scores = result.scores()
    if method == "no-skills":
        assert scores["details"]["tests"]["test"]["no_skills"]["accuracy"] < 1
        return
    assert scores["skills"] == ["drug-names"]
    tests = scores["details"]["tests"]
    for split in ("test", "ood"):
        assert tests[split]["learned"]["accuracy"] == 1 > tests[split]["no_skills"]["accuracy"]
        assert tests[split]["learned"]["metrics"]["retrieval_recall"] == 1


class Short(FhirAgentBench):
    """Some questions of each split, half of them about drugs."""

    def __init__(self, **params: Any) -> None:
        super().__init__(source="synthetic", **params)

    def samples(self, split: str) -> Sequence[Sample]:
        every = super().samples(split)
        drugs = [s for s in every if s["main_table_name"] == "prescriptions"]
        others = [s for s in every if s["family"] in ("demographics", "diagnoses", "encounters")]
        return [*drugs[:3], *others[:2]]


class Judge(Oracle):
    """Accepts what the rules accept, and is asked by GRASP's prompt."""

    identity: Mapping[str, Any] = {"backend": "judge"}

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[str] = []

    def complete(self, call_: ModelCall) -> Completion:
        self.asked.append(str(call_.messages[-1]["content"]))
        assert "Right answer:" in self.asked[-1]
        return Completion("0" if "I can't read" in self.asked[-1] else "1", Usage(calls=1))


class Acting(Pupil):
    """Acts, and judges where it is asked to."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        super().__init__(records)
        self.judge = Judge()

    def complete(self, call_: ModelCall) -> Completion:
        if "Right answer:" in str(call_.messages[-1]["content"]):
            return self.judge.complete(call_)
        return super().complete(call_)


def test_a_judged_run_replays_without_asking_anybody(
    tmp_path: Path, records: Mapping[str, Record]
) -> None:
    agent = Acting(records)
    config = {"method": "no-skills", "task": "short", "cycle": CYCLE}
    path = tmp_path / "run"
    result = run_method(None, Short(grader="grasp"), config, agent=agent, run_dir=path)
    assert result.usage["calls"]["by_kind"]["judge"] == len(agent.judge.asked) > 0
    assert len(set(agent.judge.asked)) == len(agent.judge.asked)  # Each question once.
    replayed = replay(path, lambda name, **params: Short(grader="grasp"))
    assert replayed.same_scores
    assert replayed.result.usage["calls"]["by_kind"]["judge"] == len(agent.judge.asked)
