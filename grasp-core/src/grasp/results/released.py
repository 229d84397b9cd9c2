"""Reads a tree of results in the layout of the original's release as figures.

A run is a folder ``<study>/<model>/<benchmark>/<method>/<run>`` (model and benchmark in either
order) with ``baseline/val_score.json``, ``val_scores.json`` and
``{id_test,test}_eval_{best,baseline}/test_score.json`` (baselines.md, section 0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import RunError
from grasp.results.figures import Figure
from grasp.results.runs import BENCHMARKS, MODELS

#: Studies whose folders say all of a figure; of transfers they don't say who wrote the library.
STUDIES = ("main", "ablation", "sensitivity", "nonmedical")

#: Folder names of methods, and the paper's rows.
METHODS = {
    "memory_cycle": "sequential_memory",
    "batch_memory_cycle": "batch_memory",
    "expel_cycle": "expel",
    "evo_memory_cycle": "evo_memory",
    "skillx_cycle": "skillx",
}

_STAGES = {"best": "best", "baseline": "no_skills"}
_BENCHMARKS = {name.lower(): name for name in BENCHMARKS.values()}


@dataclass(frozen=True)
class Imported:
    """What a tree holds.

    Attributes:
        figures: Of all runs that could be placed.
        runs: How many these were.
        skipped: Folders that look like runs and could not be placed, with the reason.
    """

    figures: tuple[Figure, ...]
    runs: int
    skipped: tuple[tuple[Path, str], ...]


def read_released(root: Path) -> Imported:
    """Read a tree of results.

    Args:
        root: The tree, or the folder of one of its studies.

    Raises:
        RunError: No run is in it, or a file of one is damaged.
    """
    if not root.is_dir():
        raise RunError(f"there is no folder {root}", "give the folder 'results' of a clone")
    figures: list[Figure] = []
    skipped: list[tuple[Path, str]] = []
    runs = 0
    for folder in _runs(root):
        placed = _place(root, folder)
        if isinstance(placed, str):
            skipped.append((folder, placed))
            continue
        figures += _figures(folder, placed)
        runs += 1
    if not runs and not skipped:
        raise RunError(
            f"no run in {root}", "a run has a file val_scores.json or a folder test_eval_best"
        )
    return Imported(tuple(figures), runs, tuple(skipped))


def _runs(root: Path) -> Iterator[Path]:
    found = {p.parent for p in root.rglob("val_scores.json")}
    found |= {p.parent.parent for p in root.rglob("*test_eval_*/test_score.json")}
    return iter(sorted(found))


def _place(root: Path, folder: Path) -> Mapping[str, str] | str:
    """Return what a run's path says of it, or why it says too little."""
    parts = list(folder.relative_to(root).parts)
    if parts and parts[0] not in STUDIES and root.name in STUDIES:
        parts.insert(0, root.name)
    if not parts or parts[0] not in STUDIES:
        return f"not of a study: {', '.join(STUDIES)}"
    if len(parts) != 5:
        return "not of the form study/model/benchmark/method/run"
    study, first, second, method, run = parts
    if first.lower() in _BENCHMARKS:
        first, second = second, first
    if second.lower() not in _BENCHMARKS:
        return f"no known benchmark: {second}"
    model = MODELS.get(first, first)
    benchmark = _BENCHMARKS[second.lower()]
    return {
        "study": study, "model": model, "benchmark": benchmark, "writer": model,
        "learned_on": benchmark, "method": METHODS.get(method, method), "run": run,
    }  # fmt: skip


def _figures(folder: Path, facts: Mapping[str, str]) -> Iterator[Figure]:
    baseline = folder / "baseline" / "val_score.json"
    if baseline.exists():
        score = _score(baseline, _read(baseline))
        yield Figure(**facts, split="val", stage="no_skills", epoch=None, score=score)
    curve = folder / "val_scores.json"
    if curve.exists():
        # A resumed run repeats epochs; the original's best is over all rows.
        for row in _read(curve):
            epoch = int(_part(curve, row, "epoch"))
            yield Figure(**facts, split="val", stage="epoch", epoch=epoch, score=_score(curve, row))
    # Where there is a test like the training, the other one is the paper's OOD.
    two = facts["benchmark"].startswith("MedAgentBench")
    for name, split in (("id_test", "test"), ("test", "ood" if two else "test")):
        for arm, stage in _STAGES.items():
            file = folder / f"{name}_eval_{arm}" / "test_score.json"
            if file.exists():
                score = _score(file, _read(file))
                yield Figure(**facts, split=split, stage=stage, epoch=None, score=score)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"can't read {path}: {' '.join(str(error).split())}") from None


def _score(path: Path, row: Any) -> float:
    total = row.get("n_total") if isinstance(row, dict) else None
    if total:
        return float(_part(path, row, "n_correct")) / float(total)
    return float(_part(path, row, "score"))


def _part(path: Path, row: Any, name: str) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get(name), (int, float)):
        raise RunError(f"{path} has no number {name!r} where one is expected")
    return row[name]
