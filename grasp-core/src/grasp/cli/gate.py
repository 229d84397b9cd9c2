"""``grasp gate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

    from grasp.runs.regate import Redecision


@click.command()
@click.argument("run", type=click.Path(file_okay=False))
@click.option(
    "--gate", "name", required=True, metavar="NAME", help="A gate of 'grasp list-plugins'."
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A parameter of the gate."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def gate(run: str, name: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Decide every update of RUN again with another gate, and show what would differ.

    Nothing is run: the evidence is the journal's. A gate that needs fresh episodes the run
    never made says so.

    \b
    Examples:
      grasp gate runs/mine --gate mcnemar
      grasp gate runs/mine --gate replicate --set alpha=0.02
    """
    from grasp.runs.regate import regate, summary

    found = regate(Path(run), name, _parameters(overrides))
    counts = summary(found)
    if as_json:
        decisions = [d.to_json() for d in found]
        click.echo(json.dumps({"run": run, "gate": name, **counts, "decisions": decisions}))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(found, name))
    console.print(
        f"{counts['differ']} of {counts['decisions']} decisions differ under {name}."
        + (f" {counts['unknown']} can't be told." if counts["unknown"] else "")
    )
    if counts["unknown"]:
        console.print(
            f"{name} tests fresh episodes, which this run did not make; see what it would "
            f"decide with: grasp run … --set gate={name}",
            style="yellow",
        )
    if counts["curtailed"]:
        console.print(
            f"In {counts['curtailed']} of them a candidate's probe had been stopped early, when it "
            "could no longer win in the run; a run with curtail=false shows all of it.",
            style="dim",
        )
    if counts["differ"]:
        console.print(
            "Later decisions rest on what the run saw; a run under the other gate would have "
            "gone on to other candidates.",
            style="dim",
        )


def _parameters(overrides: tuple[str, ...]) -> dict[str, Any]:
    import yaml

    from grasp.contracts import ConfigError

    params: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise ConfigError(
                f"--set {override!r} is not of the form key=value", "e.g. --set alpha=0.05"
            )
        try:
            params[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            params[key.strip()] = text
    return params


def _table(found: list[Redecision], name: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("update", "the run accepted", f"{name} accepts", "because"):
        table.add_column(title, overflow="fold")
    for one in found:
        titles = one.titles
        then = "nothing" if one.then is None else titles[one.then]
        where = f"epoch {one.epoch}, batch {one.cycle}" + (", revision" if one.revision else "")
        if one.decision is None:
            assert one.needs is not None
            now, why = Text("?", "yellow"), (
                f"needs {2 * one.needs.repeats * len(one.needs.sample_ids)} fresh episodes of "
                f"{titles[one.needs.candidate]}"
            )  # fmt: skip
        else:
            winner = one.decision.winner
            style = "bold" if one.differs else ""
            now = Text("nothing" if winner is None else titles[winner], style)
            shown = winner if winner is not None else one.then
            shown = _best(one) if shown is None else shown
            why = one.decision.judgements[shown].reason
        table.add_row(where, Text(then), now, Text(why))
    return table


def _best(one: Redecision) -> int:
    """Return the candidate that came nearest, for its reason."""
    assert one.decision is not None
    scores = [j.counts.adjusted for j in one.decision.judgements]
    return scores.index(max(scores))
