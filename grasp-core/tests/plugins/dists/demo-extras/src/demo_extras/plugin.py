"""Registers tasks that can't be made here."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("extra-early", "demo_extras.early:Early", requires=("docker",)))
    register(TaskSpec("extra-late", "demo_extras.tasks:late", requires=("docker", "gpu")))
    register(TaskSpec("no-extra", "demo_extras.early:Early"))
    register(TaskSpec("no-attribute", "demo_extras.tasks:Missing"))
    register(TaskSpec("not-callable", "demo_extras.tasks:TEXT"))
    register(TaskSpec("exits", "demo_extras.exits:Never"))
