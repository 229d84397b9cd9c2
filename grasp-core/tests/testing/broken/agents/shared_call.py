"""It keeps the call in itself."""

from __future__ import annotations

import time

from broken.good_agent import Counting
from grasp.contracts import Completion, ModelCall

BREAKS = "many-at-once"
SAYS = "calls at a time"
MEND = "local variables of complete()"


class Broken(Counting):
    def complete(self, call: ModelCall) -> Completion:
        self.call = call
        time.sleep(0.005)
        return super().complete(self.call)
