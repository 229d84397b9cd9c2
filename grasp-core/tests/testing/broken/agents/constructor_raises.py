"""It looks for its key without telling what is missing."""

from __future__ import annotations

import os

from broken.good_agent import Counting

BREAKS = "agent-built"
SAYS = "raised KeyError: 'COUNTING_KEY'"
MEND = "raise AgentSetupError"


class Broken(Counting):
    def __init__(self) -> None:
        self.key = os.environ["COUNTING_KEY"]
