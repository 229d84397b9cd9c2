"""Its factory is a number."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "importable-factories"
SAYS = "is not callable"
MEND = "correct 'broken.good_task:MAX_TURNS'"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:MAX_TURNS", "Walk."))
