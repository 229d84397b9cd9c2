"""Reads a tree of results in the layout of the original's release as figures.

====================  =========================================  =========================
folder                a run                                      of
====================  =========================================  =========================
``main``              ``<model>/<benchmark>/<method>/run_00N``   what it says, either order
``ablations``         ``<variant>/run_00N``                      gpt-oss-120b, MedAgentBench
``sensitivity``       ``<variant>/run_00N``                      gpt-oss-120b, MedAgentBench
``nonmedical``        ``<environment>/run_00N``                  gpt-oss-120b, GRASP
``transfer``          see ``transferred``
====================  =========================================  =========================

A run has ``val_scores.json`` (rows by epoch, one of them ``baseline``; or
``baseline/val_score.json``) and ``test_scores.json`` (or ``<split>_eval_<arm>/test_score.json``;
of AgentBench ``test_score_<arm>.json``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import RunError
from grasp.results.figures import Figure
from grasp.results.runs import BENCHMARKS, MODELS
from grasp.results.scores import read_json, read_number, read_score
from grasp.results.transferred import transfers

#: Folders of the studies, and what figures call them.
STUDIES = {
    "main": "main",
    "ablations": "ablation",
    "ablation": "ablation",
    "sensitivity": "sensitivity",
    "nonmedical": "nonmedical",
}
TRANSFER = "transfer"
#: What the studies are of whose folders don't say it.
_MODEL, _BENCHMARK, _METHOD = "gpt-oss-120b", "MedAgentBench", "grasp"

#: Folder names of methods, and the paper's rows.
METHODS = {
    "memory_cycle": "sequential_memory",
    "batch_memory_cycle": "batch_memory",
    "expel_cycle": "expel",
    "evo_memory_cycle": "evo_memory",
    "skillx_cycle": "skillx",
    "skill_cycle": "grasp",
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
    for folder, origin, found in transfers(root if root.name == TRANSFER else root / TRANSFER):
        if origin is None:
            skipped.append((folder, "its name does not say whose library acted"))
            continue
        figures += found
        runs += 1
    if not runs and not skipped:
        raise RunError(
            f"no run in {root}", "a run has a file val_scores.json or a folder test_eval_best"
        )
    return Imported(tuple(figures), runs, tuple(skipped))


def _runs(root: Path) -> Iterator[Path]:
    found = {p.parent for name in ("val_scores", "test_scores") for p in root.rglob(f"{name}.json")}
    found |= {p.parent.parent for p in root.rglob("*test_eval_*/test_score.json")}
    return (folder for folder in sorted(found) if TRANSFER not in _parts(root, folder)[:1])


def _parts(root: Path, folder: Path) -> list[str]:
    """Return the parts of a path from the study's folder on."""
    parts = list(folder.relative_to(root).parts)
    known = (*STUDIES, TRANSFER)
    if parts and parts[0] not in known and root.name in known:
        parts.insert(0, root.name)
    return parts


def _place(root: Path, folder: Path) -> Mapping[str, str] | str:
    """Return what a run's path says of it, or why it says too little."""
    parts = _parts(root, folder)
    if not parts or parts[0] not in STUDIES:
        return f"not of a study: {', '.join(STUDIES)}"
    study = STUDIES[parts[0]]
    if len(parts) == 5:
        _, first, second, method, run = parts
    elif len(parts) == 3 and study == "nonmedical":
        first, method = _MODEL, _METHOD
        _, second, run = parts
    elif len(parts) == 3 and study != "main":
        first, second = _MODEL, _BENCHMARK
        _, method, run = parts
    else:
        return "not of the form study/model/benchmark/method/run"
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
    rows: list[tuple[Path, Any]] = [(baseline, read_json(baseline))] if baseline.exists() else []
    curve = folder / "val_scores.json"
    for row in read_json(curve) if curve.exists() else []:
        if isinstance(row, dict) and row.get("epoch") == "baseline":
            rows = [(curve, row)]
            continue
        # A resumed run repeats epochs; the original's best is over all rows.
        epoch, score = int(read_number(curve, row, "epoch")), read_score(curve, row)
        yield Figure(**facts, split="val", stage="epoch", epoch=epoch, score=score)
    for file, row in rows:
        score = read_score(file, row)
        yield Figure(**facts, split="val", stage="no_skills", epoch=None, score=score)
    # Where there is a test like the training, the other one is the paper's OOD.
    two = facts["benchmark"].startswith("MedAgentBench")
    both = folder / "test_scores.json"
    joint = read_json(both) if both.exists() else {}
    for name, split in (("id_test", "test"), ("test", "ood" if two else "test")):
        for arm, stage in _STAGES.items():
            named = f"{name}_eval_{arm}"
            if isinstance(joint, dict) and named in joint:
                found: tuple[Path, Any] | None = (both, joint[named])
            else:
                found = _alone(folder, name, arm)
            if found is not None:
                score = read_score(*found)
                yield Figure(**facts, split=split, stage=stage, epoch=None, score=score)


def _alone(folder: Path, split: str, arm: str) -> tuple[Path, Any] | None:
    """Return the file of one evaluation of a test split, and its row."""
    for file in (
        folder / f"{split}_eval_{arm}" / "test_score.json",
        folder / f"{split}_score_{arm}.json",
    ):
        if file.exists():
            return file, read_json(file)
    return None
