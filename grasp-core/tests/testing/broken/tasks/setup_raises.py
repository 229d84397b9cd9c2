"""Its set-up fails with something that tells the user nothing."""

from __future__ import annotations

from broken.good_task import Walk

BREAKS = "set-up"
SAYS = "raised RuntimeError: no server"
MEND = "raise TaskError"


class Broken(Walk):
    def setup(self) -> None:
        raise RuntimeError("no server")
