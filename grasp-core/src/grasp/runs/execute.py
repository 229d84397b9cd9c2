"""Starts a run, or starts it again: the one path for new, resumed and replayed runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.budget import Budget, Limits
from grasp.agents.ledger import Ledger
from grasp.agents.session import Session
from grasp.contracts import Backend, BudgetSpent, ConfigError, RunError, Task, TaskError
from grasp.engine import Engine, place
from grasp.methods import Context, LearningResult, Method
from grasp.plugins import load_executor
from grasp.runs.backends import open_backends, open_judge
from grasp.runs.callstore import CallStore
from grasp.runs.config import RunConfig
from grasp.runs.gates import build_gate
from grasp.runs.journal import Journal
from grasp.runs.keeper import LibraryKeeper
from grasp.runs.methods import build_method
from grasp.runs.observed import Observed
from grasp.runs.preflight import check_endpoint
from grasp.runs.result import RunResult, gate_decisions, so_far
from grasp.runs.rundir import RunDirectory
from grasp.runs.sameness import changed_settings
from grasp.skills import save_library

#: Called with (kind, facts) for every event, durable or not. Must not raise.
Listener = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class RunRequest:
    """What to run, and where.

    Attributes:
        task: The task, set up by the run itself.
        task_name: Name it was asked for by.
        config: Settings.
        agent: Preset name, a backend, or any object with ``inference``.
        run_dir: Folder of the run.
        method: Class of the method; ``None`` loads ``config.method``.
        resume: Go on with the run in the folder.
        force: Replace the run in the folder.
        preflight: Look whether the endpoint is there before starting.
        preset_dirs: Folders of the user's own presets.
    """

    task: Task
    task_name: str
    config: RunConfig
    agent: Any
    run_dir: Path
    method: type[Method] | None = None
    resume: bool = False
    force: bool = False
    preflight: bool = True
    preset_dirs: tuple[Path, ...] = ()


def execute(request: RunRequest, listener: Listener | None = None) -> RunResult:
    """Run a method on a task from start to end.

    Raises:
        GraspError: One line that says what is wrong and what to do. Everything learned
            and every answer so far is in the run directory.
    """
    started = time.monotonic()
    directory = RunDirectory(request.run_dir)
    directory.open(resume=request.resume, force=request.force)
    closing: list[Callable[[], None]] = [directory.close]
    with Observed(directory.path) as observed:
        try:
            notify = listener or (lambda *_: None)
            observed.result = _execute(request, directory, notify, observed, started, closing)
            return observed.result
        finally:
            for close in reversed(closing):
                close()


def _execute(
    request: RunRequest,
    directory: RunDirectory,
    listener: Listener,
    observed: Observed,
    started: float,
    closing: list[Callable[[], None]],
) -> RunResult:
    config, task, settings = request.config, request.task, request.config.cycle

    def notify(kind: str, /, **facts: Any) -> None:
        listener(kind, facts)

    actor, analyst, writer = open_backends(request.agent, config, closing, request.preset_dirs)
    judge = open_judge(config, closing, request.preset_dirs, actor)
    if request.preflight:
        check_endpoint(actor)
    executor = load_executor(config.executor, concurrency=settings.concurrency)
    closing.append(executor.close)
    placed = place(executor, task)
    task.setup()
    closing.append(task.close)
    _check_samples(task)

    identity = _identity(request, actor)
    known = directory.read_config() if request.resume else None
    if known is not None:
        _check_same(known, identity)
    gate = build_gate(settings)
    limits = _limits(config)

    if not directory.exists and not directory.calls_file.exists():
        closing.append(lambda: _forget(directory))
    store = CallStore(directory.calls_file)
    closing.append(store.close)
    ledger = Ledger()
    budget = Budget(limits, ledger)

    def session(backend: Backend, *, repeatable: bool = True) -> Session:
        memoise = config.deterministic and repeatable
        return Session(backend, store, memoise=memoise, ledger=ledger, budget=budget, judge=judge)

    # Proposals drawn at a temperature are meant to differ, even from one prompt.
    drawn = bool(settings.proposal_temperature)

    acting = session(actor)
    method = build_method(config, task, directory.path, request.agent, acting, kind=request.method)
    # From here on it is a run: whatever can refuse the settings has been asked.
    directory.write_config(identity)
    journal = Journal(directory.journal_file)
    closing.append(journal.close)
    keeper = LibraryKeeper(directory)

    def record(kind: str, /, **facts: Any) -> None:
        store.settle()
        new = journal.append(kind, **facts)
        with _disk_errors(directory.path):
            keeper.take(kind, facts)
        listener(kind, facts)
        observed.event(kind, facts, replayed=not new)

    context = Context(
        task=task,
        settings=settings,
        engine=Engine(placed, acting, executor, notify),
        analyst=session(analyst),
        writer=session(writer, repeatable=not drawn),
        gate=gate,
        record=record,
        notify=notify,
    )
    # One interrupt stops all three.
    context.analyst.cancelled = context.writer.cancelled = acting.cancelled
    method.context = context
    notify(
        "run_started",
        run_dir=str(directory.path),
        task=request.task_name,
        config=config,
        ledger=ledger,
    )
    observed.started(
        task=request.task_name, method=config.method, settings=identity, resumed=request.resume
    )
    context.record("run", task=request.task_name, method=config.method, data=task.describe())
    stopped = ""
    try:
        found = method.run()
    except BudgetSpent as error:
        found, stopped = None, error.message
    learning = found if isinstance(found, LearningResult) else None
    result = RunResult(
        run_dir=directory.path,
        learning=learning,
        gate_decisions=gate_decisions(journal.events),
        usage=ledger.summary(),
        wall_s=time.monotonic() - started,
        stopped=stopped,
        so_far=so_far(journal.events),
    )
    if stopped:
        notify("run_stopped", result=result)
        return result
    with _disk_errors(directory.path):
        save_library(learning.library if learning else method.library(), directory.final_skills)
    directory.write_scores(result.scores())
    notify("run_finished", result=result)
    return result


def _forget(directory: RunDirectory) -> None:
    """Remove the store of a run that was refused before it began."""
    if not directory.exists:
        directory.calls_file.unlink(missing_ok=True)


def _limits(config: RunConfig) -> Limits:
    limits = Limits(**config.budget.model_dump())
    if limits.cost is not None and not config.agent_params.get("prices"):
        raise ConfigError(
            "a budget of cost needs prices",
            "name a price table: --set agent_params.prices=prices.yaml",
        )
    return limits


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"can't write in {path}: {error.strerror or error}",
            "free disk space, then go on where it stopped with --resume",
        ) from None


def _identity(request: RunRequest, actor: Backend) -> dict[str, Any]:
    """Return what the run directory keeps of the settings."""
    data = request.config.to_yaml_data()
    data["task"] = request.task_name
    if isinstance(request.agent, str):
        data["agent"] = request.agent
    data["model"] = dict(actor.identity)
    return data


def _check_same(known: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    changed = changed_settings(known, now)
    if changed:
        raise ConfigError(
            f"the run was started with other settings: {', '.join(changed)}",
            "resume without them, or start a new run",
        )


def _check_samples(task: Task) -> None:
    ids: dict[str, str] = {}
    for split in ("dev", "val", "probe", "test", "ood"):
        for sample in task.samples(split):
            if "id" not in sample:
                raise TaskError(f"a sample of the split {split!r} has no 'id'")
            other = ids.get(str(sample["id"]))
            if other == split:
                raise TaskError(f"two samples of the split {split!r} have the id {sample['id']!r}")
            if other is not None:
                raise TaskError(
                    f"sample {sample['id']!r} is in the splits {other!r} and {split!r}",
                    "splits must not overlap",
                )
            ids[str(sample["id"])] = split
