"""What a finished run reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grasp.methods import LearningResult, Score


@dataclass(frozen=True)
class RunResult:
    """What a run reports at its end, or where its budget stopped it.

    Attributes:
        run_dir: Folder of the run.
        learning: ``None`` for a method that ran free of the harness, and for a run that
            was stopped.
        gate_decisions: One per update that reached the gate.
        usage: Calls, tokens and cost.
        wall_s: Seconds of this session.
        stopped: Why the run stopped before its end; empty if it did not.
        so_far: Validation and skills as the journal has them.
    """

    run_dir: Path
    learning: LearningResult | None
    gate_decisions: tuple[dict[str, Any], ...]
    usage: Mapping[str, Any]
    wall_s: float
    stopped: str = ""
    so_far: Mapping[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return the summary as JSON data: the last line of ``grasp run --json``."""
        found = self.learning
        tests = found.tests if found else {}
        return {
            "run_dir": str(self.run_dir),
            "baseline_val": _accuracy(found.baseline_val) if found else None,
            "best_val": _accuracy(found.best_val) if found else None,
            "val_curve": [s.accuracy for s in found.val_curve] if found else [],
            "test": _arms(tests.get("test")),
            "ood": _arms(tests.get("ood")),
            "skills": list(found.library.names) if found else [],
            "gate_decisions": list(self.gate_decisions),
            "calls": self.usage["calls"],
            "tokens": self.usage["tokens"],
            "cost": self.usage["cost"],
            "wall_s": round(self.wall_s, 3),
            **({**self.so_far, "stopped": self.stopped} if self.stopped else {}),
        }

    def scores(self) -> dict[str, Any]:
        """Return the summary with counts, errors and subsets: ``scores.json``."""
        found = self.learning
        return {
            **self.summary(),
            "details": {
                "baseline_val": _full(found.baseline_val) if found else None,
                "best_epoch": found.best_epoch if found else None,
                "best_val": _full(found.best_val) if found else None,
                "val_curve": [s.to_json() for s in found.val_curve] if found else [],
                "tests": {
                    split: {arm: s.to_json() for arm, s in arms.items()}
                    for split, arms in (found.tests if found else {}).items()
                },
            },
        }


def _accuracy(score: Score | None) -> float | None:
    return None if score is None else score.accuracy


def _full(score: Score | None) -> dict[str, Any] | None:
    return None if score is None else score.to_json()


def _arms(scores: Mapping[str, Score] | None) -> dict[str, float] | None:
    return None if not scores else {arm: s.accuracy for arm, s in scores.items()}


def so_far(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the part of a summary that a journal holds before the run's end."""
    found: dict[str, Any] = {"baseline_val": None, "best_val": None, "val_curve": [], "skills": []}
    for event in events:
        if event["event"] == "validation" and event["epoch"] == "baseline":
            found["baseline_val"] = event["accuracy"]
        elif event["event"] == "validation":
            found["val_curve"].append(event["accuracy"])
            if event["best"]:
                found["best_val"] = event["accuracy"]
        if "library" in event:
            found["skills"] = [s["name"] for s in event["library"]]
    return found


def gate_decisions(events: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the gate's decisions of a journal, one per update that reached it."""
    decisions = []
    for event in events:
        if event["event"] != "update" or event.get("skipped"):
            continue
        decisions.append(
            {
                "epoch": event["epoch"],
                "cycle": event["cycle"],
                "accepted": event["accepted"],
                "candidates": [
                    {
                        "title": c["title"],
                        "verdict": c.get("verdict"),
                        "reason": c.get("reason"),
                        "score": c["counts"]["adjusted"] if "counts" in c else None,
                    }
                    for c in event.get("candidates", [])
                ],
            }
        )
    return tuple(decisions)
