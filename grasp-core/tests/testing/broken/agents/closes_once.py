"""It can be closed once only."""

from __future__ import annotations

from broken.good_agent import Counting

BREAKS = "closes-twice"
SAYS = "the second close() raised AttributeError"
MEND = "do nothing where nothing is"


class Broken(Counting):
    def __init__(self) -> None:
        self.connection: list[int] | None = []

    def close(self) -> None:
        self.connection.clear()  # type: ignore[union-attr]
        self.connection = None
