"""Chance, and values by turns: so that every boundary and trap among them occurs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Turns(Generic[T]):
    """Gives its values by turns.

    Args:
        values: At least one.
    """

    def __init__(self, *values: T) -> None:
        self._values = values
        self._next = 0

    def take(self) -> T:
        """Return the next value."""
        value = self._values[self._next % len(self._values)]
        self._next += 1
        return value


class Chance:
    """What may be random in a chart."""

    def __init__(self, generator: random.Random) -> None:
        self.generator = generator

    def before(self, time: datetime, least: timedelta, most: timedelta) -> datetime:
        """Return a full minute between ``most`` and ``least`` before a time."""
        low, high = (int(span / MINUTE) for span in (least, most))
        return time - self.generator.randint(low, high) * MINUTE

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Return the values in some order."""
        result = list(values)
        self.generator.shuffle(result)
        return result
