"""What it registers is described by nothing."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl

BREAKS = "described"
SAYS = "task 'walk': no summary"
MEND = "give the spec a summary"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk"))
