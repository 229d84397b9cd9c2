"""Implements a hook that does not exist."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_task(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("misspelt", "json:loads"))
