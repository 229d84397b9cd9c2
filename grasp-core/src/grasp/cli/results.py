"""``grasp results``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click


@click.group()
def results() -> None:
    """Import results of the original's release."""


@results.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("scores.csv"),
    show_default=True,
    help="File of figures to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_(folder: Path, out: Path, as_json: bool) -> None:
    """Read the figures of every run in DIR, a tree of results as the original released it.

    Folders that can't be placed are counted with the reason. Learned libraries are read with
    'grasp skills import'.

    \b
    Examples:
      grasp results import GRASP/results --out imported.csv
      grasp reproduce --scores imported.csv 1
    """
    from grasp.contracts import RunError
    from grasp.results.figures import write_figures
    from grasp.results.released import read_released

    found = read_released(folder)
    reasons = Counter(reason for _, reason in found.skipped)
    if not found.runs:
        first, reason = found.skipped[0]
        raise RunError(f"no run in {folder} could be placed; {first}: {reason}")
    write_figures(out, found.figures)
    if as_json:
        facts = {"runs": found.runs, "figures": len(found.figures), "skipped": dict(reasons)}
        click.echo(json.dumps({"file": str(out), **facts}))
        return
    click.echo(f"{len(found.figures)} figures of {found.runs} runs are in {out}")
    for reason, number in reasons.most_common():
        click.echo(f"left out {number}: {reason}", err=True)
