"""``grasp medagentbench quickstart`` and ``grasp medagentbench record``."""

from __future__ import annotations

import json
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

TASK = "medagentbench-quickstart"


@click.command()
@click.option("--agent", help="Learn with this model instead of the recorded answers.")
@click.option("--run-dir", type=click.Path(file_okay=False), help="Folder of the run.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting.")
@click.option("--resume", is_flag=True, help="Go on where the run stopped.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
def quickstart(
    agent: str | None,
    run_dir: str | None,
    overrides: tuple[str, ...],
    resume: bool,
    as_json: bool,
) -> None:
    """Watch GRASP learn a skill: a compact task, and a small real model's recorded answers.

    Every rollout, probe, gate decision and file is computed here; only the model's answers
    come from the record.
    """
    from rich.console import Console

    console = Console(stderr=as_json)
    with as_file(files(__package__)) as folder:
        recorded: dict[str, Any] | None = None
        if agent is None:
            record_file = folder / "record.jsonl.gz"
            recorded = _header(record_file)
            _introduce(console, recorded)
            overrides = (*overrides, f"agent_params.path={record_file}")
        result = _learn(console, folder / "config.yaml", agent, run_dir, overrides, resume)
    where = Path(result["run_dir"])
    console.print(
        f"\nThe run is in {where}: journal.jsonl holds every decision, skills/final the library."
        "\nThe same with your own model, at any OpenAI-compatible endpoint:\n"
        "\n  OPENAI_BASE_URL=http://localhost:8000/v1 GRASP_MODEL=your-model "
        "nox -s quickstart -- --agent local\n",
        highlight=False,
        soft_wrap=True,
    )
    if as_json:
        click.echo(json.dumps(result))


def _header(record_file: Path) -> dict[str, Any]:
    from grasp.agents.recorded import read_record

    header, _ = read_record(record_file)
    return dict(header)


def _introduce(console: Any, header: dict[str, Any]) -> None:
    name = header.get("model_name") or header["identity"].get("model")
    console.print(
        f"Recorded answers of {name}, made on {header['made']}; everything else is computed now.\n",
        highlight=False,
        soft_wrap=True,
    )


def _learn(
    console: Any,
    config_file: Path,
    agent: str | None,
    run_dir: str | None,
    overrides: tuple[str, ...],
    resume: bool,
) -> dict[str, Any]:
    from grasp.plugins import load_task
    from grasp.report.progress import RunProgress
    from grasp.report.summary import print_run
    from grasp.runs.config import load_config
    from grasp.runs.execute import RunRequest, execute
    from grasp.runs.journal import read_journal
    from grasp.runs.rundir import latest_run, new_run_path

    config = load_config(config_file, overrides)
    if run_dir is not None:
        path = Path(run_dir)
    elif resume:
        path = latest_run(config.output_dir, TASK, config.method)
    else:
        path = new_run_path(config.output_dir, TASK, config.method)
    request = RunRequest(
        task=load_task(TASK, **config.task_params),
        task_name=TASK,
        config=config,
        agent=agent or "recorded",
        run_dir=path,
        resume=resume,
    )
    with RunProgress(console) as progress:
        result = execute(request, progress)
    console.print()
    print_run(console, list(read_journal(path / "journal.jsonl")))
    return result.summary()


@click.command()
@click.option("--agent", default="llamacpp", show_default=True, help="Preset of the real model.")
@click.option("--run-dir", type=click.Path(file_okay=False), help="Folder of the run.")
@click.option(
    "--out", type=click.Path(dir_okay=False), help="Record file; default: the packaged one."
)
@click.option("--model-name", help="The model's name for the record's header.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting.")
@click.option("--resume", is_flag=True, help="Go on where the run stopped.")
def record(
    agent: str,
    run_dir: str | None,
    out: str | None,
    model_name: str | None,
    overrides: tuple[str, ...],
    resume: bool,
) -> None:
    """Make the quickstart's record anew: learn with a real model and keep its answers."""
    from rich.console import Console

    from grasp.runs.record import record_run

    console = Console()
    with as_file(files(__package__)) as folder:
        target = Path(out) if out else folder / "record.jsonl.gz"
        result = _learn(console, folder / "config.yaml", agent, run_dir, overrides, resume)
        about = {"model_name": model_name, "python": sys.version.split()[0], **_gguf_facts()}
        count = record_run(Path(result["run_dir"]), target, {k: v for k, v in about.items() if v})
    console.print(f"\n{count} answers written to {target}", highlight=False, soft_wrap=True)


def _gguf_facts() -> dict[str, str]:
    """Return name and digest of the model file, if the model is one."""
    import hashlib
    import os

    path = os.environ.get("GRASP_GGUF")
    if not path or not Path(path).is_file():
        return {}
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return {"model_file": Path(path).name, "model_sha256": digest.hexdigest()}
