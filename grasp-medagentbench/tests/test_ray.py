"""MedAgentBench on Ray: its tasks can't be pickled, so every worker makes one of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp import load_task, run_grasp
from grasp.contracts import Completion, ModelCall, Usage
from grasp.engine.ray.worker import recipe
from grasp.runs.journal import read_journal

from .test_run import Model

TASK = "medagentbench-magnesium"


class Scripted(Model):
    """The model of ``test_run`` in process; proposals go by their place, not their order."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes: list[str] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"backend": "scripted", "model": "magnesium", "parameters": {}}

    def complete(self, call: ModelCall) -> Completion:
        with self._lock:
            self.scopes.append(call.scope)
        if call.schema is not None and "edits" in call.schema["properties"]:
            self.proposals = iter([sum(map(int, re.findall(r"\d+", call.scope)))])
        body: dict[str, Any] = {"messages": call.messages}
        if call.schema is not None:
            body["response_format"] = {"json_schema": {"schema": call.schema}}
        return Completion(self.answer(body), Usage(calls=1))

    def close(self) -> None: ...


def test_a_worker_makes_the_task_anew_with_its_parameters() -> None:
    task = load_task(TASK, cohort_seed=3)
    made: Any = recipe(task).task()
    assert made is not task
    assert made.describe() == task.describe()
    assert made.describe()["cohort_seed"] == 3


@pytest.fixture
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="needs the extra [ray]; nox -s ray")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def run(run_dir: Path, executor: str) -> tuple[Scripted, list[dict[str, Any]], dict[str, str]]:
    model = Scripted()
    cycle = {"epochs": 1, "batch_size": 10, "probe_size": 8, "candidates": 3, "concurrency": 4}
    run_grasp(load_task(TASK), {"executor": executor, "cycle": cycle}, agent=model, run_dir=run_dir)
    journal = [
        {k: v for k, v in e.items() if k != "time"} for e in read_journal(run_dir / "journal.jsonl")
    ]
    folder = run_dir / "skills"
    skills = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.md")}
    return model, journal, skills


def test_the_same_journal_and_library_as_on_threads(cluster: None, tmp_path: Path) -> None:
    model, journal, skills = run(tmp_path / "threads", "threads")
    on_ray = run(tmp_path / "ray", "ray")
    assert on_ray[1] == journal
    assert on_ray[2] == skills
    assert sorted(on_ray[0].scopes) == sorted(model.scopes)
    assert skills
    assert any("edit" in json.dumps(event) for event in journal)
