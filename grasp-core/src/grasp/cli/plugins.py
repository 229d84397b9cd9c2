"""``grasp list-plugins``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grasp.contracts import PluginError
    from grasp.plugins.commands import Commands
    from grasp.plugins.plugin import Plugin

_COLOURS = {"ok": "green", "broken": "red", "incompatible": "red", "disabled": "yellow"}
_WIDTH = 80


@click.command("list-plugins")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("-v", "--verbose", is_flag=True, help="Show factories, summaries and remedies.")
@click.option("--strict", is_flag=True, help="Exit with code 1 if a plugin is not ok.")
@click.pass_context
def list_plugins(context: click.Context, as_json: bool, verbose: bool, strict: bool) -> None:
    """List installed plugins: distribution, version, status and what each provides."""
    from grasp.cli.main import plugin_commands
    from grasp.plugins.resolve import registry

    plugins = registry().plugins
    if as_json:
        click.echo(json.dumps([p.to_json() for p in plugins], indent=2))
    else:
        commands = plugin_commands()
        lines = _table(plugins, verbose)
        if verbose:
            lines.extend(_commands(commands))
        lines.extend(_clashes([*registry().clashes(), *commands.clashes()]))
        click.echo("\n".join(lines))
    if strict and any(p.status != "ok" for p in plugins):
        context.exit(1)


def _table(plugins: tuple[Plugin, ...], verbose: bool) -> list[str]:
    names = max(len("DISTRIBUTION"), *(len(p.distribution) for p in plugins))
    versions = max(len("VERSION"), *(len(p.found.version) for p in plugins))
    head = f"{'DISTRIBUTION':<{names}}  {'VERSION':<{versions}}  {'STATUS':<12}  PROVIDES"
    lines = [click.style(head, bold=True)]
    indent = names + versions + 18
    for plugin in plugins:
        status = click.style(plugin.status, fg=_COLOURS[plugin.status])
        status += " " * (12 - len(plugin.status))
        start = f"{plugin.distribution:<{names}}  {plugin.found.version:<{versions}}  {status}  "
        cells = _cells(plugin, max(_WIDTH - indent, 24))
        lines.append((start + (cells[0] if cells else "")).rstrip())
        lines.extend(" " * indent + cell for cell in cells[1:])
        for text in filter(None, (plugin.error, plugin.hint if verbose or plugin.error else "")):
            lines.extend(_wrapped(text))
        if verbose:
            lines.extend(_details(plugin))
    return lines


def _cells(plugin: Plugin, width: int) -> list[str]:
    cells: list[str] = []
    for kind, found in plugin.provides().items():
        if found:
            text = f"{kind}: {', '.join(found)}"
            cells.extend(textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False))
    return cells


def _details(plugin: Plugin) -> list[str]:
    lines = [f"    entry point {plugin.found.entry_point} = {plugin.found.target}"]
    for spec in plugin.specs:
        lines.append(f"    {spec.kind[:-1]} {spec.name}: {spec.summary}".rstrip(": "))
        lines.append(f"        {spec.factory}" + (f"  {spec.docs}" if spec.docs else ""))
    return lines


def _commands(commands: Commands) -> list[str]:
    names = commands.names()
    width = max(map(len, names), default=0)
    lines = [f"{n:<{width}}  {f.distribution}  {f.target}" for n, f in names.items()]
    return ["", click.style("COMMANDS OF PLUGINS", bold=True), *lines] if lines else []


def _clashes(errors: Iterable[PluginError]) -> list[str]:
    lines = [line for e in errors for line in (f"- {e.message}", *_wrapped(e.hint))]
    return ["", click.style("CLASHES", bold=True), *lines] if lines else []


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
