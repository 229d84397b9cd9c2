"""Imports a client library to register a task."""

from __future__ import annotations

from collections.abc import Callable

import openai  # noqa: F401

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("heavy", "json:loads"))
