"""Its identity can't be written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broken.good_agent import Counting

BREAKS = "known-identity"
SAYS = "identity is no JSON"
MEND = "part of every call's address"
ALSO = ("answers",)


class Broken(Counting):
    @property
    def identity(self) -> Mapping[str, Any]:
        return {**super().identity, "parameters": {"stop", "go"}}
