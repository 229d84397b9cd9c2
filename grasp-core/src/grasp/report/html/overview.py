"""What a folder of runs holds, by task and model: plain data for its page."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grasp.contracts import GraspError, RunError
from grasp.results.findings import LEVEL, compare_sides, sentences
from grasp.results.outcomes import LEARNED, NO_SKILLS, Side, read_side
from grasp.runs.journal import read_journal
from grasp.runs.rundir import RunDirectory, runs_in

#: Sealed splits, in the order they are shown.
SPLITS = ("test", "ood")


@dataclass(frozen=True)
class RunView:
    """One run.

    Attributes:
        folder: Where it is.
        task: Name of its task.
        agent: Its acting model's preset.
        method: How it learned.
        seed: Of the loop.
        state: ``finished``, ``unfinished``, or why it can't be read.
        curve: Epoch (-1 before the first) and validation accuracy.
        tests: Split and arm -> solved, total.
        usage: ``calls``, ``repeated``, ``tokens`` and ``cost``, of a finished run.
    """

    folder: Path
    task: str = ""
    agent: str = ""
    method: str = ""
    seed: int | None = None
    state: str = "finished"
    curve: tuple[tuple[int, float], ...] = ()
    tests: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> float | None:
        """The best validation after an epoch."""
        return max((share for epoch, share in self.curve if epoch >= 0), default=None)

    def share(self, split: str, arm: str) -> float | None:
        """Return what share of a sealed split was solved."""
        found = self.tests.get((split, arm))
        if found is None and arm == LEARNED:  # What learned nothing has one evaluation.
            found = self.tests.get((split, NO_SKILLS))
        return found[0] / found[1] if found and found[1] else None


@dataclass(frozen=True)
class MethodView:
    """All runs of one method: their curve and their mean scores with the sample deviation."""

    name: str
    runs: tuple[RunView, ...]
    curve: tuple[tuple[int, float], ...]
    scores: Mapping[tuple[str, str], tuple[float, float | None]]


@dataclass(frozen=True)
class GroupView:
    """All runs of one task and model; ``known`` is what follows of methods against none."""

    task: str
    agent: str
    methods: tuple[MethodView, ...]
    known: tuple[tuple[str, str], ...]


def overview(folder: Path) -> tuple[GroupView, ...]:
    """Read the runs at any depth below a folder, those that can't be read too.

    Raises:
        RunError: There is none.
    """
    groups: dict[tuple[str, str], dict[str, list[RunView]]] = {}
    for path in runs_in(folder):
        run = read_run(path)
        groups.setdefault((run.task, run.agent), {}).setdefault(run.method, []).append(run)
    return tuple(
        GroupView(
            task,
            agent,
            tuple(_method(name, runs) for name, runs in methods.items()),
            tuple(_known(methods)),
        )
        for (task, agent), methods in groups.items()
    )


def read_run(folder: Path) -> RunView:
    """Read one run as far as it is."""
    directory = RunDirectory(folder)
    try:
        config = directory.read_config()
        journal = directory.journal_file
        events = list(read_journal(journal)) if journal.exists() else []
        scores = directory.read_scores() if directory.finished else {}
        usage = _usage(scores)
    except (GraspError, OSError, ValueError, KeyError) as error:
        return RunView(folder, state=" ".join(str(error).split())[:200])
    return RunView(
        folder,
        task=str(config.get("task") or ""),
        agent=str(config.get("agent") or ""),
        method=str(config.get("method") or ""),
        seed=(config.get("cycle") or {}).get("seed"),
        state="finished" if directory.finished else "unfinished",
        curve=tuple(
            (-1 if e["epoch"] == "baseline" else int(e["epoch"]), float(e["accuracy"]))
            for e in events
            if e["event"] == "validation"
        ),
        tests={
            (e["split"], e["arm"]): (e["correct"], e["total"])
            for e in events
            if e["event"] == "test"
        },
        usage=usage,
    )


def _usage(scores: Mapping[str, Any]) -> dict[str, Any]:
    if not scores:
        return {}
    return {
        "calls": scores["calls"]["total"],
        "repeated": scores["calls"].get("memoised"),
        "tokens": scores["tokens"]["total"],
        "cost": scores["cost"],
    }


def _method(name: str, runs: Sequence[RunView]) -> MethodView:
    epochs = sorted({epoch for run in runs for epoch, _ in run.curve})
    curve = tuple(
        (epoch, statistics.fmean(share for run in runs for e, share in run.curve if e == epoch))
        for epoch in epochs
    )
    scores: dict[tuple[str, str], tuple[float, float | None]] = {}
    for split in SPLITS:
        for arm in (NO_SKILLS, LEARNED):
            found = [run.share(split, arm) for run in runs]
            shares = [share for share in found if share is not None]
            if shares:
                spread = statistics.stdev(shares) if len(shares) > 1 else None
                scores[split, arm] = (statistics.fmean(shares), spread)
    return MethodView(name, tuple(runs), curve, scores)


def _known(methods: Mapping[str, Sequence[RunView]]) -> Iterable[tuple[str, str]]:
    """Yield what follows for each method against no skills, corrected for their number."""
    sides = [side for name, runs in methods.items() if (side := _side(name, runs, LEARNED))]
    learned = [side for side in sides if side.name != "no-skills"]
    # Of the method that never learns, if there is one.
    names = sorted(methods, key=lambda name: name != "no-skills")
    found_bases = (_side(name, methods[name], NO_SKILLS) for name in names)
    base = next((side for side in found_bases if side is not None), None)
    if base is None or not learned:
        return
    try:
        found = compare_sides([base, *learned])
    except RunError as error:
        yield "", str(error)
        return
    for finding in found:
        yield f"{finding.second}, {finding.split}", " ".join(sentences(finding))
    if len(found) > 1:
        yield (
            "",
            f"{len(found)} comparisons at once; what is called better or worse is so after Holm's "
            f"correction, at {LEVEL:g}.",
        )


def _side(name: str, runs: Sequence[RunView], arm: str) -> Side | None:
    """Return the finished runs of a method as one side of a comparison."""
    found: list[Side] = []
    for run in runs:
        try:
            found.append(read_side(run.folder, arm))
        except RunError:
            continue  # Unfinished, or not evaluated without skills.
    if not found:
        return None
    types = {sample: kind for side in found for sample, kind in side.types.items()}
    return Side(name, tuple(run for side in found for run in side.runs), types)
