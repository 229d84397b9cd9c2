"""``grasp show-plugin``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grasp.contracts import PluginError
    from grasp.plugins import Registry
    from grasp.plugins.commands import Commands
    from grasp.plugins.entrypoints import Found
    from grasp.plugins.plugin import Plugin
    from grasp.plugins.specs import Spec

_COLOURS = {"ok": "green", "broken": "red", "incompatible": "red", "disabled": "yellow"}
_WIDTH = 80


@click.command("show-plugin")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_plugin(name: str, as_json: bool) -> None:
    """Show a plugin: where it is from, what it registers, and what is wrong with it.

    NAME is a distribution, an entry point, or a module given with --plugin.

    \b
    Examples:
      grasp show-plugin grasp-medagentbench
      grasp show-plugin grasp-core --json
      grasp --plugin my_module show-plugin my_module
    """
    from grasp.cli.main import plugin_commands
    from grasp.plugins import registry

    commands = plugin_commands()
    plugins, added = _find(registry(), commands, name)
    called = {f: n for n, f in commands.names().items()}
    if as_json:
        click.echo(json.dumps(_to_json(plugins, added, called), default=str))
    else:
        click.echo("\n".join(_told(plugins, added, called)))


def _find(registry: Registry, commands: Commands, name: str) -> tuple[list[Plugin], list[Found]]:
    """Return the plugins of a name, and the commands of their distribution.

    Raises:
        PluginError: Nobody has it, or several distributions do.
    """
    from grasp.contracts import PluginError
    from grasp.plugins.entrypoints import normal

    owner, _, point = name.rpartition("/")
    everything = [*(p.found for p in registry.plugins), *commands.found, *commands.off]
    found = [f for f in everything if not owner and normal(f.distribution) == normal(name)]
    if not found:
        found = [
            p.found
            for p in registry.plugins
            if normal(p.found.entry_point) == normal(point)
            and (not owner or normal(owner) == normal(p.distribution))
        ]
    homes = list(dict.fromkeys(f.distribution for f in found))
    if len(homes) > 1:
        full = " or ".join(f"{home}/{point}" for home in homes)
        raise PluginError(f"several plugins are called {name!r}", f"say which: {full}")
    if not homes:
        raise _unknown(registry, everything, name)
    plugins = [p for p in registry.plugins if p.found in found]
    return plugins, [f for f in (*commands.found, *commands.off) if f.distribution == homes[0]]


def _unknown(registry: Registry, everything: Sequence[Found], name: str) -> PluginError:
    from grasp.contracts import PluginError
    from grasp.plugins.factories import SINGULAR
    from grasp.plugins.nearest import hint

    for plugin in registry.plugins:
        for spec in plugin.specs:
            if name in (spec.name, f"{plugin.distribution}/{spec.name}"):
                what = SINGULAR[spec.kind]
                article = "an" if what[0] in "ae" else "a"
                remedy = f"grasp show-plugin {plugin.distribution}"
                if what == "task":
                    remedy += f", or grasp show-task {name}"
                return PluginError(
                    f"{name!r} is no plugin, it is {article} {what} of {plugin.distribution}",
                    remedy,
                )
    known = dict.fromkeys(f.distribution for f in everything)
    known |= dict.fromkeys(f.entry_point for f in everything)
    return PluginError(f"unknown plugin {name!r}", hint(name, known))


def _hooks(plugin: Plugin) -> list[str]:
    from grasp.plugins.hookspecs import ARGUMENTS

    if plugin.manager is None:
        return []
    hook = plugin.manager.hook
    return [name for name in ARGUMENTS if getattr(hook, name).get_hookimpls()]


def _to_json(
    plugins: Sequence[Plugin], added: Sequence[Found], called: dict[Found, str]
) -> dict[str, Any]:
    first = plugins[0].found if plugins else added[0]
    return {
        "distribution": first.distribution,
        "version": first.version,
        "docs": first.docs,
        "core_requirement": first.core_requirement,
        "packaged": first.packaged,
        "plugins": [
            {
                "entry_point": p.found.entry_point,
                "target": p.found.target,
                "status": p.status,
                "error": p.error,
                "hint": p.hint,
                "seconds": round(p.seconds, 4),
                "hooks": _hooks(p),
                "registers": [_spec_to_json(p, s) for s in p.specs],
            }
            for p in plugins
        ],
        "commands": [
            {
                "name": called.get(f, f.entry_point),
                "target": f.target,
                "status": "ok" if f in called else "disabled",
            }
            for f in added
        ],
    }


def _spec_to_json(plugin: Plugin, spec: Spec) -> dict[str, Any]:
    from grasp.plugins.factories import SINGULAR, extras

    return {
        "kind": SINGULAR[spec.kind],
        "name": spec.name,
        "summary": spec.summary,
        "factory": spec.factory,
        "docs": spec.docs,
        "params_model": spec.params_model,
        "options": dict(spec.options),
        "requires": list(spec.requires),
        "install": extras(plugin, spec) if spec.requires else None,
    }


def _told(
    plugins: Sequence[Plugin], added: Sequence[Found], called: dict[Found, str]
) -> Iterator[str]:
    first = plugins[0].found if plugins else added[0]
    yield click.style(f"{first.distribution} {first.version}".rstrip(), bold=True)
    if first.core_requirement:
        yield f"  needs grasp-core {first.core_requirement}"
    if first.docs:
        yield f"  {first.docs}"
    for plugin in plugins:
        yield ""
        yield from _plugin(plugin)
    if added:
        yield ""
        yield click.style("Commands", bold=True)
        for found in added:
            off = "" if found in called else click.style("  disabled", fg=_COLOURS["disabled"])
            yield f"  grasp {called.get(found, found.entry_point)}{off}"
            yield f"      {found.target}"


def _plugin(plugin: Plugin) -> Iterator[str]:
    from grasp.plugins.factories import SINGULAR
    from grasp.plugins.specs import KINDS

    found = plugin.found
    where = f"entry point {found.entry_point} = {found.target}" if found.packaged else "module"
    took = f", loaded in {plugin.seconds * 1000:.0f} ms" if plugin.status == "ok" else ""
    yield f"{click.style(plugin.status, fg=_COLOURS[plugin.status])}  {where}{took}"
    yield from _wrapped(plugin.error)
    yield from (click.style(line, fg="cyan") for line in _wrapped(plugin.hint))
    if "grasp_event" in _hooks(plugin):
        yield "  watches runs (grasp_event)"
    for kind in KINDS:
        specs = [s for s in plugin.specs if s.kind == kind]
        if specs:
            title = SINGULAR[kind] if len(specs) == 1 else kind
            yield ""
            yield click.style(title.capitalize(), bold=True)
        for spec in specs:
            yield from _spec(plugin, spec)


def _spec(plugin: Plugin, spec: Spec) -> Iterator[str]:
    from grasp.plugins.factories import extras

    name = click.style(spec.name, fg="cyan")
    if len(spec.name) + len(spec.summary) + 6 <= _WIDTH:
        yield f"  {name}: {spec.summary}" if spec.summary else f"  {name}"
    else:
        yield f"  {name}:"
        yield from _wrapped(spec.summary, "      ")
    bound = ", ".join(f"{k}={v!r}" for k, v in spec.options.items())
    yield f"      {spec.factory}" + (f"  with {bound}" if bound else "")
    if spec.params_model:
        yield f"      parameters: {spec.params_model}"
    if spec.requires:
        yield f"      needs: {extras(plugin, spec)}"
    if spec.docs:
        yield f"      {spec.docs}"


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
