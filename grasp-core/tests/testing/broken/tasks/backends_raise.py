"""Looking for a server that isn't there ends in an error."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import TaskBackend

BREAKS = "told-backends"
SAYS = "backends() raised"
MEND = "usable=False"


class Broken(Walk):
    def backends(self) -> Sequence[TaskBackend]:
        raise ConnectionRefusedError("nobody listens")
