"""It writes the skills into the task's own history."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import InjectedSkill, Message

BREAKS = "pure-injection"
SAYS = "changed the history it was given"
MEND = "copy the messages first"


class Broken(Walk):
    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        history[0]["content"] += f"\nYou have {len(skills)} skills."
        return list(history)
