"""Runs methods × tasks × agents × seeds, one after another, and writes one tidy table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from grasp.contracts import ConfigError
from grasp.plugins import load_method, load_task, registry
from grasp.runs.backends import presets_beside
from grasp.runs.callstore import CallReader
from grasp.runs.config import BudgetSection, RunConfig, load_config
from grasp.runs.execute import Listener, RunRequest, execute
from grasp.runs.planned import read_plan, write_tables
from grasp.runs.rundir import RunDirectory

#: Columns of the table; one row for each evaluation of each run.
COLUMNS = (
    "task", "agent", "method", "seed", "split", "library", "correct", "total", "errors",
    "accuracy", "calls", "tokens", "cost", "run",
)  # fmt: skip


class SweepFile(BaseModel):
    """What a sweep runs: every combination."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[str, ...] = Field(min_length=1, description="Names of registered tasks.")
    methods: tuple[str, ...] = Field(("grasp",), min_length=1, description="Methods.")
    agents: tuple[str, ...] = Field(min_length=1, description="Presets of acting models.")
    seeds: tuple[int, ...] = Field((1,), min_length=1, description="Seeds of the loop.")
    config: dict[str, Any] = Field(default_factory=dict, description="Settings of every run.")
    task_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by task."
    )
    method_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by method."
    )
    budget: BudgetSection = Field(
        default_factory=BudgetSection, description="Of all runs together; calls only."
    )


@dataclass(frozen=True)
class Combination:
    """One run of a sweep."""

    task: str
    agent: str
    method: str
    seed: int

    @property
    def folder(self) -> Path:
        """Where it runs, under the sweep's folder."""
        names = (self.task, self.agent, self.method, f"seed-{self.seed}")
        return Path(*(name.replace("/", "_") for name in names))


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come: the number of a run, of all, and what it is."""

    number: int
    total: int
    combination: Combination
    state: str


def read_sweep(path: Path) -> SweepFile:
    """Read a sweep's file.

    Raises:
        ConfigError: It is missing, malformed, or names what isn't there.
    """
    file = read_plan(path, SweepFile)
    if {"tokens", "cost", "seconds"} & {k for k, v in file.budget.model_dump().items() if v}:
        raise ConfigError(f"{path}: a sweep's budget counts calls only", "use budget.calls")
    for task in file.tasks:
        registry().find("tasks", task)
    for method in file.methods:
        load_method(method)
    for one in combinations(file):
        _config(file, one)
    return file


def combinations(file: SweepFile) -> list[Combination]:
    """Return every run, so that an unfinished sweep has whole seeds first."""
    return [
        Combination(task, agent, method, seed)
        for seed in file.seeds
        for task in file.tasks
        for agent in file.agents
        for method in file.methods
    ]


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
    out.mkdir(parents=True, exist_ok=True)
    stopped = ""
    for number, one in enumerate(todo, 1):
        directory = RunDirectory(out / one.folder)
        if directory.finished:
            report(Progress(number, len(todo), one, "finished"))
            continue
        if file.budget.calls is not None:
            rest = file.budget.calls - sum(paid_calls(out / c.folder) for c in todo)
            if rest <= 0:
                stopped = f"the budget of {file.budget.calls} calls is spent"
                break
        report(Progress(number, len(todo), one, "resumed" if directory.exists else "started"))
        config = _config(file, one)
        if file.budget.calls is not None:
            limit = {"calls": rest + paid_calls(directory.path)}
            config = config.model_copy(update={"budget": BudgetSection(**limit)})
        result = execute(
            RunRequest(
                task=load_task(one.task, **config.task_params),
                task_name=one.task,
                config=config,
                agent=one.agent,
                run_dir=directory.path,
                resume=directory.exists,
                preset_dirs=presets_beside(path),
            ),
            listener,
        )
        if result.stopped:
            stopped = result.stopped
            break
        write_table(out, todo)
    write_table(out, todo)
    return stopped


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
    directory = RunDirectory(out / one.folder)
    if not directory.finished:
        return
    scores = json.loads(directory.scores_file.read_text("utf-8"))
    details: Mapping[str, Any] = scores["details"]
    evaluations = [
        ("val", "none", details.get("baseline_val")), ("val", "best", details.get("best_val")),
    ]  # fmt: skip
    for split, arms in (details.get("tests") or {}).items():
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
                **{k: found[k] for k in ("correct", "total", "errors", "accuracy")},
                "calls": scores["calls"]["total"],
                "tokens": scores["tokens"]["total"],
                "cost": scores["cost"],
                "run": one.folder.as_posix(),
            }


def _config(file: SweepFile, one: Combination) -> RunConfig:
    data = {
        **file.config,
        "method": one.method,
        "task_params": file.task_params.get(one.task, {}),
        "method_params": file.method_params.get(one.method, {}),
    }
    return load_config(data, [f"cycle.seed={one.seed}"])
