"""Every call of samples() makes new ids."""

from __future__ import annotations

import uuid
from typing import Any

from broken.good_task import Walk

BREAKS = "stable-ids"
SAYS = "between two calls of samples()"
MEND = "derive ids from the data"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        return {**super().sample(split, number), "id": uuid.uuid4().hex}
