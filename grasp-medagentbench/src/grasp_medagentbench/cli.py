"""``grasp medagentbench``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from grasp_medagentbench.quickstart.commands import quickstart, record

if TYPE_CHECKING:
    from grasp_medagentbench.chart_task import ChartTask

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def medagentbench() -> None:
    """The quickstart, and the synthetic patients of MedAgentBench."""


medagentbench.add_command(quickstart)
medagentbench.add_command(record)


def _choosing_patients(command: _Command) -> _Command:
    options = (
        click.option(
            "--task",
            "name",
            type=click.Choice(["medagentbench", "medagentbench-v2", "medagentbench-magnesium"]),
            default="medagentbench",
            show_default=True,
            help="Whose patients.",
        ),
        click.option("--cohort-seed", default=0, show_default=True, help="Seed of the cohort."),
        click.option(
            "--data-file", type=click.Path(dir_okay=False), help="Task file in the official form."
        ),
        click.option(
            "--source",
            type=click.Choice(["auto", "official", "synthetic"]),
            help="Records without a task file.  [default: auto]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _task(name: str, cohort_seed: int, **optional: str | None) -> ChartTask:
    from grasp.plugins import load_task

    chosen = {key: value for key, value in optional.items() if value is not None}
    # By its full name: another plugin may offer a task of the short one.
    task = load_task(f"grasp-medagentbench/{name}", cohort_seed=cohort_seed, **chosen)
    task.setup()
    return cast("ChartTask", task)


@medagentbench.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port; 0 takes a free one.")
@_choosing_patients
def serve(
    host: str,
    port: int,
    name: str,
    cohort_seed: int,
    data_file: str | None,
    source: str | None,
) -> None:
    """Serve the patients as a FHIR R4 server under /fhir/, until interrupted.

    A run reads from it with the task parameter fhir_base_url.
    """
    from grasp_medagentbench import fhir

    task = _task(name, cohort_seed, data_file=data_file, source=source)
    with fhir.serve(task.store, host, port) as server:
        click.echo(
            f"{task.cohort.patients} patients and {task.cohort.decoys} others at {server.base_url}"
        )
        click.echo("Stop it with Ctrl-C.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            click.echo("Stopped.")


@medagentbench.command()
@_choosing_patients
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def cohort(
    name: str, cohort_seed: int, data_file: str | None, source: str | None, as_json: bool
) -> None:
    """Show how often each branch of each task type occurs, and what lazy agents score.

    Lazy agents never read: do-nothing answers [], say-minus-one answers [-1] (in v2 [-1, -1]),
    always-order places every order that the instruction mentions. In v2 order-tests leaves
    out the one drug that is only sometimes wanted beside tests.
    """
    task = _task(name, cohort_seed, data_file=data_file, source=source)
    report = {
        "source": task.source,
        "cohort_seed": cohort_seed,
        "patients": task.cohort.patients,
        "decoys": task.cohort.decoys,
        "resources": len(task.cohort.resources),
        "branches": task.cohort.mix(task.splits),
        "lazy_scores": task.lazy_scores(),
        "lazy_scores_by_type": task.lazy_scores_by_type(),
    }
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _show(report)


def _show(report: Mapping[str, Any]) -> None:
    click.echo(
        f"{report['patients']} patients, {report['decoys']} others, "
        f"{report['resources']} resources (records: {report['source']}, "
        f"seed {report['cohort_seed']})\n"
    )
    for kind, by_split in sorted(report["branches"].items(), key=lambda item: int(item[0][4:])):
        for split, counts in by_split.items():
            mix = ", ".join(f"{branch} {n}" for branch, n in sorted(counts.items()))
            click.echo(f"{kind:7}{split:5}{mix}")
    click.echo("\nScores of agents that never read")
    for name in ("lazy_scores", "lazy_scores_by_type"):
        for policy, scores in report[name].items():
            groups = sorted(scores, key=lambda g: int(g[4:]) if g.startswith("task") else 0)
            shown = "  ".join(f"{group} {scores[group]:.2f}" for group in groups)
            click.echo(f"{policy:15}{shown}")
