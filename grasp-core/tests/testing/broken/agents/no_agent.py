"""It has nothing to be asked with."""

from __future__ import annotations

from typing import ClassVar

BREAKS = "agent-built"
SAYS = "'Broken' is not an agent"
MEND = "inference(history, tools=None)"


class Broken:
    identity: ClassVar = {"backend": "none"}
