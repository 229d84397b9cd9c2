"""Its identity holds its key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from broken.good_agent import Counting

BREAKS = "no-secrets"
SAYS = "the value of COUNTING_API_KEY"
MEND = "leave keys out of identity"
ENVIRONMENT = {"COUNTING_API_KEY": "ck-0123456789"}


class Broken(Counting):
    @property
    def identity(self) -> Mapping[str, Any]:
        return {**super().identity, "endpoint": f"http://x/?key={os.environ['COUNTING_API_KEY']}"}
