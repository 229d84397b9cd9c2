"""The agent that acts with skills: a wrapper that changes only what the model sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grasp.contracts import Agent, Message, Task, Usage
from grasp.skills.injection import first_user_content, inject, render_block, select
from grasp.skills.library import SkillLibrary


class SkillAgent:
    """Injects a library's skills into every prompt before the inner agent answers.

    Made for one rollout. ``injected`` collects ``name@digest`` of every skill the model
    has been shown, so that the gate can tell a skill that was never seen.
    """

    def __init__(self, agent: Agent, library: SkillLibrary, task: Task) -> None:
        self._agent = agent
        self._library = library
        self._task = task
        self.injected: dict[str, None] = {}

    @property
    def usage(self) -> Usage:
        """Usage of the inner agent."""
        return self._agent.usage

    @property
    def inner(self) -> Agent:
        """The wrapped agent."""
        return self._agent

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Answer the history with the skills in it."""
        return self._agent.inference(self.with_skills(history), tools, **options)

    def with_skills(self, history: Sequence[Message]) -> list[Message]:
        """Return the history as the model sees it."""
        skills = self._library.skills
        placed = self._task.inject_skills(history, skills)
        if placed is None:
            skills = select(skills, history)
            protocol = self._task.protocol_hook(first_user_content(history))
            placed = inject(history, render_block(skills, protocol))
            if not any(m["role"] == "user" for m in placed):
                return placed  # There was nowhere to put them.
        self.injected.update({f"{s.name}@{s.digest}": None for s in skills})
        return placed
