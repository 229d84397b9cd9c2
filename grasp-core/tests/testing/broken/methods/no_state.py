"""It learns skills, but its state tells nothing of them."""

from __future__ import annotations

from typing import Any

from broken.good_method import Notes
from grasp.skills import Skill, SkillLibrary

BREAKS = "states-can-be-loaded"
SAYS = "the same before and after learning"
MEND = "everything that was learned"


class Broken(Notes):
    def state(self) -> Any:
        return None

    def load(self, state: Any) -> None: ...

    def library(self) -> SkillLibrary:
        return SkillLibrary(tuple(Skill(f"n{i}", n, n) for i, n in enumerate(self.notes)))
