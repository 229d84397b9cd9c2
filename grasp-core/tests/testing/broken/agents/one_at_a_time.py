"""It can't answer two calls at once."""

from __future__ import annotations

import threading
import time

from broken.good_agent import Counting
from grasp.contracts import Completion, ModelCall

BREAKS = "many-at-once"
SAYS = "calls at a time raised RuntimeError"
MEND = "safe to call from many threads"


class Broken(Counting):
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def complete(self, call: ModelCall) -> Completion:
        if not self.lock.acquire(blocking=False):
            raise RuntimeError("busy")
        try:
            time.sleep(0.005)
            return super().complete(call)
        finally:
            self.lock.release()
