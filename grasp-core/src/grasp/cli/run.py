"""``grasp run``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from grasp.cli.params import param_option

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(text: str) -> float:
    """Return the seconds of ``90s``, ``30m``, ``2h``, ``1d`` or a bare number."""
    unit = _UNITS.get(text[-1:].lower())
    try:
        seconds = float(text[:-1] if unit else text) * (unit or 1)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise click.BadParameter(f"{text!r} is not a time such as 90s, 30m or 2h")
    return seconds


@click.command()
@click.argument("task")
@click.option("--method", help="How to learn; default: the configuration's, else grasp.")
@click.option("--agent", help="Preset of the model ('grasp doctor' lists them).")
@click.option(
    "--config", "config_file", type=click.Path(dir_okay=False), help="YAML file of settings."
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="One setting, e.g. cycle.epochs=2.",
)
@param_option("One parameter of the task.")
@click.option(
    "--run-dir", type=click.Path(file_okay=False), help="Folder of the run; default: a new one."
)
@click.option("--resume", is_flag=True, help="Go on where the run stopped; pays no call twice.")
@click.option("--force", is_flag=True, help="Replace the run in --run-dir.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N samples of a split.")
@click.option(
    "--per-type", type=click.IntRange(min=1), help="Only N samples of each type of a split."
)
@click.option("--max-calls", type=click.IntRange(min=0), help="Stop after so many calls.")
@click.option("--max-tokens", type=click.IntRange(min=0), help="Stop after so many tokens.")
@click.option("--max-cost", type=click.FloatRange(min=0), help="Stop when so much is spent.")
@click.option("--max-time", type=duration, metavar="TIME", help="Stop after 90s, 30m or 2h.")
@click.option("--dry-run", is_flag=True, help="Estimate calls, tokens and cost; ask nothing.")
@click.option("--turns", type=click.FloatRange(min=1), help="Calls of an episode, for --dry-run.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
def run(
    task: str,
    method: str | None,
    agent: str | None,
    config_file: str | None,
    overrides: tuple[str, ...],
    params: tuple[str, ...],
    run_dir: str | None,
    resume: bool,
    force: bool,
    limit: int | None,
    per_type: int | None,
    max_calls: int | None,
    max_tokens: int | None,
    max_cost: float | None,
    max_time: float | None,
    dry_run: bool,
    turns: float | None,
    as_json: bool,
) -> None:
    """Learn skills on TASK and evaluate them.

    \b
    Examples:
      grasp run medagentbench --agent local
      grasp run medagentbench --agent local --set cycle.epochs=2 --run-dir runs/short
      grasp run medagentbench --agent local --run-dir runs/short --resume
      grasp run medagentbench --agent local --per-type 2 --set cycle.epochs=1
      grasp run medagentbench --agent local --max-calls 500 --max-time 2h
      grasp run medagentbench --agent local --dry-run

    A run that reaches a limit stops with exit code 3; --resume goes on with a larger one.
    """
    from rich.console import Console

    from grasp.cli.estimate import show_estimate
    from grasp.cli.main import warn_of_broken_plugins
    from grasp.contracts import BudgetSpent, ConfigError
    from grasp.plugins import load_method, load_task, registry
    from grasp.report.progress import RunProgress
    from grasp.report.summary import print_run
    from grasp.runs.backends import presets_beside
    from grasp.runs.config import choose_agent, load_config
    from grasp.runs.execute import RunRequest, execute
    from grasp.runs.journal import read_journal
    from grasp.runs.rundir import RunDirectory, latest_run, new_run_path

    warn_of_broken_plugins(registry().plugins)
    registry().find("tasks", task)
    if resume and force:
        raise ConfigError("--resume and --force exclude each other", "choose one")
    named = {
        "cycle.limit": limit,
        "cycle.per_type": per_type,
        "budget.calls": max_calls,
        "budget.tokens": max_tokens,
        "budget.cost": max_cost,
        "budget.seconds": max_time,
    }
    sets = [
        *overrides,
        *params,
        *(f"{name}={value}" for name, value in named.items() if value is not None),
    ]
    source: Any = config_file
    if resume and config_file is None and run_dir is not None:
        source = _started_with(RunDirectory(Path(run_dir)))
    config = load_config(source, sets)
    if method:
        config = config.model_copy(update={"method": method})
    load_method(config.method)
    name = choose_agent(agent, config)
    if dry_run:
        show_estimate(task, config, name, presets_beside(config_file), turns, as_json)
        return
    if run_dir is not None:
        path = Path(run_dir)
    elif resume:
        path = latest_run(config.output_dir, task, config.method)
        if config_file is None:
            config = load_config(_started_with(RunDirectory(path)), sets)
            name = choose_agent(agent, config)
    else:
        path = new_run_path(config.output_dir, task, config.method)
    console = Console(stderr=as_json)
    request = RunRequest(
        task=load_task(task, **config.task_params),
        task_name=task,
        config=config,
        agent=name,
        run_dir=path,
        resume=resume,
        force=force,
        preset_dirs=presets_beside(config_file),
    )
    with RunProgress(console) as progress:
        result = execute(request, progress)
    console.print()
    print_run(console, list(read_journal(RunDirectory(path).journal_file)))
    directory = RunDirectory(path)
    skills = directory.current_skills if result.stopped else directory.final_skills
    console.print(
        f"\nThe run is in {path}; the skills are in {skills}", highlight=False, soft_wrap=True
    )
    if as_json:
        click.echo(json.dumps(result.summary()))
    if result.stopped:
        raise BudgetSpent(
            f"stopped: {result.stopped}; everything learned so far is saved",
            f"go on with --run-dir {path} --resume and a larger limit",
        )


def _started_with(directory: Any) -> dict[str, Any] | None:
    """Return the settings a run was started with, without what only describes it."""
    if not directory.config_file.exists():
        return None
    data: dict[str, Any] = directory.read_config()
    data.pop("model", None)
    return data
