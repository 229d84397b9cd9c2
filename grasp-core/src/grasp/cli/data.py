"""``grasp data``."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grasp.plugins.datasets import Dataset


@click.group()
def data() -> None:
    """List, fetch and find the official data files of benchmarks.

    No benchmark needs them: each can generate data of its own.
    """


def _datasets() -> dict[str, Dataset]:
    from grasp.plugins import registry
    from grasp.plugins.resolve import import_target

    found: dict[str, Dataset] = {}
    for plugin, spec in registry().offers("tasks"):
        path = getattr(spec, "data", None)
        if path:
            dataset: Dataset = import_target(plugin, spec, path)
            found[dataset.name] = dataset
    return found


def _named(name: str) -> Dataset:
    from grasp.contracts import PluginError

    datasets = _datasets()
    if name not in datasets:
        near = difflib.get_close_matches(name, list(datasets), 1)
        known = ", ".join(datasets) or "none"
        raise PluginError(
            f"no data set {name!r}", f"did you mean {near[0]}?" if near else f"there are: {known}"
        )
    return datasets[name]


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(as_json: bool) -> None:
    """List the data sets of installed plugins and whether they are here."""
    datasets = list(_datasets().values())
    if as_json:
        rows = [
            {
                "name": d.name,
                "pulled": d.complete,
                "files": [f.name for f in d.files],
                "licence": d.licence,
                "path": str(d.folder),
            }
            for d in datasets
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for d in datasets:
        state = "pulled" if d.complete else "not pulled"
        click.echo(f"{d.name}  {state}  {d.licence}  {', '.join(f.name for f in d.files)}")


@data.command()
@click.argument("name")
@click.option("--from", "source", metavar="DIR_OR_URL", help="Take the files from a copy instead.")
def pull(name: str, source: str | None) -> None:
    """Fetch the files of NAME and verify their checksums."""
    for path in _named(name).pull(source):
        click.echo(path)


@data.command()
@click.argument("name")
def path(name: str) -> None:
    """Print the folder that the files of NAME are kept in."""
    click.echo(_named(name).folder)
