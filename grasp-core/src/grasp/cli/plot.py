"""``grasp plot``."""

from __future__ import annotations

from pathlib import Path

import click

from grasp.cli.reproduce import PAPER


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option(
    "--what", type=click.Choice(["curve", "gate", "sensitivity"]), default="curve",
    show_default=True, help="What to draw.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="File: .png, .svg or .pdf.",
)  # fmt: skip
@click.option(
    "--paper", type=click.Path(file_okay=False, path_type=Path), default=PAPER, show_default=True,
    help="Folder of the paper's figures.",
)  # fmt: skip
def plot(runs: tuple[Path, ...], what: str, out: Path, paper: Path) -> None:
    """Draw RUNs for a paper: needs the extra 'plot'.

    A RUN is a folder of a run, or a folder of runs that make one line. 'curve' shows validation
    after each epoch, 'gate' every candidate of one run with its interval, 'sensitivity' the sweeps
    of B, N, K and lambda: of RUNs, or without them the paper's.

    \b
    Examples:
      grasp plot runs/a runs/b --out curves.svg
      grasp plot runs/a --what gate --out gate.png
      grasp plot --what sensitivity --out sensitivity.pdf
    """
    from grasp.contracts import RunError
    from grasp.report import plots, series
    from grasp.results import cells, read_figures
    from grasp.results.runs import figures_of
    from grasp.runs.journal import read_journal
    from grasp.runs.rundir import runs_in

    plots.check(out)
    if what == "sensitivity":
        figures = figures_of(runs) if runs else read_figures(paper / "scores.csv")
        plots.draw_sensitivity(series.sensitivity(cells(figures)), out)
    else:
        if not runs:
            raise click.UsageError("name a run, e.g.: grasp plot runs/mine --out curve.svg")
        found = {run: [list(read_journal(r / "journal.jsonl")) for r in runs_in(run)]
                 for run in runs}  # fmt: skip
        if what == "curve":
            plots.draw_curves([series.curve(r.name, events) for r, events in found.items()], out)
        else:
            (events, *more) = [one for side in found.values() for one in side]
            if more:
                raise RunError("--what gate draws one run", "name one run")
            plots.draw_gate(series.gate(events), out)
    click.echo(f"The plot is {out}")
