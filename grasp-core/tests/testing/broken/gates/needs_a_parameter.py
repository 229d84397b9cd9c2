"""It can't be made without a parameter."""

from __future__ import annotations

from grasp.methods.gate.paper import PaperGate

BREAKS = "gate-made"
SAYS = "missing 1 required positional argument: 'alpha'"
MEND = "give every parameter a default"


class Broken(PaperGate):
    def __init__(self, alpha: float) -> None:
        super().__init__()
