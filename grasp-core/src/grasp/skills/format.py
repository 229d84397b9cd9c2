"""Skills on disk: the Agent Skills layout, and the original's flat files.

Agent Skills: ``<library>/<name>/SKILL.md`` with YAML front matter ``name``,
``description`` and ``metadata`` (strings only, as that format asks). The original:
one ``<name>.md`` per skill with ``tags``, ``version`` and ``provenance`` at top level.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from grasp.contracts import SkillError
from grasp.skills.library import SkillLibrary
from grasp.skills.skill import SKELETON, Provenance, Skill, slug

SKILL_FILE = "SKILL.md"

#: Metadata key of a skill's place in the library, which decides ties of the injection.
_ORDER = "order"

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)(.*)\Z", re.S | re.M)


def _split(text: str, origin: str) -> tuple[dict[str, Any], str]:
    match = _FRONT_MATTER.match(text.lstrip("\ufeff"))
    if not match:
        raise SkillError(f"{origin} has no front matter", "start it with --- lines around YAML")
    try:
        front = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        raise SkillError(
            f"the front matter of {origin} is not valid YAML: {_line(error)}"
        ) from None
    if not isinstance(front, dict):
        raise SkillError(f"the front matter of {origin} is not a mapping")
    return front, match.group(2).strip("\n")


def _line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


def _yaml(front: Mapping[str, Any], *, allow_unicode: bool) -> str:
    return str(
        yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=allow_unicode, width=10_000)
    )


def _join(front: Mapping[str, Any], body: str) -> str:
    head = _yaml(front, allow_unicode=True)
    if yaml.safe_load(head) != front:  # PyYAML folds the line separators of Unicode.
        head = _yaml(front, allow_unicode=False)
    return f"---\n{head}---\n\n{body.strip(chr(10))}\n"


# -- one skill, Agent Skills ---------------------------------------------------------


def dump_skill(skill: Skill) -> str:
    """Return the text of a skill's ``SKILL.md``."""
    metadata: dict[str, str] = {**skill.extra, "version": str(skill.version)}
    if skill.tags:
        metadata["tags"] = ", ".join(skill.tags)
    if skill.provenance is not None:
        metadata |= _provenance_strings(skill.provenance)
    front = {"name": skill.name, "description": skill.description, "metadata": metadata}
    return _join(front, skill.body)


def _provenance_strings(provenance: Provenance) -> dict[str, str]:
    facts = {
        "epoch": str(provenance.epoch),
        "batch": str(provenance.cycle),
        "action": provenance.action,
        "fixes": str(provenance.fixes),
        "regressions": str(provenance.regressions),
        "samples": json.dumps(list(provenance.samples)),
    }
    if provenance.probe_score is not None:
        facts["probe_score"] = _number(provenance.probe_score)
    return facts


def _number(value: float) -> str:
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


_OWN_KEYS = {
    "tags", "version", "epoch", "batch", "action", "fixes", "regressions", "samples", "probe_score",
}  # fmt: skip


def parse_skill(text: str, origin: str = "SKILL.md") -> Skill:
    """Read the text of a ``SKILL.md``.

    Raises:
        SkillError: No front matter, invalid YAML, or name or description missing.
    """
    front, body = _split(text, origin)
    front = {k: v for k, v in front.items() if v is not None}
    metadata = front.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise SkillError(f"metadata in {origin} is not a mapping")
    try:
        return Skill(
            name=str(front["name"]),
            description=str(front["description"]),
            body=body,
            tags=_tags(metadata.get("tags")),
            version=int(metadata.get("version", 1)),
            provenance=_provenance(metadata),
            extra={k: str(v) for k, v in metadata.items() if k not in _OWN_KEYS},
        )
    except KeyError as error:
        raise SkillError(f"{origin} has no {error.args[0]}", "add it to the front matter") from None
    except (TypeError, ValueError) as error:
        raise SkillError(f"{origin}: {error}") from None


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    return tuple(str(t).strip() for t in value or () if str(t).strip())


def _provenance(facts: Mapping[str, Any]) -> Provenance | None:
    if "epoch" not in facts:
        return None
    samples = facts.get("samples", ())
    if isinstance(samples, str):
        samples = json.loads(samples)
    score = facts.get("probe_score")
    return Provenance(
        epoch=int(facts["epoch"]),
        cycle=int(facts.get("batch", facts.get("cycle", 0))),
        action=str(facts.get("action", "ADD")),
        probe_score=None if score is None else float(score),
        fixes=int(facts.get("fixes", 0)),
        regressions=int(facts.get("regressions", 0)),
        samples=tuple(str(s) for s in samples),
    )


# -- a library, Agent Skills ---------------------------------------------------------


