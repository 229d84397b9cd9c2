"""``grasp show``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(file_okay=False))
@click.option(
    "--json", "as_json", is_flag=True, help="Print the run's summary and journal as JSON."
)
def show(run: str, as_json: bool) -> None:
    """Show a run: learning curve, gate decisions with their reasons, learned skills."""
    from rich.console import Console

    from grasp.report.summary import print_run
    from grasp.runs.journal import read_journal
    from grasp.runs.rundir import require_run

    directory = require_run(Path(run))
    journal = directory.journal_file
    events = list(read_journal(journal)) if journal.exists() else []
    if as_json:
        scores = directory.read_scores() if directory.finished else None
        click.echo(json.dumps({"finished": directory.finished, "scores": scores, "events": events}))
        return
    console = Console()
    if not directory.finished:
        console.print(f"The run is unfinished; go on with: grasp run … --run-dir {run} --resume")
    print_run(console, events)
