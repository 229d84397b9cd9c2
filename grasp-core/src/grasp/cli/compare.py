"""``grasp compare``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--split", "splits", multiple=True, help="Only this split; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(runs: tuple[Path, ...], splits: tuple[str, ...], as_json: bool) -> None:
    """Compare runs on the samples they share, and say what is known and what is not.

    The first RUN is compared with each of the others; one alone with itself without skills. A
    RUN is the folder of a run, a folder of runs that differ in the seed, or a file of 'grasp
    eval --json'. Differences are those of the sealed splits with the final library.

    \b
    Examples:
      grasp compare runs/mine
      grasp compare runs/paper-gate runs/confirm-gate
      grasp compare sweep/no-gate sweep/gate --split test --json
    """
    from grasp.results.findings import LEVEL, compare_sides, differences, sentences
    from grasp.results.outcomes import NO_SKILLS, read_side

    sides = [read_side(path) for path in runs]
    if len(sides) == 1:
        sides.insert(0, read_side(runs[0], NO_SKILLS))
    found = compare_sides(sides, splits)
    warnings = differences(sides)
    if as_json:
        facts = {"level": LEVEL, "correction": "holm", "comparisons": len(found)}
        findings = [f.to_json() for f in found]
        click.echo(json.dumps({**facts, "warnings": warnings, "findings": findings}))
        return
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    for finding in found:
        click.echo(click.style(f"{finding.split}: {finding.second}", bold=True))
        click.echo(f"  against {finding.first}")
        for sentence in sentences(finding):
            click.echo(f"  {sentence}")
    if len(found) > 1:
        values = ", ".join(f"{f.p_holm:.2g}" for f in found)
        click.echo(
            f"{len(found)} comparisons at once; what is called better or worse is so after Holm's "
            f"correction (p = {values})."
        )
