"""Puts learned skills into the field of the first message made for them (spec 6.1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from grasp.contracts import InjectedSkill, Message
from grasp_medagentbench.protocol import SKILLS_FIELD

_HEADER = (
    "Skills learned from earlier tasks. Read when each is to be used, follow those that fit "
    "this task, and skip the others."
)


def place_skills(
    history: Sequence[Message], skills: Sequence[InjectedSkill]
) -> list[Message] | None:
    """Return the history with all skills in its first message.

    Without skills it is returned as it is. ``None`` if the first message is not the
    opening of an episode, so that there is no such field.
    """
    messages = [dict(message) for message in history]
    if not skills:
        return messages
    first = messages[0].get("content") if messages else None
    placed = _placed(first, render(skills)) if isinstance(first, str) else None
    if placed is None:
        return None
    messages[0]["content"] = placed
    return messages


#: The empty field as ``opening`` prints it; no text inside the JSON has a line break in it.
_EMPTY = f'\n  "{SKILLS_FIELD}": ""'


@lru_cache(maxsize=512)  # Asked again at every turn.
def _placed(opening: str, skills: str) -> str | None:
    if opening.count(_EMPTY) == 1:  # Reading and printing 20,000 characters takes long.
        return opening.replace(_EMPTY, f"{_EMPTY[:-2]}{json.dumps(skills)}")
    try:
        prompt = json.loads(opening)
    except (ValueError, RecursionError):
        return None
    if not isinstance(prompt, dict) or SKILLS_FIELD not in prompt:
        return None
    return json.dumps({**prompt, SKILLS_FIELD: skills}, indent=2)


def render(skills: Sequence[InjectedSkill]) -> str:
    """Return all skills as one text."""
    parts = [_HEADER]
    for skill in skills:
        parts.append(
            f"### {skill.name}\n*When to use: {skill.description}*\n\n{skill.body.strip()}"
        )
    return "\n\n".join(parts)
