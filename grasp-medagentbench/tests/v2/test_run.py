"""Whole runs of ``medagentbench-v2``: GRASP learns, and the gate keeps harm out."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp import run_grasp
from grasp.agents.scripted import ScriptedBackend
from grasp.cli.main import cli
from grasp.contracts import ModelCall
from grasp_medagentbench.v2.task import MedAgentBenchV2

TYPES = ["task4", "task5", "task8", "task9"]
BASE = "http://localhost:8080/fhir/"

GOOD = "An order has the intent `order`."
#: Mends every order that is due, and breaks every task in which none is.
ALWAYS = "Order in any case, with the intent `order`."
HARMFUL = "Never order anything."
NEEDLESS = f"POST {BASE}ServiceRequest\n{{}}"


class Policy:
    """Knows what to do, but writes the intent ``plan`` until a skill says otherwise."""

    def __init__(self, task: MedAgentBenchV2, oracle: Any) -> None:
        self._oracle = oracle
        self._records = {s["instruction"]: s for split in task.splits for s in task.samples(split)}
        self._proposals = count()

    def __call__(self, call: ModelCall) -> str:
        asked = next(iter((call.schema or {}).get("properties", {})), None)
        if asked is None:
            return self._act([dict(m) for m in call.messages])
        if asked != "edits":
            return json.dumps({asked: [], "new_labels": []})
        number = next(self._proposals) % 3
        edit = {
            "action": "ADD",
            "name": ("harmful", "always", "good")[number],
            "description": "How to order.",
            "body": f"## When to use\n\nOn orders.\n\n{(HARMFUL, ALWAYS, GOOD)[number]}",
        }
        return json.dumps({"edits": [edit]})

    def _act(self, messages: list[dict[str, Any]]) -> str:
        prompt = json.loads(messages[0]["content"])
        skills = prompt["behavioral_skills"]
        oracle = self._oracle(self._records[prompt["task"]["description"]])
        if messages[-2:-1] and messages[-2]["content"] == NEEDLESS:
            return "FINISH([])"
        action = ""
        for end in range(1, len(messages) + 1, 2):
            action = oracle.inference(messages[:end])
        posted = [m["content"] for m in messages if m["content"].startswith("POST ")]
        if HARMFUL in skills and action.startswith("POST"):
            return "FINISH([])"
        if ALWAYS in skills and action.startswith("FINISH") and not posted:
            return NEEDLESS
        return action if "`order`" in skills else action.replace('"order"', '"plan"')


def test_grasp_learns_with_the_scripted_agent(oracle_v2: Any, tmp_path: Path) -> None:
    task = MedAgentBenchV2(source="synthetic", types=TYPES)
    config = {"cycle": {"epochs": 1, "candidates": 3}}
    backend = ScriptedBackend(Policy(task, oracle_v2))
    run_grasp(task, config, backend, run_dir=tmp_path / "run")
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))
    # Without skills it solves the half in which nothing is to be ordered.
    assert scores["ood"]["no_skills"] == 0.5
    assert 0.4 < scores["test"]["no_skills"] < 0.6
    assert 0.4 < scores["baseline_val"] < 0.6
    assert scores["best_val"] == scores["test"]["learned"] == scores["ood"]["learned"] == 1
    assert scores["skills"] == ["good"]
    first = scores["gate_decisions"][0]
    verdicts = {c["title"]: c["verdict"] for c in first["candidates"]}
    assert verdicts == {"ADD good": "accept", "ADD harmful": "reject", "ADD always": "reject"}


def test_no_skills_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [
        {"match": "POST request accepted", "answer": "FINISH([])"},
        {"match": "Response to the GET", "answer": "FINISH([])"},
        {
            "match": r"patient (S\d{7})",
            "answer": f"GET {BASE}Procedure?patient=\\1&code=NUR1373",
        },
    ]
    script = tmp_path / "policy.json"
    script.write_text(json.dumps(rules))
    monkeypatch.setenv("GRASP_SCRIPT", str(script))
    run_dir = str(tmp_path / "run")
    arguments = ["run", "medagentbench-v2", "--agent", "scripted", "--method", "no-skills"]
    arguments += ["--run-dir", run_dir, "--json", "-P", "types=[task4, task5]"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["skills"] == []
    # It looks for catheters everywhere, and never orders anything.
    assert summary["ood"]["no_skills"] == 0.5
    assert 0 < summary["test"]["no_skills"] < 1
    again = CliRunner().invoke(cli, ["replay", run_dir])
    assert again.exit_code == 0, again.output
