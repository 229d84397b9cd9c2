"""Its data has to be fetched first."""

from __future__ import annotations

from broken.good_task import Walk
from grasp.contracts import TaskError

BREAKS = "set-up"
SAYS = "can't be set up: the data is not here"
MEND = "grasp data pull walk"


class Broken(Walk):
    def setup(self) -> None:
        raise TaskError("the data is not here", "grasp data pull walk")
