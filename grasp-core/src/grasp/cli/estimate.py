"""``grasp run --dry-run``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from grasp.runs.config import RunConfig


def show_estimate(
    task_name: str,
    config: RunConfig,
    agent: str,
    preset_dirs: Sequence[Path],
    turns: float | None,
    as_json: bool,
) -> None:
    """Print what a run would take; no call is made and nothing is written."""
    from grasp.contracts import ConfigError
    from grasp.plugins import load_task
    from grasp.runs.backends import open_backends
    from grasp.runs.estimate import estimate

    if config.method != "grasp":
        raise ConfigError(
            f"the calls of the method {config.method!r} can't be foreseen",
            "limit them: --max-calls, --max-tokens, --max-cost, --max-time",
        )
    closing: list[Callable[[], None]] = []
    try:
        actor = open_backends(agent, config, closing, preset_dirs)[0]
        task = load_task(task_name, **config.task_params)
        task.setup()
        closing.append(task.close)
        found = estimate(task, config.cycle, turns)
        facts = found.to_json(config, actor)
    finally:
        for close in reversed(closing):
            close()
    if as_json:
        click.echo(json.dumps(facts))
        return
    _print(facts, priced=bool(config.agent_params.get("prices")))


def _print(facts: dict[str, Any], *, priced: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for column in ("", "expected", "at most"):
        table.add_column(column, justify="left" if not column else "right")
    for purpose, amounts in facts["episodes"].items():
        table.add_row(f"episodes: {purpose}", *map(_number, amounts))
    table.add_row("calls of an episode", *map(_number, facts["turns"]))
    table.add_row("calls of the skill writer", *map(_number, facts["writer_calls"]))
    most = facts["most"] or {}
    for unit in ("calls", "tokens", *(["cost"] if priced else [])):
        table.add_row(unit, _number(facts["expected"][unit]), _number(most.get(unit)))
    console = Console()
    console.print(table)
    console.print(
        "\nThe calls of an episode are a guess (--turns gives a better one), tokens a rough one; "
        "repeats answered from memory cost nothing. To be sure, set a limit: --max-calls, "
        "--max-tokens, --max-cost, --max-time.",
        highlight=False,
    )


def _number(value: float | None) -> str:
    return "no limit" if value is None else f"{value:,.4g}" if value < 10 else f"{value:,.0f}"
