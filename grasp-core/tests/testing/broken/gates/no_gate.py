"""It has no decide()."""

from __future__ import annotations

BREAKS = "gate-made"
SAYS = "returned a Broken without decide()"
MEND = "def decide(self, evidence, history)"


class Broken:
    def accept(self) -> bool:
        return True
