"""``grasp doctor TASK --noise N``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click


def show_noise(
    task_name: str, agent: str | None, samples: int, sets: tuple[str, ...], as_json: bool
) -> None:
    """Measure how often a verdict changes when the same sample is run again, and print it."""
    from rich.console import Console

    from grasp.plugins import load_task
    from grasp.report.progress import RunProgress
    from grasp.runs.config import choose_agent, load_config
    from grasp.runs.noise import measure_noise

    config = load_config(None, sets)
    name = choose_agent(agent, config)
    task = load_task(task_name, **config.task_params)
    console = Console(stderr=as_json)
    with RunProgress(console) as progress:
        facts = measure_noise(task, name, config, samples, progress).to_json()
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(_told(facts))


def _told(facts: Mapping[str, Any]) -> str:
    low, high = facts["interval"]
    least, most = facts["false_accept_interval"]
    advice = facts["advice"]
    dropped = f" ({facts['errors']} more could not be run)" if facts["errors"] else ""
    return (
        f"{facts['flipped']} of {facts['samples']} samples changed their verdict on a second run"
        f"{dropped}; {facts['differing']} transcripts differ.\n"
        f"Flip rate {facts['flip_rate']:.1%} (95 %: {low:.1%} to {high:.1%}).\n"
        f"The published gate (N = {facts['probe_size']}, K = {facts['candidates']}) would accept "
        f"an edit that does nothing in {facts['false_accept']:.0%} of updates "
        f"({least:.0%} to {most:.0%}).\n"
        f"Use 'gate: {advice['gate']}' and 'deterministic: {str(advice['deterministic']).lower()}':"
        f" {advice['why']}."
    )
