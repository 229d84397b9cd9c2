"""Lets what finished runs learned act for other models, or on other tasks (Tables 2 and 3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from grasp.contracts import RunError
from grasp.plugins import load_task, registry
from grasp.runs.artifact import load_artifact
from grasp.runs.backends import presets_beside
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate
from grasp.runs.execute import Listener
from grasp.runs.planned import read_plan, write_tables
from grasp.runs.rundir import RunDirectory, runs_in, write_text

#: End of the names of files with one evaluation.
SUFFIX = ".transfer.json"


class TransferFile(BaseModel):
    """Which libraries act where: all combinations but those of the runs themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: tuple[str, ...] = Field(min_length=1, description="Folders of finished runs.")
    tasks: tuple[str, ...] = Field(min_length=1, description="Tasks that are acted on.")
    agents: tuple[str, ...] = Field(min_length=1, description="Presets of acting models.")
    learned_on: tuple[str, ...] = Field((), description="Only of runs on these; empty = all.")
    writers: tuple[str, ...] = Field((), description="Only of runs of these presets.")
    methods: tuple[str, ...] = Field(("grasp",), description="Only of these methods.")
    splits: tuple[str, ...] = Field(("test", "ood"), min_length=1, description="Evaluated.")
    config: dict[str, Any] = Field(default_factory=dict, description="Settings of evaluations.")
    task_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by task."
    )


@dataclass(frozen=True)
class Source:
    """A finished run whose library acts elsewhere."""

    folder: Path
    learned_on: str
    writer: str
    method: str
    seed: int


@dataclass(frozen=True)
class Transferred:
    """One evaluation of one library; ``accuracy`` is a share."""

    task: str
    agent: str
    learned_on: str
    writer: str
    method: str
    seed: int
    split: str
    correct: int
    total: int
    errors: int
    accuracy: float


@dataclass(frozen=True)
class Step:
    """One evaluation to be made, and its file."""

    source: Source
    task: str
    agent: str
    split: str

    def file(self, out: Path) -> Path:
        """Return where its result stands."""
        s = self.source
        parts = (self.task, self.agent, "from", s.learned_on, s.writer, s.method, f"seed-{s.seed}")
        folder = out.joinpath(*(part.replace("/", "_") for part in parts))
        return folder / f"{self.split}{SUFFIX}"


def read_transfer(path: Path) -> TransferFile:
    """Read a file of transfers.

    Raises:
        ConfigError: It is missing, malformed, or names what isn't there.
    """
    file = read_plan(path, TransferFile)
    for task in file.tasks:
        registry().find("tasks", task)
    load_config(dict(file.config))
    return file


def sources(file: TransferFile) -> list[Source]:
    """Return the runs whose libraries act.

    Raises:
        RunError: There is none, or one is not finished.
    """
    found = [_source(folder) for path in file.runs for folder in runs_in(Path(path))]
    wanted = [
        s
        for s in found
        if (not file.learned_on or s.learned_on in file.learned_on)
        and (not file.writers or s.writer in file.writers)
        and s.method in file.methods
    ]
    if not wanted:
        raise RunError(
            f"none of the {len(found)} runs is of these tasks, writers and methods",
            "see learned_on, writers and methods in the file",
        )
    for source in wanted:
        if not RunDirectory(source.folder).finished:
            raise RunError(
                f"the run in {source.folder} is not finished", "finish it with --resume first"
            )
    return wanted


def _source(folder: Path) -> Source:
    config = RunDirectory(folder).read_config()
    task, agent, method = (str(config.get(name) or "") for name in ("task", "agent", "method"))
    return Source(folder, task, agent, method, int((config.get("cycle") or {}).get("seed", 1)))


def steps(file: TransferFile) -> list[Step]:
    """Return all evaluations; a task's missing splits, and where a run is at home, are left out."""
    splits = {task: _splits(file, task) for task in file.tasks}
    return [
        Step(source, task, agent, split)
        for source in sources(file)
        for task in file.tasks
        for agent in file.agents
        if (task, agent) != (source.learned_on, source.writer)
        for split in splits[task]
    ]


def _splits(file: TransferFile, name: str) -> list[str]:
    task = load_task(name, **file.task_params.get(name, {}))
    return [split for split in file.splits if task.samples(split)]


def run_transfer(
    path: Path,
    out: Path,
    listener: Listener,
    report: Callable[[int, int, Step, str], Any] = lambda *_: None,
) -> list[Transferred]:
    """Make the evaluations that are not made yet, and write ``results.csv`` and ``results.json``.

    Args:
        path: The file of transfers.
        out: Folder of the results; answers are kept beside them until an evaluation is whole.
        listener: Gets the events of each evaluation.
        report: Told of each one: number, of how many, which, and its state.
    """
    file = read_transfer(path)
    todo = steps(file)
    for number, step in enumerate(todo, 1):
        target = step.file(out)
        report(number, len(todo), step, "finished" if target.exists() else "started")
        if not target.exists():
            _evaluate(file, step, target, listener, presets_beside(path))
    rows = [_read(step.file(out)) for step in todo]
    columns = [field.name for field in fields(Transferred)]
    write_tables(out, columns, [asdict(row) for row in rows])
    return rows


def _evaluate(
    file: TransferFile, step: Step, target: Path, listener: Listener, presets: Sequence[Path]
) -> None:
    task = load_task(step.task, **file.task_params.get(step.task, {}))
    source = step.source
    # Killed, it goes on with the answers that are here.
    answers = target.with_name(f"{step.split}.calls.sqlite")
    found = evaluate(
        task,
        step.agent,
        load_config(dict(file.config)),
        split=step.split,
        wrap=load_artifact(source.folder, task).wrap,
        store_file=answers,
        listener=listener,
        preset_dirs=presets,
    )
    score = found.score
    row = Transferred(
        step.task, step.agent, source.learned_on, source.writer, source.method, source.seed,
        step.split, score.correct, score.total, score.errors, score.accuracy,
    )  # fmt: skip
    data = {"transfer": asdict(row), "run": str(source.folder), "evaluation": found.to_json()}
    write_text(target, json.dumps(data, indent=1) + "\n")


def transfers_in(path: Path) -> list[Transferred]:
    """Return the evaluations in a folder, at any depth; none if it is no folder.

    Raises:
        RunError: A file is damaged.
    """
    return [_read(file) for file in sorted(path.rglob(f"*{SUFFIX}"))] if path.is_dir() else []


def _read(file: Path) -> Transferred:
    try:
        return Transferred(**json.loads(file.read_text("utf-8"))["transfer"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = " ".join(str(error).split())
        raise RunError(f"can't read {file}: {why}", "remove it and run the file again") from None
