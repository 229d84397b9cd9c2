"""What a tracker is told of a run, read from a real run's events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grasp.observers import facts

from ..toys import Model, Toy, run_toy

STARTED = {
    "event": "run_started",
    "task": "toy",
    "method": "grasp",
    "settings": {
        "task": "toy",
        "agent": None,
        "task_params": {"kinds": ["red"], "weird:key?": 1},
        "cycle": {"epochs": 2, "gate": "paper", "curtail": True},
        "model": {"model": "m" * 900},
    },
}


class Grouped(Toy):
    def report_group(self, sample: Any) -> str:
        return f"{sample['type']}?"


def test_settings_are_flat_and_unset_ones_are_left_out() -> None:
    found = facts.parameters(STARTED)
    assert found.pop("model.model") == "m" * 499 + "…"
    assert found == {
        "task": "toy",
        "method": "grasp",
        "task_params.kinds": '["red"]',
        "task_params.weird_key_": "1",
        "cycle.epochs": "2",
        "cycle.gate": "paper",
        "cycle.curtail": "true",
    }


def test_a_run_becomes_curves_and_decisions(tmp_path: Path) -> None:
    result, events = run_toy(tmp_path, Model(), Grouped())
    updates = 0
    points: dict[str, dict[int, float]] = {}
    rows: list[dict[str, Any]] = []
    for event in events:
        updates += event["event"] == "batch"
        for key, value, step in facts.metrics(event, updates):
            assert step not in points.setdefault(key, {}), "one point a step"
            points[key][step] = value
        if event["event"] == "update":
            rows += facts.decisions(event)
    summary = result.summary()
    curve = [summary["baseline_val"], *summary["val_curve"]]
    assert points["val.accuracy"] == dict(enumerate(curve))
    assert points["val.accuracy.red_"][0] == 0.0
    assert points["val.accuracy.red_"][2] == 1.0
    assert set(points["batch.accuracy"]) == {1, 2, 3, 4}
    assert set(points["dev.accuracy"]) == {1, 2}
    assert points["test.learned.accuracy"] == {0: summary["test"]["learned"]}
    assert points["test.no_skills.accuracy"] == {0: summary["test"]["no_skills"]}
    assert points["library.skills"][0] == 0
    assert points["library.skills"][2] == len(summary["skills"])
    accepted = [d["accepted"] for d in summary["gate_decisions"]]
    assert sum(points["gate.accepted"].values()) == len([a for a in accepted if a]) > 0
    assert [r["candidate"] for r in rows if r["accepted"]] == [a for a in accepted if a]
    told = [(c["title"], c["verdict"], c["reason"], c["score"])
            for d in summary["gate_decisions"] for c in d["candidates"]]  # fmt: skip
    assert [(r["candidate"], r["verdict"], r["reason"], r["score"]) for r in rows] == told
    assert all(0 <= r["p_value"] <= 1 and r["fixes"] >= 0 for r in rows)
    json.dumps(rows)


def test_the_end_tells_what_it_cost() -> None:
    summary = {"calls": {"total": 7, "by_kind": {"probe": 5}}, "tokens": {"total": 30},
               "cost": 0.5, "wall_s": 2.0, "skills": ["a"]}  # fmt: skip
    found = {m.key: m.value for m in facts.metrics({"event": "run_ended", "summary": summary}, 3)}
    assert found == {
        "calls.total": 7, "calls.by_kind.probe": 5, "tokens.total": 30, "cost": 0.5, "wall_s": 2.0
    }  # fmt: skip
    assert facts.metrics({"event": "run_ended", "summary": None}, 3) == []


def test_events_of_other_methods_are_no_trouble() -> None:
    assert facts.metrics({"event": "note", "text": "x"}, 1) == []
    assert facts.metrics({"event": "update", "epoch": 0, "cycle": 0, "skipped": "why"}, 1) == []
    free: dict[str, Any] = {"event": "update", "epoch": 0, "cycle": 0, "candidates": [{}]}
    assert facts.decisions(free)[0]["candidate"] is None


def test_runs_are_told_apart_by_their_folders() -> None:
    assert facts.key("/a") == facts.key("/a") != facts.key("/b")
