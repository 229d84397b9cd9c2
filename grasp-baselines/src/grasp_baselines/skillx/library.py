"""Skills: read from a writer's answers, merged by name, found by words."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.literals import read_literal
from grasp.methods.grasp.answers import AnswerError, read_json
from grasp_baselines.expel.experience import jaccard, tokens

_SKILL = re.compile(r"<skill>(.*?)</skill>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*(.*?)```", re.DOTALL)
_HEADER = "Skills from earlier tasks that may fit; use them where they do."


@dataclass(frozen=True)
class Skill:
    """A functional skill: what it does, how, and what it calls."""

    name: str
    document: str
    content: str
    tools: tuple[str, ...] = ()
    epoch: int = 0


def read_skills(answer: str) -> list[Skill] | None:
    """Return the skills a writer adds or changes; ``None`` if its answer is unusable.

    It is if nothing in it is an option with its skill, or a skill that is kept.
    """
    try:
        value = read_json(answer)
    except AnswerError:
        return None
    items = value if isinstance(value, list) else [value]
    options = [item for item in items if isinstance(item, dict) and _is_option(item)]
    if items and not options:
        return None
    skills = [as_skill(item.get("skill")) for item in options]
    return [skill for skill in skills if skill is not None]


def _is_option(item: Mapping[str, Any]) -> bool:
    option = item.get("option", "add")
    return option == "keep" or (option in ("add", "modify") and isinstance(item.get("skill"), dict))


def as_skill(value: Any) -> Skill | None:
    """Return a skill of JSON data with at least a name."""
    if not isinstance(value, dict) or not str(value.get("name") or "").strip():
        return None
    tools = value.get("tools")
    return Skill(
        str(value["name"]).strip(),
        str(value.get("document") or ""),
        str(value.get("content") or ""),
        tuple(map(str, tools)) if isinstance(tools, list) else (),
    )


def read_merged(answer: str | None, group: Sequence[Skill], *, compat: bool) -> list[Skill]:
    """Return what a merge of skills of one name came to.

    Without a usable answer the first of them stays. ``compat``: all are lost but where it is a
    JSON object, or a Python list of one, as in the original.
    """
    blocks = _SKILL.findall(answer or "")
    items = _survivor(blocks[0]) if compat and blocks else [i for b in blocks for i in _items(b)]
    found = [skill for skill in map(as_skill, items) if skill is not None]
    return found or ([] if compat else list(group[:1]))


def _items(block: str) -> list[Any]:
    fenced = _FENCE.fullmatch(block.strip())
    value, _ = _read(fenced[1] if fenced else block)
    return value if isinstance(value, list) else [value]


def _survivor(block: str) -> list[Any]:
    value, is_json = _read(block)
    if is_json:
        return [value] if isinstance(value, dict) else []
    return value if isinstance(value, list) and len(value) == 1 else []


def _read(text: str) -> tuple[Any, bool]:
    """Return the value of JSON or of a Python literal, never run as code; and which it was."""
    text = text.strip()
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text), True
    with contextlib.suppress(ValueError):
        return read_literal(text), False
    return None, False


def same_names(skills: Iterable[Skill]) -> list[list[Skill]]:
    """Return the skills grouped by name, whatever its case; in order of appearance."""
    groups: dict[str, list[Skill]] = {}
    for skill in skills:
        groups.setdefault(skill.name.lower(), []).append(skill)
    return list(groups.values())


def put(library: Sequence[Skill], skills: Iterable[Skill]) -> tuple[Skill, ...]:
    """Return a library with skills in it; one of the same name is replaced."""
    found = {skill.name: skill for skill in library}
    for skill in skills:
        found[skill.name] = skill
    return tuple(found.values())


def retrieve(library: Sequence[Skill], query: str, most: int) -> list[Skill]:
    """Return the skills most like a query; none if nothing is like it."""
    words = tokens(query)
    scored = [(jaccard(words, tokens(f"{s.name} {s.document}")), n) for n, s in enumerate(library)]
    best = sorted(scored, key=lambda s: (-s[0], s[1]))[:most]
    return [library[n] for _, n in best] if best and best[0][0] > 0 else []


def render(skills: Sequence[Skill]) -> str:
    """Return the block that an agent is shown; empty without skills."""
    if not skills:
        return ""
    parts = [f"### {s.name}\n{s.document}\n```\n{s.content}\n```" for s in skills]
    return "\n\n".join(["<skillx_memory>", _HEADER, *parts, "</skillx_memory>"])
