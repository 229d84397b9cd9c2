"""``grasp new-plugin``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new-plugin")
@click.argument("name")
@click.option("--task", "kind", flag_value="task", help="An environment (the default).")
@click.option("--method", "kind", flag_value="method", help="A way to learn.")
@click.option("--agent", "kind", flag_value="agent", help="A model's backend.")
@click.option("--gate", "kind", flag_value="gate", help="A rule that judges candidates.")
@click.option(
    "--dir",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where the folder NAME is made; default: here.",
)
def new_plugin(name: str, kind: str | None, parent: Path) -> None:
    """Write a complete distribution that registers NAME, with an example that works.

    \b
    Examples:
      grasp new-plugin my-task
      grasp new-plugin my-gate --gate --dir ~/src
    """
    from grasp.contracts import ConfigError
    from grasp.plugins import registry
    from grasp.scaffold import names_for, render, write

    kind = kind or "task"
    names = names_for(name, kind)
    for owner, spec in registry().offers(f"{kind}s"):
        if spec.name == name:
            raise ConfigError(
                f"{owner.distribution} registers the {kind} {name!r} already", "choose another name"
            )
    folder = parent.expanduser() / name
    files = render(names, kind)
    write(files, folder)
    click.echo(f"Wrote {folder} ({len(files)} files). Next:\n")
    click.echo(f"  cd {folder}\n  pip install -e '.[test]' && pytest\n  grasp check {name}")
    click.echo("\nREADME.md there says what to run and what to replace.")
