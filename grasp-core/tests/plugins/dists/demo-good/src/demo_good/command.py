"""The command ``grasp demo``."""

from __future__ import annotations

import click


@click.command()
@click.option("--code", default=0, help="Exit code.")
@click.pass_context
def demo(context: click.Context, code: int) -> None:
    """Show that a plugin's command runs."""
    click.echo("the demo ran")
    context.exit(code)
