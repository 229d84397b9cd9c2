"""A successful episode, in the form that skills are extracted from."""

from __future__ import annotations

import re

from grasp.contracts import Outcome
from grasp_baselines.settings import SkillxParams

#: Characters of what was asked.
MAX_TASK = 1200
_FIRST_ACTIONS = 3
_FIRST_MESSAGES = 4
_OMITTED = "(…)"
_PLAN = re.compile(r"<plan>(.*?)</plan>", re.DOTALL | re.IGNORECASE)
#: Shortest plan step that is one.
MIN_STEP = 5

#: What stands in for a plan where there is none.
STUB = "# step 1: solve the task with the api"


def trajectory(outcome: Outcome, params: SkillxParams) -> str:
    """Return the numbered actions, or the conversation where there are none."""
    if outcome.agent_actions:
        actions = [
            f"{n}. {action[: params.max_action_chars]}"
            for n, action in enumerate(outcome.agent_actions, 1)
        ]
        return "\n".join(_shortened(actions, params.max_actions, _FIRST_ACTIONS))
    messages = [
        f"{m.get('role', '')}: {str(m.get('content') or '')[: params.max_message_chars]}"
        for m in outcome.history
    ]
    return "\n".join(_shortened(messages, params.max_history_messages, _FIRST_MESSAGES))


def _shortened(lines: list[str], most: int, first: int) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[:first], _OMITTED, *lines[len(lines) - (most - first) :]]


def read_plan(answer: str | None) -> str:
    """Return the plan of a writer's answer, or the stub."""
    match = _PLAN.search(answer or "")
    return match[1].strip() if match and match[1].strip() else STUB


def steps(plan: str) -> list[str]:
    """Return a plan's steps that name an API; without any, its headings."""
    parts = [part.strip() for part in plan.split("#")]
    found = [part for part in parts if len(part) >= MIN_STEP and "api" in part.lower()]
    if found:
        return found
    return [line.strip() for line in plan.splitlines() if line.strip().startswith("#")]
