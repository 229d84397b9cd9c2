"""The table of ``grasp list-plugins``: 80 columns, whatever plugins call themselves."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from grasp.cli.hyperlinks import link
from grasp.plugins.factories import SINGULAR, extras
from grasp.plugins.specs import KINDS

if TYPE_CHECKING:
    from grasp.contracts import PluginError
    from grasp.plugins.commands import Commands
    from grasp.plugins.plugin import Plugin

_COLOURS = {"ok": "green", "broken": "red", "incompatible": "red", "disabled": "yellow"}
_WIDTH = 80
#: A name or a version that is longer gets a line of its own.
_LONGEST_NAME, _LONGEST_VERSION = 22, 10

#: Makes a link of a text and an address.
Link = Callable[[str, str], str]


def table(plugins: Sequence[Plugin], verbose: bool, links: bool) -> list[str]:
    """Return the lines that say of each plugin what it is and what it provides.

    Args:
        plugins: What was found.
        verbose: Say also where everything is.
        links: Make names links to their documentation.
    """
    linked: Link = link if links else lambda text, address: text
    names = _column("DISTRIBUTION", (p.distribution for p in plugins), _LONGEST_NAME)
    versions = _column("VERSION", (p.found.version for p in plugins), _LONGEST_VERSION)
    statuses = _column("STATUS", (p.status for p in plugins), _WIDTH)
    head = f"{'DISTRIBUTION':<{names}}  {'VERSION':<{versions}}  {'STATUS':<{statuses}}  PROVIDES"
    lines = [click.style(head, bold=True)]
    indent = names + versions + statuses + 6
    kinds = _column("", (kind for p in plugins for kind in _offers(p)), _WIDTH)
    for plugin in plugins:
        name, version = plugin.distribution, plugin.found.version
        if len(name) > names or len(version) > versions:
            whole = f"{name}  {version}"
            lines.extend(linked(part, plugin.found.docs) for part in _split(whole, _WIDTH))
            start = " " * (names + versions + 2)
        else:
            start = linked(name, plugin.found.docs) + " " * (names - len(name))
            start += f"  {version:<{versions}}"
        provided = _provided(plugin, kinds, _WIDTH - indent, linked) or [""]
        status = click.style(plugin.status, fg=_COLOURS[plugin.status])
        if provided[0]:
            status += " " * (statuses - len(plugin.status) + 2)
        lines.append(f"{start}  {status}{provided[0]}")
        lines.extend(" " * indent + line for line in provided[1:])
        lines.extend(_wrapped(plugin.error))
        lines.extend(click.style(line, fg="cyan") for line in _wrapped(plugin.hint))
        if verbose:
            lines.extend(_details(plugin))
    return lines


def summary(plugins: Sequence[Plugin], verbose: bool) -> list[str]:
    """Return the last lines: how many there are of each status, and where more is said."""
    counts = Counter[str](p.status for p in plugins)
    told = ", ".join(f"{counts[s]} {click.style(s, fg=_COLOURS[s])}" for s in _COLOURS if counts[s])
    line = f"{len(plugins)} plugin{'s' * (len(plugins) != 1)}: {told}"
    return ["", line if verbose else f"{line} (more: --verbose)"]


def commands_of_plugins(commands: Commands) -> list[str]:
    """Return the lines that say which commands plugins add."""
    names = commands.names()
    width = min(max(map(len, names), default=0), _LONGEST_NAME)
    lines: list[str] = []
    for name, found in names.items():
        home = f"{found.distribution}  {found.target}"
        if len(name) <= width and width + 2 + len(home) <= _WIDTH:
            lines.append(f"{name:<{width}}  {home}")
        else:
            lines.extend([*_split(name, _WIDTH), *_wrapped(home)])
    return ["", click.style("COMMANDS OF PLUGINS", bold=True), *lines] if lines else []


def clashes(errors: Iterable[PluginError]) -> list[str]:
    """Return the lines that say which names can't be used, and which can instead."""
    lines: list[str] = []
    for error in errors:
        lines.extend(_wrapped(error.message, "- ", "  "))
        lines.extend(_wrapped(error.hint))
    return ["", click.style("CLASHES", bold=True), *lines] if lines else []


def _column(head: str, texts: Iterable[str], longest: int) -> int:
    """Return the width of a column; what is longer than the longest does not count."""
    return max(len(head), *(len(t) for t in texts if len(t) <= longest), 0)


def _provided(plugin: Plugin, kinds: int, width: int, linked: Link) -> list[str]:
    """Return what a plugin registers, kind by kind, in lines of a width."""
    lines: list[str] = []
    for kind, offers in _offers(plugin).items():
        flowing = _flow(offers, width - kinds - 2, linked)
        lines.append(f"{kind:<{kinds}}  {flowing[0]}")
        lines.extend(" " * (kinds + 2) + line for line in flowing[1:])
    return lines


def _offers(plugin: Plugin) -> dict[str, list[tuple[str, str]]]:
    """Return names and addresses of what a plugin offers, by kind; kinds it lacks are not there."""
    offers = {k: [(s.name, s.docs) for s in plugin.specs if s.kind == k] for k in KINDS}
    if plugin.observes:
        offers["observes"] = [("runs", "")]
    return {kind: found for kind, found in offers.items() if found}


def _flow(offers: Sequence[tuple[str, str]], width: int, linked: Link) -> list[str]:
    """Pack names with commas between them into lines of at most a width."""
    lines, used = [""], 0
    for number, (name, address) in enumerate(offers, 1):
        comma = "," if number < len(offers) else ""
        # A name too long for any line is cut, on lines of its own; its last part has the comma.
        parts = _split(name, width - len(comma))
        ends = [""] * (len(parts) - 1) + [comma]
        for part, end in zip(parts, ends, strict=True):
            if used and (len(parts) > 1 or used + 1 + len(part) + len(end) > width):
                lines.append("")
                used = 0
            gap = " " if used else ""
            lines[-1] += gap + linked(part, address) + end
            used += len(gap + part + end)
    return lines


def _details(plugin: Plugin) -> list[str]:
    lines = _wrapped(f"entry point {plugin.found.entry_point} = {plugin.found.target}")
    lines.extend(_address(plugin.found.docs, "    "))
    for spec in plugin.specs:
        text = f"{SINGULAR[spec.kind]} {spec.name}: {spec.summary}".rstrip(": ")
        lines.extend(_wrapped(text, further=" " * 8))
        lines.extend(_wrapped(spec.factory, " " * 8, " " * 8))
        if spec.requires and plugin.found.packaged:
            lines.append(f"        needs: {extras(plugin, spec)}")
        lines.extend(_address(spec.docs, " " * 8))
    return lines


def _address(address: str, indent: str) -> list[str]:
    # On a line of its own and never cut, however long: it is there to be copied.
    return [indent + address] if address else []


def _wrapped(text: str, first: str = "    ", further: str = "    ") -> list[str]:
    # At spaces alone: an option such as --no-plugin must stay one word.
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=further, break_on_hyphens=False
    )


def _split(text: str, width: int) -> list[str]:
    """Cut a text that is too long into parts, behind a joint of the name if there is one."""
    parts = []
    while len(text) > width:
        joint = max(text.rfind(mark, 0, width) for mark in "-_. ") + 1
        parts.append(text[: joint or width])
        text = text[joint or width :]
    return [*parts, text]
