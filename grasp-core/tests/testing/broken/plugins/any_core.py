"""Its distribution does not say for which GRASP it is made."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "states-its-core"
SAYS = "doesn't say which grasp-core it needs"
MEND = 'dependencies = ["grasp-core>=0.1,<1"]'
REQUIRES = ""


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
