"""Its identity does not say which model it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broken.good_agent import Counting

BREAKS = "known-identity"
SAYS = "identity has no model"
MEND = "part of every call's address"


class Broken(Counting):
    @property
    def identity(self) -> Mapping[str, Any]:
        return {"backend": "counting"}
