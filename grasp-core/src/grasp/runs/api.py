"""For Python users: ``run_grasp`` and ``run_method``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grasp.contracts import Task
from grasp.methods import Method
from grasp.runs.backends import presets_beside
from grasp.runs.config import choose_agent, load_config
from grasp.runs.execute import Listener, RunRequest, execute
from grasp.runs.result import RunResult
from grasp.runs.rundir import latest_run, new_run_path


def run_grasp(
    task: Task,
    config: str | Path | Mapping[str, Any] | None = None,
    agent: Any = None,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    overrides: Iterable[str] = (),
    listener: Listener | None = None,
) -> RunResult:
    """Run GRASP, or the configuration's method, on a task.

    Args:
        task: The task to learn on.
        config: YAML file or plain data; the defaults without.
        agent: Preset name, a backend, or any object with ``inference(history)``;
            otherwise ``GRASP_BACKEND`` or the configuration decide.
        run_dir: Folder of the run; a new one under ``output_dir`` by default.
        resume: Go on with the run in ``run_dir`` (default: the newest of this task).
        force: Replace the run in ``run_dir``.
        overrides: Settings like ``cycle.epochs=2``.
        listener: Called with every event.

    Raises:
        GraspError: With a remedy.
    """
    return run_method(
        None,
        task,
        config,
        agent,
        run_dir=run_dir,
        resume=resume,
        force=force,
        overrides=overrides,
        listener=listener,
    )


def run_method(
    method: type[Method] | None,
    task: Task,
    config: str | Path | Mapping[str, Any] | None = None,
    agent: Any = None,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    overrides: Iterable[str] = (),
    listener: Listener | None = None,
) -> RunResult:
    """Run a method's class on a task; see ``run_grasp``."""
    settings = load_config(config, overrides)
    if agent is None or isinstance(agent, str):
        agent = choose_agent(agent, settings)
    name = task.name or type(task).__name__
    label = (method.name or method.__name__) if method else settings.method
    if method is not None:
        settings = settings.model_copy(update={"method": label})
    if run_dir is not None:
        path = Path(run_dir)
    elif resume:
        path = latest_run(settings.output_dir, name, label)
    else:
        path = new_run_path(settings.output_dir, name, label)
    request = RunRequest(
        task=task,
        task_name=name,
        config=settings,
        agent=agent,
        run_dir=path,
        method=method,
        resume=resume,
        force=force,
        preset_dirs=presets_beside(config),
    )
    return execute(request, listener)
