"""``grasp doctor``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from grasp.cli.params import param_option

if TYPE_CHECKING:
    from grasp.agents.diagnosis import Finding
    from grasp.contracts import Backend, TaskBackend


@click.command()
@click.argument("task", required=False)
@click.option("--probe", metavar="NAME", help="Make one tiny real call with this preset.")
@click.option(
    "--noise",
    type=click.IntRange(min=1),
    metavar="N",
    help="Run N samples of TASK twice; without TASK, ask three tiny prompts N times.",
)
@click.option("--agent", metavar="NAME", help="Preset of --noise.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting.")
@param_option("One parameter of TASK.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(
    task: str | None,
    probe: str | None,
    noise: int | None,
    agent: str | None,
    overrides: tuple[str, ...],
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show which backends can be used here, and what mends the others.

    Those of the models, or of TASK's environment. No call is made without --probe or --noise.
    --noise says how often a verdict changes on a second run, what that does to the published
    gate, and which gate to use.

    \b
    Examples:
      grasp doctor
      grasp doctor medagentbench
      grasp doctor --probe local
      grasp doctor --noise 10 --agent local
      grasp doctor --noise 40 --agent local medagentbench
    """
    if task is not None:
        if noise is None:
            _environment(task, params, as_json)
            return
        from grasp.cli.noise import show_noise

        show_noise(task, agent, noise, (*overrides, *params), as_json)
        return
    if probe is None and noise is None:
        _overview(as_json)
        return
    facts: dict[str, Any] = {}
    if probe is not None:
        facts["probe"] = _probe(probe)
    if noise is not None:
        from grasp.runs.config import choose_agent, load_config

        facts["noise"] = _noise(choose_agent(agent, load_config(None, overrides)), noise)
    if as_json:
        click.echo(json.dumps(facts))
        return
    if "probe" in facts:
        found = facts["probe"]
        click.echo(
            f"{found['name']}: {found['model']} answered {found['answer']!r}"
            f" in {found['seconds']:.1f} s ({found['tokens']} tokens)"
        )
    if "noise" in facts:
        found = facts["noise"]
        click.echo(
            f"{found['name']}: {found['differing']} of {found['repeats']} repeats differed"
            f" (flip rate {found['flip_rate']:.2f})"
        )
        if not found["differing"]:
            click.echo("It looks deterministic; 'deterministic: true' would save repeated calls.")


def _environment(name: str, params: Sequence[str], as_json: bool) -> None:
    from grasp.plugins import load_task
    from grasp.runs.config import load_config

    given = load_config(None, params).task_params
    backends = load_task(name, **given).backends()
    if as_json:
        click.echo(json.dumps({"task": name, "backends": [asdict(b) for b in backends]}))
        return
    if not backends:
        click.echo(f"{name} needs nothing beyond its package.")
        return
    rows = [(b.name, _state(b), b.about) for b in backends]
    _print_table(("backend", "state", "what it is"), rows)
    lacking = [b for b in backends if b.remedy]
    if lacking:
        click.echo("\nTo use the others:")
    for backend in lacking:
        click.echo(f"  {backend.name}: {backend.remedy}")


def _state(backend: TaskBackend) -> str:
    if not backend.usable:
        return "not usable"
    return "in use" if backend.chosen else "usable"


def _print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _overview(as_json: bool) -> None:
    from grasp.agents.diagnosis import diagnose

    findings = diagnose()
    if as_json:
        click.echo(json.dumps({"backends": [f.to_json() for f in findings]}))
        return
    rows = [(f.name, f.state, f.model, f.endpoint) for f in findings]
    _print_table(("backend", "state", "model", "where"), rows)
    lacking = [f for f in findings if f.remedy or f.problem]
    if lacking:
        click.echo("\nTo use the others:")
    for finding in lacking:
        click.echo(_advice(finding))


def _advice(finding: Finding) -> str:
    problem = f"  # {finding.problem}" if finding.problem else ""
    return f"  {finding.name}: {finding.remedy}{problem}"


def _backend(name: str, **options: Any) -> Backend:
    """Build the backend of a preset, or else of a plugin, which need not take options."""
    from grasp.agents.adapt import adapt
    from grasp.agents.loader import load_backend
    from grasp.agents.presets import available_presets
    from grasp.plugins import load_agent

    if name in available_presets():
        return load_backend(name, **options)
    return adapt(load_agent(name))


def _probe(name: str) -> dict[str, Any]:
    from grasp.contracts import ModelCall

    backend = _backend(name, max_retries=0)
    message = {"role": "user", "content": "Answer with the single word: ready"}
    started = time.monotonic()
    try:
        answer = backend.complete(ModelCall((message,), scope="doctor#0"))
    finally:
        backend.close()
    return {
        "name": name,
        "model": backend.identity.get("model", ""),
        "answer": " ".join(answer.text.split())[:80],
        "seconds": round(time.monotonic() - started, 3),
        "tokens": answer.usage.prompt_tokens + answer.usage.completion_tokens,
    }


def _noise(name: str, repeats: int) -> dict[str, Any]:
    from grasp.agents.diagnosis import measure_noise

    backend = _backend(name)
    try:
        noise = measure_noise(backend, repeats)
    finally:
        backend.close()
    return {
        "name": name,
        "repeats": noise.repeats,
        "differing": noise.differing,
        "flip_rate": noise.flip_rate,
    }
