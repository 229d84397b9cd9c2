"""It forgot to mark its hook."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec

BREAKS = "known-hooks"
SAYS = "grasp_register_tasks looks like a hook but is not marked"
MEND = "write @hookimpl above grasp_register_tasks"


def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
