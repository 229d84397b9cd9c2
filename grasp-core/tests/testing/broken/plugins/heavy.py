"""It imports a client library to define hooks."""

from __future__ import annotations

from collections.abc import Callable

import openai  # noqa: F401

from grasp import TaskSpec, hookimpl

BREAKS = "light-import"
SAYS = "openai"
MEND = "name factories by their dotted path"


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("walk", "broken.good_task:Walk", "Walk along a line."))
