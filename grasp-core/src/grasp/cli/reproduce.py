"""``grasp reproduce``."""

from __future__ import annotations

from pathlib import Path

import click

#: Where a clone of the repository keeps the paper's figures.
PAPER = Path("results", "paper")


@click.command()
@click.argument("wanted", nargs=-1, metavar="[RUN|TABLE|MODEL|BENCHMARK]...")
@click.option(
    "--paper",
    type=click.Path(file_okay=False, path_type=Path),
    default=PAPER,
    show_default=True,
    help="Folder of the paper's figures.",
)
@click.option(
    "--scores",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of single runs' figures; default: the paper's.",
)
@click.option("--json", "form", flag_value="json", help="Print a JSON array of cells.")
@click.option("--csv", "form", flag_value="csv", help="Print the cells as CSV.")
@click.option("--markdown", "form", flag_value="markdown", help="Print tables in Markdown.")
@click.option("--latex", "form", flag_value="latex", help="Print tables in LaTeX.")
def reproduce(wanted: tuple[str, ...], paper: Path, scores: Path | None, form: str | None) -> None:
    """Recompute the paper's tables from its figures of single runs.

    Cells are mean and sample standard deviation over runs, in per cent; the published one
    stands beside it in brackets, where there is one. Exits with code 1 if one differs by more
    than rounding. Tables are 1 to 5 and 'sensitivity'.

    With folders of finished runs, the same tables are made from these, beside the paper's.

    \b
    Examples:
      grasp reproduce
      grasp reproduce 1 gpt-oss-120b
      grasp reproduce 5 --json
      grasp reproduce runs/sweep 1
    """
    import json

    from grasp.results import cells, printing, read_figures, read_published
    from grasp.results.comparison import compare
    from grasp.results.runs import figures_of

    published = read_published(paper / "published.csv")
    runs = [Path(w) for w in wanted if Path(w).is_dir()]
    if runs:
        words = [w for w in wanted if not Path(w).is_dir()]
        found = compare(cells(figures_of(runs)), published, words, own=True)
    else:
        found = compare(cells(read_figures(scores or paper / "scores.csv")), published, wanted)
    if form == "json":
        click.echo(json.dumps(printing.rows(found), indent=1))
    elif form == "csv":
        click.echo(printing.as_csv(found), nl=False)
    elif form == "markdown":
        click.echo(printing.as_markdown(found), nl=False)
    elif form == "latex":
        click.echo(printing.as_latex(found), nl=False)
    else:
        click.echo(printing.as_text(found))
    # Beside the tables, so that what a script reads is only they.
    for line in printing.verdict(found):
        click.echo(line, err=form is not None)
    if not found.holds:
        click.get_current_context().exit(1)
