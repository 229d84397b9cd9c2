"""What a finished run reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.methods import LearningResult, Score


@dataclass(frozen=True)
class RunResult:
    """What a finished run reports.

    ``learning`` is ``None`` for a method that ran free of the harness.
    """

    run_dir: Path
    learning: LearningResult | None
    gate_decisions: tuple[dict[str, Any], ...]
    usage: Mapping[str, Any]
    wall_s: float

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
