"""``grasp report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; default: RUN/report.html."
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def report(run: Path, out: Path | None, show: bool) -> None:
    """Write RUN as one HTML file: curve, gate decisions, skills, every trace.

    The file needs no network and works from disk. An unfinished run is shown as far as it is.

    \b
    Examples:
      grasp report runs/mine
      grasp report runs/mine --out mine.html --open
    """
    from grasp.contracts import RunError
    from grasp.report.html import run_page

    text = run_page(run)
    target = out or run / "report.html"
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"can't write {target}: {error.strerror}", "name another with --out"
        ) from None
    click.echo(f"{target} ({len(text.encode()) / 1e6:.1f} MB)")
    if show:
        click.launch(str(target))
