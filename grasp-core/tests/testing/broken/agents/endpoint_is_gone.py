"""Its endpoint does not answer."""

from __future__ import annotations

from broken.good_agent import Counting
from grasp.contracts import Completion, EndpointError, ModelCall

BREAKS = "answers"
SAYS = "the plainest call failed: nobody is there"
MEND = "start the server"


class Broken(Counting):
    def complete(self, call: ModelCall) -> Completion:
        raise EndpointError("nobody is there", "start the server")
