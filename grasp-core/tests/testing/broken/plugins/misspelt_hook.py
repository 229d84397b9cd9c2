"""Its hook has a name that does not exist."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "known-hooks"
SAYS = "there is no hook grasp_register_task"
MEND = "did you mean grasp_register_tasks?"


@hookimpl
def grasp_register_task(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
