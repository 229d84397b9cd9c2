"""It is made for another GRASP."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "loads"
SAYS = "needs grasp-core >=99"
MEND = "widen the range"
REQUIRES = "grasp-core>=99"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
