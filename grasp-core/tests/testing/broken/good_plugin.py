"""A plugin that keeps every contract."""

from __future__ import annotations

from collections.abc import Callable

from grasp import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
