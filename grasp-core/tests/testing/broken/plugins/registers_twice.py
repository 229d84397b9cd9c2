"""It registers one name twice."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "loads"
SAYS = "registered 'walk' twice"
MEND = "calls register()"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
    register(TaskSpec("walk", "broken.good_task:Walk", "Again."))
