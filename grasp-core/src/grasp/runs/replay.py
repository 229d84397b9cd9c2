"""Replays a finished run from its own answers, offline, and compares what comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.recorded import RecordedBackend
from grasp.contracts import AgentError, Completion, ModelCall, RunError, Task
from grasp.runs.callstore import CallStore, snapshot
from grasp.runs.config import load_config
from grasp.runs.execute import Listener, RunRequest, execute
from grasp.runs.result import RunResult
from grasp.runs.rundir import require_run
from grasp.skills import SkillLibrary, load_library


@dataclass(frozen=True)
class Replay:
    """A replayed run and whether it came to the same end."""

    result: RunResult
    same_library: bool
    same_scores: bool


class _WithFailures:
    """A record that also fails where the run's calls failed for good."""

    def __init__(self, record: RecordedBackend, failures: Mapping[str, AgentError]) -> None:
        self._record = record
        self._failures = failures

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._record.identity

    def complete(self, call: ModelCall) -> Completion:
        failure = self._failures.get(call.scope)
        if failure is not None:
            raise failure
        return self._record.complete(call)

    def close(self) -> None:
        self._record.close()


def _record(calls_file: Path, identity: Mapping[str, Any]) -> _WithFailures:
    try:
        with snapshot(calls_file) as copy:  # Opening it as a store would write to it.
            store = CallStore(copy)
            try:
                record = RecordedBackend({"identity": identity}, list(store.entries()))
                return _WithFailures(record, store.failures())
            finally:
                store.close()
    except (RunError, OSError) as error:
        why = error.message if isinstance(error, RunError) else error.strerror or str(error)
        raise RunError(
            f"can't read the answers in {calls_file}: {why}",
            "a replay needs them: see that this account may read the file, or restore it",
        ) from None


def replay(
    path: Path, load: Any, out: Path | None = None, listener: Listener | None = None
) -> Replay:
    """Run a finished run again with no answer but its own.

    Args:
        path: The run.
        load: ``load_task(name, **params)``.
        out: Folder for the replay; a temporary one by default.
        listener: Called with every event.

    Raises:
        RunError: The run is not there or not finished.
        AgentSetupError: The loop asks something the run never asked; the message names
            the first difference.
    """
    directory = require_run(path)
    if not directory.finished:
        raise RunError(f"the run in {path} is not finished", "finish it with --resume first")
    data = directory.read_config()
    identity = data.pop("model", {})
    # One record answers for the writer and the judge too.
    config = load_config({**data, "writer": None, "writer_params": {}, "judge": None})
    task: Task = load(config.task, **config.task_params)
    record = _record(directory.calls_file, identity)
    with tempfile.TemporaryDirectory(prefix="grasp-replay-") as temporary:
        request = RunRequest(
            task=task,
            task_name=str(config.task),
            config=config,
            agent=record,
            run_dir=out or Path(temporary) / "run",
            preflight=False,
        )
        result = execute(request, listener)
        again = (
            load_library(result.run_dir / "skills" / "final")
            if result.learning and len(result.learning.library)
            else SkillLibrary()
        )
    before = (
        load_library(directory.final_skills)
        if any(directory.final_skills.glob("*"))  # Nor does git keep an empty folder.
        else SkillLibrary()
    )
    scores = directory.read_scores()
    summary = result.summary()
    keys = ("baseline_val", "best_val", "val_curve", "test", "ood", "gate_decisions")
    return Replay(
        result,
        same_library=[s.digest for s in before] == [s.digest for s in again],
        same_scores=all(scores[k] == summary[k] for k in keys),
    )
