"""Puts learned skills into the field of the first message made for them (spec 6.1)."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
    try:
        prompt = json.loads(messages[0]["content"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not isinstance(prompt, dict) or SKILLS_FIELD not in prompt:
        return None
    prompt[SKILLS_FIELD] = render(skills)
    messages[0]["content"] = json.dumps(prompt, indent=2)
    return messages


def render(skills: Sequence[InjectedSkill]) -> str:
    """Return all skills as one text."""
    parts = [_HEADER]
    for skill in skills:
        parts.append(
            f"### {skill.name}\n*When to use: {skill.description}*\n\n{skill.body.strip()}"
        )
    return "\n\n".join(parts)
