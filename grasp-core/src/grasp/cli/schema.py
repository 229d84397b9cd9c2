"""``grasp schema``."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--task", metavar="NAME", help="With this task's parameters, and no other's.")
def schema(task: str | None) -> None:
    """Print the JSON schema of what 'grasp run --config FILE' takes.

    It covers every setting with its type, default and meaning, and the parameters of the
    installed tasks and gates. An editor that knows it completes names and marks mistakes.

    \b
    Examples:
      grasp schema > grasp.schema.json
      grasp schema --task medagentbench > medagentbench.schema.json

    For editors with the YAML language server, begin the configuration with:

    \b
      # yaml-language-server: $schema=grasp.schema.json
    """
    from grasp.contracts import GraspError
    from grasp.runs.schema import run_schema

    def complain(error: GraspError) -> None:
        warning = click.style("Warning", fg="yellow")
        click.echo(f"{warning}: left out of the schema: {error.message}", err=True)

    click.echo(json.dumps(run_schema(task, complain), indent=2, ensure_ascii=False))
