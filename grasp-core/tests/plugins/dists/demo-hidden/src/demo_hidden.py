"""Has a command that grasp has already, and nothing else."""

from __future__ import annotations

import click


@click.command()
def run() -> None:
    """Say that it was reached."""
    click.echo("the hidden command ran")
