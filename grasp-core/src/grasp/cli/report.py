"""``grasp report``."""

from __future__ import annotations

import os
from pathlib import Path

import click

PAGE = "report.html"


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; default: RUN/report.html."
)
@click.option("--no-runs", is_flag=True, help="Of a folder of runs: only the page of them all.")
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def report(run: Path, out: Path | None, no_runs: bool, show: bool) -> None:
    """Write RUN as one HTML file: curve, gate decisions, skills, every trace.

    The file needs no network and works from disk. An unfinished run is shown as far as it is.
    RUN may also be a folder of runs, such as a sweep's: then the file compares them, and each
    run gets a page of its own beside it.

    \b
    Examples:
      grasp report runs/mine
      grasp report runs/mine --out mine.html --open
      grasp report runs/methods
    """
    from grasp.report.html import run_page
    from grasp.runs.rundir import RunDirectory

    target = out or run / PAGE
    text = run_page(run) if RunDirectory(run).exists else _overview(run, target, no_runs)
    _write(target, text)
    if show:
        click.launch(str(target))


def _overview(folder: Path, target: Path, no_runs: bool) -> str:
    """Return the page of a folder of runs, after that of each of them is written."""
    from grasp.contracts import GraspError
    from grasp.report.html import overview_page, run_page
    from grasp.runs.rundir import runs_in

    links: dict[Path, str] = {}
    for one in () if no_runs else runs_in(folder):
        try:
            _write(one / PAGE, run_page(one))
        except (GraspError, ValueError, KeyError) as error:
            click.echo(f"Warning: {one} can't be shown: {error}", err=True)
            continue
        links[one] = Path(os.path.relpath(one / PAGE, target.parent)).as_posix()
    return overview_page(folder, links)


def _write(target: Path, text: str) -> None:
    from grasp.contracts import RunError

    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"can't write {target}: {error.strerror}", "name another with --out"
        ) from None
    click.echo(f"{target} ({len(text.encode()) / 1e6:.1f} MB)")
