"""Gives a hook's argument another name."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(registry: Callable[[TaskSpec], None]) -> None:
    registry(TaskSpec("argument", "json:loads"))
