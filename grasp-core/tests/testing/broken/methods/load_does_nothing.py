"""It can't go back."""

from __future__ import annotations

from typing import Any

from broken.good_method import Notes

BREAKS = "states-can-be-loaded"
SAYS = "after load() of a state, state() differs"
MEND = "restore all that state() tells"


class Broken(Notes):
    def load(self, state: Any) -> None:
        pass
