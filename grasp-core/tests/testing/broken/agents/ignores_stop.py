"""It goes on after the stop sequence."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import ModelCall

BREAKS = "stop-kept-out"
SAYS = "goes on after the stop sequence"
MEND = "cut what it lets through"


class Broken(Counting):
    def text(self, call: ModelCall) -> str:
        return f"{super().text(call)}\nand more"
