"""``grasp replay``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(file_okay=False))
@click.option("--out", type=click.Path(file_okay=False), help="Keep the replayed run here.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
def replay(run: str, out: str | None, as_json: bool) -> None:
    """Run a finished RUN again, offline, from its own answers.

    Every rollout, probe and gate decision is computed anew; exit code 1 if another
    library or score comes out.
    """
    from rich.console import Console

    from grasp.contracts import RunError
    from grasp.plugins import load_task
    from grasp.report.progress import RunProgress
    from grasp.runs.replay import replay as replay_run

    console = Console(stderr=as_json)
    with RunProgress(console) as progress:
        again = replay_run(Path(run), load_task, Path(out) if out else None, progress)
    if as_json:
        facts: dict[str, object] = {} if out else {"run_dir": None}  # It is gone by now.
        facts |= {"same_library": again.same_library, "same_scores": again.same_scores}
        click.echo(json.dumps({**again.result.summary(), **facts}))
    if not (again.same_library and again.same_scores):
        raise RunError("the replay came to another end than the run", "compare the two journals")
    console.print("The replay made the same decisions, scores and library.", style="green")
