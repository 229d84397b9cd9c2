"""Its factory stands in a module that is not there."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "importable-factories"
SAYS = "No module named 'broken.no_such'"
MEND = "correct 'broken.no_such:Walk'"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.no_such:Walk", "Walk."))
