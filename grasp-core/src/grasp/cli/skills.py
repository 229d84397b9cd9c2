"""``grasp skills``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grasp.skills import SkillLibrary


@click.group()
def skills() -> None:
    """List, show, export and import skill libraries.

    LIBRARY is a folder of skills or the folder of a run.
    """


def _library_folder(place: str) -> Path:
    path = Path(place)
    for inside in ("skills/final", "skills/best"):
        if (path / inside).is_dir():
            return path / inside
    return path


def _load(place: str) -> SkillLibrary:
    from grasp.skills import load_library

    return load_library(_library_folder(place))


@skills.command("list")
@click.argument("library")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(library: str, as_json: bool) -> None:
    """List the skills of LIBRARY."""
    from grasp.skills import skill_to_json

    found = _load(library)
    if as_json:
        click.echo(json.dumps([skill_to_json(s) for s in found]))
        return
    if not len(found):
        click.echo("The library is empty.")
    for skill in found:
        click.echo(f"{skill.name}  v{skill.version}  {skill.description}")


@skills.command()
@click.argument("library")
@click.argument("name", required=False)
def show(library: str, name: str | None) -> None:
    """Print the skill NAME of LIBRARY, or all of them."""
    import difflib

    from grasp.contracts import SkillError
    from grasp.skills import dump_skill

    found = _load(library)
    if name is not None and name not in found:
        near = difflib.get_close_matches(name, found.names, 1)
        raise SkillError(
            f"no skill {name!r} in {library}",
            f"did you mean {near[0]}?" if near else f"it has: {', '.join(found.names) or 'none'}",
        )
    for skill in found:
        if name in (None, skill.name):
            click.echo(dump_skill(skill))


@skills.command()
@click.argument("library")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["agent-skills", "flat"]),
    default="agent-skills",
    show_default=True,
    help="agent-skills: NAME/SKILL.md; flat: the original's NAME.md files.",
)
def export(library: str, folder: str, form: str) -> None:
    """Write the skills of LIBRARY to FOLDER."""
    from grasp.contracts import SkillError
    from grasp.skills import export_flat, save_library

    found = _load(library)
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise SkillError(f"{folder} is not empty", "choose a new folder")
    if form == "flat":
        export_flat(found, target)
    else:
        save_library(found, target)
    click.echo(f"{len(found)} skills written to {folder}")


@skills.command("import")
@click.argument("source", type=click.Path(file_okay=False))
@click.argument("library", type=click.Path(file_okay=False))
def import_(source: str, library: str) -> None:
    """Read the original's flat files or Agent Skills from SOURCE into the new LIBRARY."""
    from grasp.contracts import SkillError
    from grasp.skills import load_library, save_library

    target = Path(library)
    if target.exists() and any(target.iterdir()):
        raise SkillError(f"{library} is not empty", "choose a new folder")
    found = load_library(Path(source))
    save_library(found, target)
    click.echo(f"{len(found)} skills written to {library}")
