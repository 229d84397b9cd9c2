"""Its identity tells the time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from broken.good_agent import Counting

BREAKS = "known-identity"
SAYS = "identity differs when it is read again"
MEND = "no clock, no chance"


class Broken(Counting):
    clock = itertools.count()

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**super().identity, "read": next(self.clock)}
