"""Stands in for ``pip`` and ``nox`` on a page: they would fetch packages, or run all of this.

Called as ``stand_in.py pip|nox ARGUMENTS``. What a page names has to exist: distributions and their
extras, sessions of the noxfile. ``pip install -e .`` really makes a project found, in the folder
``GRASP_DOCS_SITE``.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]
#: What isn't ours and may be installed.
OTHERS = {"nox", "pytest"}

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[([\w,-]+)\])?")


def pip(arguments: list[str]) -> str:
    """Check, or do, what ``pip install`` is asked for; returns what is wrong."""
    if arguments[:1] != ["install"]:
        return f"pip {arguments} is not known here"
    rest = arguments[1:]
    while rest:
        what = rest.pop(0)
        if what == "-e":
            _editable(Path(re.sub(r"\[.*\]$", "", rest.pop(0))))
        elif problem := _missing(what):
            return problem
    return ""


def nox(arguments: list[str]) -> str:
    """Check the session that is named; returns what is wrong."""
    if arguments == ["--list"]:
        return ""
    if arguments[:1] != ["-s"] or arguments[1] not in sessions():
        return f"nox {arguments}: there is no such session"
    return ""


def sessions() -> set[str]:
    """Return the names of the noxfile's sessions."""
    names = set()
    for node in ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8")).body:
        for decorator in getattr(node, "decorator_list", []):
            if "nox.session" in ast.unparse(decorator):
                keywords = getattr(decorator, "keywords", [])
                named = [k.value.value for k in keywords if k.arg == "name"]
                names.add(named[0] if named else node.name)  # type: ignore[attr-defined]
    return names


def _missing(requirement: str) -> str:
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        return f"{requirement} is no requirement"
    name, extras = match[1], (match[2] or "").split(",")
    if name in OTHERS:
        return ""
    project = ROOT / name / "pyproject.toml"
    if not project.exists():
        return f"there is no distribution {name}"
    known: dict[str, Any] = _project(project).get("optional-dependencies", {})
    strange = [extra for extra in extras if extra and extra not in known]
    return f"{name} has no extra {strange[0]}" if strange else ""


def _editable(folder: Path) -> None:
    project = _project(folder / "pyproject.toml")
    site = Path(os.environ["GRASP_DOCS_SITE"])
    for package in (folder / "src").iterdir():
        if (package / "__init__.py").exists():
            (site / package.name).symlink_to(package.resolve())
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    needs = "".join(f"Requires-Dist: {one}\n" for one in project["dependencies"])
    (metadata / "METADATA").write_text(head + needs, encoding="utf-8")
    points = "".join(
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (metadata / "entry_points.txt").write_text(points, encoding="utf-8")


def _project(path: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return project


if __name__ == "__main__":
    problem = {"pip": pip, "nox": nox}[sys.argv[1]](sys.argv[2:])
    if problem:
        sys.exit(problem)
