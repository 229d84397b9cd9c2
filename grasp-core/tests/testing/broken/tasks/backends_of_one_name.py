"""Two ways have one name."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import TaskBackend

BREAKS = "told-backends"
SAYS = "twice"
MEND = "parameter"


class Broken(Walk):
    def backends(self) -> Sequence[TaskBackend]:
        return (TaskBackend("docker", usable=True), TaskBackend("docker", usable=True))
