"""Greets when it is discovered."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl

print("demo-prints greets at discovery")


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("prints", "demo_prints.task:Chatty"))
