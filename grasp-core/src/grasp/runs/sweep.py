"""Runs methods × tasks × agents × seeds, one after another, and writes one tidy table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import ConfigError
from grasp.plugins import load_task
from grasp.runs.backends import presets_beside
from grasp.runs.callstore import CallReader
from grasp.runs.config import RunConfig, load_config
from grasp.runs.execute import Listener, RunRequest, execute
from grasp.runs.foreseen import check_agent
from grasp.runs.planned import write_tables
from grasp.runs.rundir import RunDirectory, make_folder
from grasp.runs.sameness import changed_settings
from grasp.runs.scores import read_scores
from grasp.runs.sweepfile import Combination, SweepFile, combinations, config_of, read_sweep

#: Columns of the table; one row for each evaluation of each run.
COLUMNS = (
    "task", "agent", "method", "seed", "split", "library", "correct", "total", "errors",
    "accuracy", "calls", "tokens", "cost", "run",
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come: the number of a run, of all, and what it is."""

    number: int
    total: int
    combination: Combination
    state: str


def run_sweep(
    path: Path,
    out: Path,
    listener: Listener,
    report: Callable[[Progress], Any] = lambda progress: None,
) -> str:
    """Run what is not finished yet, and write ``results.csv`` and ``results.json``.

    Args:
        path: The sweep's file.
        out: Folder of its runs and of the table.
        listener: Gets the events of each run.
        report: Told of each run as it begins or is found finished.

    Returns:
        Why it stopped before its end; empty if it did not.
    """
    file = read_sweep(path)
    todo = combinations(file)
    make_folder(out)
    states = {one: state_of(file, out, one) for one in todo}
    for agent in dict.fromkeys(one.agent for one in todo if states[one] != "finished"):
        check_agent(agent, load_config(file.config), presets_beside(path), usable=True)
    stopped = ""
    for number, one in enumerate(todo, 1):
        if states[one] == "finished":
            report(Progress(number, len(todo), one, "finished"))
            continue
        rest = _rest(file, out, todo)
        if rest is not None and rest <= 0:
            stopped = _spent(file)
            break
        begun = states[one] == "begun"
        report(Progress(number, len(todo), one, "resumed" if begun else "started"))
        config = _limited(config_of(file, one), rest, paid_calls(out / one.folder))
        result = execute(
            RunRequest(
                task=load_task(one.task, **config.task_params),
                task_name=one.task,
                config=config,
                agent=one.agent,
                run_dir=out / one.folder,
                resume=begun,
                preset_dirs=presets_beside(path),
            ),
            # What a run calls its budget is its share; of the sweep's the caller is told.
            lambda kind, facts: None if kind == "run_stopped" else listener(kind, facts),
        )
        if result.stopped:
            rest = _rest(file, out, todo)
            by_sweep = rest is not None and rest <= 0
            stopped = _spent(file) if by_sweep else f"{one.folder}: {result.stopped}"
            break
        write_table(out, todo)
    write_table(out, todo)
    return stopped


def state_of(file: SweepFile, out: Path, one: Combination) -> str:
    """Return how far a run is: ``to do``, ``begun`` or ``finished``.

    One whose summary is damaged is begun: what it learned is made again from its answers.

    Raises:
        ConfigError: It was made with other settings.
        RunError: Its folder is damaged.
    """
    directory = RunDirectory(out / one.folder)
    scores = read_scores(directory.scores_file)
    if not directory.exists and scores is None:
        return "to do"
    known = {k: v for k, v in directory.read_config().items() if k != "model"}
    now = {**config_of(file, one).to_yaml_data(), "task": one.task, "agent": one.agent}
    changed = changed_settings(known, now)
    if changed:
        listed = ", ".join(f"{name} {how}" for name, how in changed.items())
        raise ConfigError(
            f"{directory.path} was made with other settings: {listed}",
            "set them back, choose another --out, or remove that folder to run it anew",
        )
    return "begun" if scores is None else "finished"


def _rest(file: SweepFile, out: Path, runs: Sequence[Combination]) -> int | None:
    """Return how many calls the sweep may still pay for; ``None`` = any."""
    if file.budget.calls is None:
        return None
    return file.budget.calls - sum(paid_calls(out / one.folder) for one in runs)


def _spent(file: SweepFile) -> str:
    return f"the budget of {file.budget.calls:,} calls, of all runs together, is spent"


def _limited(config: RunConfig, rest: int | None, paid: int) -> RunConfig:
    """Return a run's settings with what the sweep leaves it; its own limits hold too."""
    if rest is None:
        return config
    own = config.budget.calls
    calls = rest + paid if own is None else min(own, rest + paid)
    return config.model_copy(update={"budget": config.budget.model_copy(update={"calls": calls})})


def paid_calls(run: Path) -> int:
    """Return the calls a run has paid for so far, over all its sessions."""
    file = RunDirectory(run).calls_file
    if not file.exists():
        return 0
    reader = CallReader(file)
    try:
        return sum(not call.repeated for call in reader.calls())
    finally:
        reader.close()


def write_table(out: Path, runs: Sequence[Combination]) -> None:
    """Write the table of the runs that are finished."""
    rows = [row for one in runs for row in _rows(out, one)]
    write_tables(out, COLUMNS, rows)


def _rows(out: Path, one: Combination) -> Iterator[dict[str, Any]]:
    scores = read_scores(RunDirectory(out / one.folder).scores_file)
    if scores is None:
        return
    details = scores.details
    evaluations = [("val", "none", details.baseline_val), ("val", "best", details.best_val)]
    for split, arms in (details.tests or {}).items():
        evaluations += [
            (split, "none", arms.get("no_skills")),
            (split, "best", arms.get("learned")),
        ]
    for split, library, found in evaluations:
        if found is not None:
            yield {
                "task": one.task,
                "agent": one.agent,
                "method": one.method,
                "seed": one.seed,
                "split": split,
                "library": library,
                **found.model_dump(),
                "calls": scores.calls.total,
                "tokens": scores.tokens.total,
                "cost": scores.cost,
                "run": one.folder.as_posix(),
            }
