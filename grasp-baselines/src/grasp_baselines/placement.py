"""Puts a block of text where the acting model reads it (baselines.md, 0).

The same rule for all methods: once in every call, at the newest message of the user, or at the
end of the system message where the task says so. The task's own history is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from grasp.contracts import Agent, Message, Task, Usage

#: Field of a JSON prompt that is made for what an agent has learned.
FIELD = "behavioral_skills"
HEADING = "## Current Task"
#: Between a system message and what is appended to it.
RULE = "\n\n---\n"

#: ``block(query)``: what to show an agent that was last told this; empty for nothing.
Block = Callable[[str], str]


def place(
    history: Sequence[Message], block: str, *, heading: bool = False, first_only: bool = False
) -> list[Message]:
    """Return the history with a block in it.

    Args:
        history: The conversation.
        block: The text; nothing is changed if it is empty.
        heading: Put a heading between the block and the task.
        first_only: Only before the agent's first turn, in the first message.
    """
    messages: list[dict[str, Any]] = [dict(m) for m in history]
    spoken = [n for n, m in enumerate(messages) if m.get("role") in ("agent", "assistant")]
    told = [n for n, m in enumerate(messages) if m.get("role") in ("user", "system")]
    if not block or not told or (first_only and spoken):
        return list(messages)
    at = told[0] if first_only else told[-1]
    content = str(messages[at].get("content") or "")
    if spoken and spoken[0] < at:
        messages[at]["content"] = f"{content}\n\n{block}"
    else:
        messages[at]["content"] = _opened(content, block, heading)
    return list(messages)


def _opened(content: str, block: str, heading: bool) -> str:
    try:
        prompt = json.loads(content)
    except (ValueError, RecursionError):
        prompt = None
    if isinstance(prompt, dict):
        return json.dumps({**prompt, FIELD: block}, indent=2)
    return "\n\n".join([block, *([HEADING] if heading else []), content])


def place_in_system(history: Sequence[Message], block: str) -> list[Message]:
    """Return the history with a block at the end of its system message, which may be new."""
    messages: list[Message] = [dict(m) for m in history]
    if not block:
        return messages
    if not messages or messages[0].get("role") != "system":
        return [{"role": "system", "content": block}, *messages]
    content = str(messages[0].get("content") or "")
    return [{**messages[0], "content": f"{content}{RULE}{block}"}, *messages[1:]]


def asked(history: Sequence[Message]) -> str:
    """Return the first message of the user: what the episode is about."""
    return next((str(m.get("content") or "") for m in history if m.get("role") == "user"), "")


def newest(history: Sequence[Message], roles: Collection[str] = ("user", "system")) -> str:
    """Return the newest message of these roles: what is asked, or was observed."""
    for message in reversed(history):
        if message.get("role") in roles:
            return str(message.get("content") or "")
    return ""


class BlockAgent:
    """An agent that is shown a block at every call. Made for one episode.

    Args:
        agent: Acts.
        block: What it is shown.
        task: Says where (``Task.guidance_place``).
        heading: See ``place``; not in a system message.
        first_only: See ``place``; a system message is there at every turn.
        roles: Whose newest message is the query; in a system message, it is the user's first.
    """

    def __init__(
        self,
        agent: Agent,
        block: Block,
        task: Task,
        *,
        heading: bool = False,
        first_only: bool = False,
        roles: Collection[str] = ("user", "system"),
    ) -> None:
        self._agent = agent
        self._block = block
        self._in_system = task.guidance_place == "system"
        self._heading = heading
        self._first_only = first_only
        self._roles = roles

    @property
    def usage(self) -> Usage:
        """Usage of the inner agent."""
        return self._agent.usage

    @property
    def inner(self) -> Agent:
        """The wrapped agent: tasks find the model's tool calls through it."""
        return self._agent

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Answer the history with the block in it."""
        return self._agent.inference(self._placed(history), tools, **options)

    def _placed(self, history: Sequence[Message]) -> list[Message]:
        if self._in_system:
            return place_in_system(history, self._block(asked(history)))
        block = self._block(newest(history, self._roles))
        return place(history, block, heading=self._heading, first_only=self._first_only)
