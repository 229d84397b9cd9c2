"""Which samples a run solved: of a run, of a folder of runs, or of ``grasp eval --json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grasp.contracts import RunError
from grasp.runs.journal import read_journal
from grasp.runs.rundir import JOURNAL, RunDirectory

#: Sample id to whether it was solved; ``None`` where the episode could not be run.
Solved = Mapping[str, bool | None]

LEARNED, NO_SKILLS = "learned", "no_skills"


@dataclass(frozen=True)
class Side:
    """What one side of a comparison solved.

    Attributes:
        name: As the user named it.
        runs: One mapping from split to outcomes for each run; runs differ in the seed.
        types: Sample id to type, as far as it is recorded.
        settings: Task, model and seeds, to tell what is being compared.
    """

    name: str
    runs: tuple[Mapping[str, Solved], ...]
    types: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits that all its runs have."""
        first, *others = self.runs
        return tuple(s for s in first if all(s in run for run in others))


def read_side(path: Path, arm: str = LEARNED) -> Side:
    """Read what a run, a folder of runs, or an evaluation solved.

    Args:
        path: A run's folder, a folder of such, or a file with the object of
            ``grasp eval --json``.
        arm: ``learned`` (with the final library) or ``no_skills``.

    Raises:
        RunError: There is nothing to compare at that place.
    """
    if path.is_file():
        return _evaluation(path)
    folders = [path] if RunDirectory(path).exists else _runs_in(path)
    if not folders:
        raise RunError(
            f"no run in {path}",
            "give a run's folder, a folder of runs, or a file of 'grasp eval --json'",
        )
    types: dict[str, str] = {}
    found = [_splits(folder, arm, types) for folder in folders]
    first = RunDirectory(folders[0]).read_config() if RunDirectory(folders[0]).exists else {}
    settings = {
        "task": first.get("task"),
        "model": (first.get("model") or {}).get("model"),
        "method": first.get("method") if arm == LEARNED else None,
    }
    return Side(str(path) + ("" if arm == LEARNED else " without skills"), tuple(found), types,
                {k: v for k, v in settings.items() if v})  # fmt: skip


def _runs_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return [p for p in sorted(path.iterdir()) if p.is_dir() and RunDirectory(p).exists]


def _splits(folder: Path, arm: str, types: dict[str, str]) -> dict[str, Solved]:
    journal = folder / JOURNAL
    events = list(read_journal(journal)) if journal.exists() else []
    tests = {(e["split"], e["arm"]): e["samples"] for e in events if e["event"] == "test"}
    splits = [s for s in ("test", "ood") if any(split == s for split, _ in tests)]
    if not splits:
        raise RunError(
            f"{folder} has evaluated no sealed split",
            "compare finished runs; unfinished ones go on with: grasp run … --resume",
        )
    found: dict[str, Solved] = {}
    for split in splits:
        # A run that learned nothing has one evaluation, which is that of both arms.
        samples = tests.get((split, arm))
        if samples is None and arm == LEARNED:
            samples = tests[(split, NO_SKILLS)]
        if samples is None:
            raise RunError(
                f"{folder} was not evaluated without skills", "it ran with no_skills_baseline=false"
            )
        found[split] = _solved(samples, types)
    return found


def _evaluation(path: Path) -> Side:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        types: dict[str, str] = {}
        run = {str(data["split"]): _solved(data["samples"], types)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"can't read an evaluation in {path}: {' '.join(str(error).split())}",
            "write one with: grasp eval TASK --json > FILE",
        ) from None
    return Side(str(path), (run,), types)


def _solved(samples: Iterable[Mapping[str, Any]], types: dict[str, str]) -> Solved:
    found: dict[str, bool | None] = {}
    for sample in samples:
        name = str(sample["id"])
        found[name] = None if sample["status"] == "error" else bool(sample["correct"])
        if sample.get("type"):
            types[name] = str(sample["type"])
    return found
