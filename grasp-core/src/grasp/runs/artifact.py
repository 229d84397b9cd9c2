"""What a finished run has learned, whatever its method, to act with on any task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import GraspError, PluginError, RunError, Task
from grasp.engine import Wrap
from grasp.methods import Method
from grasp.plugins import load_method, registry
from grasp.plugins.loading import one_line
from grasp.runs.journal import read_journal
from grasp.runs.rundir import RunDirectory, require_run
from grasp.skills import SkillAgent, load_library


@dataclass(frozen=True)
class Artifact:
    """A run's method, and an agent's wrapper that acts with what it learned, frozen."""

    method: str
    wrap: Wrap
    skills: tuple[str, ...] = ()


def load_artifact(run: Path, task: Task) -> Artifact:
    """Load what a run has learned, for a task that need not be the run's.

    Args:
        run: Folder of a finished run.
        task: What will be acted on.

    Raises:
        RunError: There is no run, it is not finished, or what it learned is damaged.
        PluginError: The run's method is not installed.
    """
    directory = require_run(run)
    if not directory.finished:
        raise RunError(f"the run in {run} is not finished", "finish it with --resume first")
    config = directory.read_config()
    name = str(config.get("method", "grasp"))
    learned = _learned(directory)
    if learned is None and not _has_artifact(name):
        library = load_library(directory.final_skills)
        return Artifact(name, lambda agent: SkillAgent(agent, library, task), library.names)
    method = load_method(name)(config, directory.path, task)
    try:
        if learned is None:
            raise ValueError("the journal does not have it")
        method.load_artifact(learned)
    except GraspError:
        raise
    except Exception as error:  # Of whatever method: only it knows what it takes.
        what = str(error) if isinstance(error, ValueError) else one_line(error)
        raise RunError(
            f"what the run in {run} has learned is damaged: {what}",
            f"'grasp run {config.get('task')} --run-dir {run} --resume' makes it again from the "
            "stored answers",
        ) from None
    return Artifact(name, method.wrap)


def _learned(directory: RunDirectory) -> Any:
    """Return what the journal says was learned; ``None`` if it says nothing."""
    try:
        events = list(read_journal(directory.journal_file))
    except OSError as error:
        raise RunError(
            f"can't read {directory.journal_file}: {error.strerror or error}",
            "restore it; without it nobody knows what was learned",
        ) from None
    finished = [e for e in events if e.get("event") == "finished"]
    return finished[-1].get("artifact") if finished else None


def _has_artifact(name: str) -> bool:
    """Return whether a method keeps what it learned apart from a library of skills."""
    try:
        factory, _ = registry().resolve("methods", name)
    except PluginError:  # A library acts without the method that made it.
        return False
    return getattr(factory, "load_artifact", Method.load_artifact) is not Method.load_artifact
