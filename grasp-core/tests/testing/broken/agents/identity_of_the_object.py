"""Every object of it has an identity of its own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from broken.good_agent import Counting

BREAKS = "known-identity"
SAYS = "in an agent made alike"
MEND = "no clock, no chance"


class Broken(Counting):
    made = itertools.count()

    def __init__(self) -> None:
        self.number = next(self.made)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**super().identity, "number": self.number}