def save_library(library: SkillLibrary, folder: Path) -> None:
    """Write a library as Agent Skills, replacing the folder as a whole.

    A reader sees the old or the new library, never a mixture.

    Raises:
        OSError: The disk is full or the folder can't be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        for order, skill in enumerate(library):
            home = staging / skill.name
            home.mkdir()
            placed = replace(skill, extra={**skill.extra, _ORDER: str(order)})
            _write(home / SKILL_FILE, dump_skill(placed))
        retired = staging.with_name(staging.name + "-old")
        if folder.exists():
            os.replace(folder, retired)
        os.replace(staging, folder)
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    # Lone surrogates, which only a hand-made skill can hold, have no UTF-8 form.
    path.write_bytes(text.encode("utf-8", "replace"))


def _read(path: Path, origin: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SkillError(f"{origin} is not UTF-8 text: {error.reason}") from None


def load_library(folder: Path) -> SkillLibrary:
    """Read a folder of Agent Skills, or of the original's flat files.

    Skills come in the order they were saved in; others follow in the order they were
    learned where they say so, then by name.

    Raises:
        SkillError: The folder is missing, or a file in it is not a valid skill.
    """
    if not folder.is_dir():
        raise SkillError(
            f"no skill library at {folder}", "give a folder with <name>/SKILL.md files"
        )
    nested = sorted(folder.glob(f"*/{SKILL_FILE}"))
    if not nested:
        return import_flat(folder)
    skills = []
    for path in nested:
        origin = f"{path.parent.name}/{SKILL_FILE}"
        skill = parse_skill(_read(path, origin), origin)
        if skill.name != path.parent.name:
            raise SkillError(
                f"{origin} is named {skill.name!r} inside",
                "folder and name must be equal",
            )
        if skill.name != SKELETON:
            skills.append(skill)
    return SkillLibrary(tuple(sorted(skills, key=_place)))


def _place(skill: Skill) -> tuple[int, int, tuple[int, int, str]]:
    order = skill.extra.get(_ORDER, "")
    return (0, int(order), _age(skill)) if order.isdecimal() else (1, 0, _age(skill))


def _age(skill: Skill) -> tuple[int, int, str]:
    origin = skill.provenance
    return (origin.epoch, origin.cycle, skill.name) if origin else (-1, -1, skill.name)


# -- the original's flat files -------------------------------------------------------


def import_flat(folder: Path) -> SkillLibrary:
    """Read a folder of ``<name>.md`` files as the original writes them.

    Names become valid Agent Skills names (``_`` turns into ``-``).

    Raises:
        SkillError: The folder is missing, or a file in it is not a valid skill.
    """
    if not folder.is_dir():
        raise SkillError(f"no skill library at {folder}")
    skills = []
    for path in sorted(folder.glob("*.md")):
        front, body = _split(_read(path, path.name), path.name)
        name = slug(str(front.get("name") or path.stem))
        if name == SKELETON:
            continue
        try:
            skills.append(
                Skill(
                    name=name,
                    description=str(front.get("description") or ""),
                    body=body,
                    tags=_tags(front.get("tags")),
                    version=int(front.get("version") or 1),
                    provenance=_provenance(_from_original(front.get("provenance"))),
                )
            )
        except (TypeError, ValueError) as error:
            raise SkillError(f"{path.name}: {error}") from None
    return SkillLibrary(tuple(sorted(skills, key=_age)))


def _from_original(provenance: Any) -> Mapping[str, Any]:
    if not isinstance(provenance, dict):
        return {}
    renamed = {"update_cycle": "cycle", "triggering_samples": "samples"}
    facts = {renamed.get(str(k), str(k)): v for k, v in provenance.items()}
    return {k: v for k, v in facts.items() if v is not None}


def export_flat(library: SkillLibrary, folder: Path) -> list[Path]:
    """Write a library as the original's flat files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for skill in library:
        front: dict[str, Any] = {
            "name": skill.name,
            "description": skill.description,
            "tags": list(skill.tags),
            "version": skill.version,
        }
        if skill.provenance is not None:
            origin = skill.provenance
            front["provenance"] = {
                "epoch": origin.epoch,
                "update_cycle": origin.cycle,
                "action": origin.action,
                "probe_score": origin.probe_score,
                "fixes": origin.fixes,
                "regressions": origin.regressions,
                "triggering_samples": list(origin.samples),
            }
        path = folder / f"{skill.name}.md"
        _write(path, _join(front, skill.body))
        paths.append(path)
    return paths


# -- JSON, for journals --------------------------------------------------------------


def skill_to_json(skill: Skill) -> dict[str, Any]:
    """Return a skill as JSON data."""
    data: dict[str, Any] = {
        "name": skill.name,
        "description": skill.description,
        "body": skill.body,
        "tags": list(skill.tags),
        "version": skill.version,
    }
    if skill.provenance is not None:
        data["provenance"] = {**vars(skill.provenance), "samples": list(skill.provenance.samples)}
    return data


def skill_from_json(data: Mapping[str, Any]) -> Skill:
    """Build a skill from ``skill_to_json``'s data."""
    origin = data.get("provenance")
    return Skill(
        name=data["name"],
        description=data["description"],
        body=data["body"],
        tags=tuple(data.get("tags", ())),
        version=data.get("version", 1),
        provenance=None
        if origin is None
        else Provenance(**{**origin, "samples": tuple(origin["samples"])}),
    )
