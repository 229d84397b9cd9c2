"""It needs a key that is not set."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import AgentSetupError

BREAKS = "agent-built"
SAYS = "can't be made: COUNTING_KEY is not set"
MEND = "export COUNTING_KEY=..."


class Broken(Counting):
    def __init__(self) -> None:
        raise AgentSetupError("COUNTING_KEY is not set", "export COUNTING_KEY=...")
