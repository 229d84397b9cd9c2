"""Its parameters' model is not there."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "importable-factories"
SAYS = "has no attribute 'Params'"
MEND = "correct 'broken.good_task:Params'"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk.", "broken.good_task:Params"))
