"""``grasp list-plugins``."""

from __future__ import annotations

import json

import click


@click.command("list-plugins")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show summaries, factories, documentation and commands."
)
@click.option("--strict", is_flag=True, help="Exit with code 1 if a plugin is not ok.")
@click.pass_context
def list_plugins(context: click.Context, as_json: bool, verbose: bool, strict: bool) -> None:
    """List installed plugins: distribution, version, status and what each provides.

    In terminals that show links, names lead to their documentation.
    """
    from grasp.plugins.resolve import registry

    plugins = registry().plugins
    if as_json:
        click.echo(json.dumps([p.to_json() for p in plugins], indent=2))
    else:
        from grasp.cli import plugin_table
        from grasp.cli.hyperlinks import shows_links
        from grasp.cli.main import plugin_commands

        commands = plugin_commands()
        lines = plugin_table.table(plugins, verbose, shows_links())
        if verbose:
            lines.extend(plugin_table.commands_of_plugins(commands))
        lines.extend(plugin_table.clashes([*registry().clashes(), *commands.clashes()]))
        lines.extend(plugin_table.summary(plugins, verbose))
        click.echo("\n".join(lines))
    if strict and any(p.status != "ok" for p in plugins):
        context.exit(1)
