"""``grasp eval``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from grasp.cli.params import param_option


@click.command("eval")
@click.argument("task")
@click.option("--agent", help="Preset of the model ('grasp doctor' lists them).")
@click.option(
    "--skills", type=click.Path(file_okay=False), help="Library to act with; none without."
)
@click.option(
    "--artifact",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN",
    help="Act with what this run learned, by any method.",
)
@click.option("--split", default="val", show_default=True, help="dev, val, test or ood.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N samples.")
@click.option("--per-type", type=click.IntRange(min=1), help="Only N samples of each type.")
@click.option(
    "--config", "config_file", type=click.Path(dir_okay=False), help="YAML file of settings."
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting.")
@param_option("One task parameter.")
@click.option(
    "--store",
    type=click.Path(dir_okay=False),
    help="Keep answers in this file and use those in it.",
)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
def eval_(
    task: str,
    agent: str | None,
    skills: str | None,
    artifact: Path | None,
    split: str,
    limit: int | None,
    per_type: int | None,
    config_file: str | None,
    overrides: tuple[str, ...],
    params: tuple[str, ...],
    store: str | None,
    as_json: bool,
) -> None:
    """Measure an agent on one split of TASK, with or without a skill library.

    \b
    Examples:
      grasp eval medagentbench --agent local --split val
      grasp eval medagentbench --agent local --skills runs/short/skills/final
      grasp eval medagentbench-v2 --agent local --split ood --artifact runs/short
    """
    from rich.console import Console

    from grasp.cli.main import warn_of_broken_plugins
    from grasp.plugins import load_task, registry
    from grasp.report.evaluation import print_evaluation
    from grasp.report.progress import RunProgress
    from grasp.runs.artifact import load_artifact
    from grasp.runs.backends import presets_beside
    from grasp.runs.config import choose_agent, load_config
    from grasp.runs.evaluate import evaluate
    from grasp.skills import SkillLibrary, load_library

    warn_of_broken_plugins(registry().plugins)
    registry().find("tasks", task)
    config = load_config(config_file, [*overrides, *params])
    library = load_library(Path(skills)) if skills else SkillLibrary()
    name = choose_agent(agent, config)
    environment = load_task(task, **config.task_params)
    if artifact is not None and skills:
        raise click.UsageError("--skills and --artifact exclude one another.")
    learned = None if artifact is None else load_artifact(artifact, environment)
    console = Console(stderr=as_json)
    with RunProgress(console) as progress:
        result = evaluate(
            environment,
            name,
            config,
            split=split,
            library=library,
            wrap=None if learned is None else learned.wrap,
            limit=limit,
            per_type=per_type,
            store_file=Path(store) if store else None,
            listener=progress,
            preset_dirs=presets_beside(config_file),
        )
    print_evaluation(console, result)
    if as_json:
        click.echo(json.dumps(result.to_json()))
