"""Lets what finished runs learned act for other models, or on other tasks (Tables 2 and 3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from grasp.contracts import ConfigError, RunError
from grasp.methods.settings import CycleSettings
from grasp.plugins import load_task
from grasp.runs.artifact import load_artifact
from grasp.runs.backends import presets_beside
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate
from grasp.runs.execute import Listener
from grasp.runs.foreseen import check_agent
from grasp.runs.planned import write_tables
from grasp.runs.rundir import make_folder, write_text
from grasp.runs.sameness import changed_settings
from grasp.runs.transferfile import SUFFIX, Step, TransferFile, read_transfer, steps


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
    make_folder(out)
    states = [state_of(file, out, step) for step in todo]
    _look_ahead(path, file, [s for s, state in zip(todo, states, strict=True) if state == "to do"])
    for number, (step, state) in enumerate(zip(todo, states, strict=True), 1):
        report(number, len(todo), step, "finished" if state == "finished" else "started")
        if state != "finished":
            _evaluate(file, step, step.file(out), listener, presets_beside(path))
    rows = [_read(step.file(out)) for step in todo]
    columns = [field.name for field in fields(Transferred)]
    write_tables(out, columns, [asdict(row) for row in rows])
    return rows


def state_of(file: TransferFile, out: Path, step: Step) -> str:
    """Return how far an evaluation is: ``to do`` or ``finished``.

    Raises:
        ConfigError: It was made with other settings.
        RunError: Its file is damaged.
    """
    target = step.file(out)
    if not target.exists():
        return "to do"
    _read(target)
    known = json.loads(target.read_text("utf-8")).get("settings")
    # Older files don't say what they were made with.
    changed = changed_settings(known, _settings(file, step)) if isinstance(known, dict) else {}
    if changed:
        listed = ", ".join(f"{name} {how}" for name, how in changed.items())
        raise ConfigError(
            f"{target} was made with other settings: {listed}",
            "set them back, choose another --out, or remove that file to make it anew",
        )
    return "finished"


def _settings(file: TransferFile, step: Step) -> dict[str, Any]:
    """Return what an evaluation depends on, as plain data; the loop has no part in it."""
    params = file.task_params.get(step.task, {})
    config = load_config({**file.config, "task_params": params})
    return config.model_copy(update={"cycle": CycleSettings()}).to_yaml_data()


def _look_ahead(path: Path, file: TransferFile, todo: Sequence[Step]) -> None:
    """Load and open all that acts, so that what is damaged or missing is found unpaid."""
    for agent in dict.fromkeys(step.agent for step in todo):
        check_agent(agent, load_config(file.config), presets_beside(path), usable=True)
    for folder, name in dict.fromkeys((step.source.folder, step.task) for step in todo):
        load_artifact(folder, load_task(name, **file.task_params.get(name, {})))


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
    data = {
        "transfer": asdict(row),
        "run": str(source.folder),
        "settings": _settings(file, step),
        "evaluation": found.to_json(),
    }
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
