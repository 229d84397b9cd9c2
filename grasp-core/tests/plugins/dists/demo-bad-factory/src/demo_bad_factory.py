"""Registers one good task, then one whose factory is no dotted path."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("fine", "json:loads"))
    register(TaskSpec("factory", "json loads"))
