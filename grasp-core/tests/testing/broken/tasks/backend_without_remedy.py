"""What can't be used can't be mended either."""

from __future__ import annotations

from collections.abc import Sequence

from broken.good_task import Walk
from grasp.contracts import TaskBackend

BREAKS = "told-backends"
SAYS = "and not what to do"
MEND = "remedy"


class Broken(Walk):
    def backends(self) -> Sequence[TaskBackend]:
        return (TaskBackend("docker", usable=False),)
