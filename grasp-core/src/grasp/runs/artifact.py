"""What a finished run has learned, whatever its method, to act with on any task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grasp.contracts import RunError, Task
from grasp.engine import Wrap
from grasp.plugins import load_method
from grasp.runs.journal import read_journal
from grasp.runs.rundir import require_run
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
        RunError: There is no run, or it is not finished.
        PluginError: The run's method is not installed.
    """
    directory = require_run(run)
    if not directory.finished:
        raise RunError(f"the run in {run} is not finished", "finish it with --resume first")
    config = directory.read_config()
    name = str(config.get("method", "grasp"))
    finished = [e for e in read_journal(directory.journal_file) if e["event"] == "finished"]
    learned = finished[-1].get("artifact") if finished else None
    if learned is None:
        library = load_library(directory.final_skills)
        return Artifact(name, lambda agent: SkillAgent(agent, library, task), library.names)
    method = load_method(name)(config, directory.path, task)
    method.load_artifact(learned)
    return Artifact(name, method.wrap)
