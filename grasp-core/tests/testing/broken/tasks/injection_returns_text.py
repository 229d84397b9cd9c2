"""It returns the prompt instead of messages."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import InjectedSkill, Message

BREAKS = "pure-injection"
SAYS = "returned a str"
MEND = "return a new list"


class Broken(Walk):
    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        return f"{len(skills)} skills"  # type: ignore[return-value]
