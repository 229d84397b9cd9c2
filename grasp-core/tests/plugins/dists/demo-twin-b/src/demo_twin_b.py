"""One of two that share every name."""

from __future__ import annotations

from collections.abc import Callable

import click

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("twin-task", "builtins:dict", options={"owner": "b"}))


@click.command()
def twin() -> None:
    """Say whose command this is."""
    click.echo("twin b ran")
