"""Its factory's class is called otherwise."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "importable-factories"
SAYS = "has no attribute 'Work'"
MEND = "correct 'broken.good_task:Work'"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Work", "Walk."))
