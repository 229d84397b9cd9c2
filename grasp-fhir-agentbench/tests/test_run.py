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

    def __init__(self) -> None:
        super().__init__(source="synthetic")

    def samples(self, split: str) -> Sequence[Sample]:
        every = super().samples(split)
        drugs = [s for s in every if s["main_table_name"] == "prescriptions"]
        others = [s for s in every if s["family"] in ("demographics", "diagnoses", "encounters")]
        return [*drugs[:3], *others[:2]]
