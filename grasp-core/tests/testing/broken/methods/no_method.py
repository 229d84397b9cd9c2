"""It is a class of its own."""

from __future__ import annotations

from typing import Any

BREAKS = "method-class"
SAYS = "'Broken' is not a subclass of grasp.Method"
MEND = "inherit from grasp.Method"


class Broken:
    def __init__(self, *_: Any) -> None: ...
