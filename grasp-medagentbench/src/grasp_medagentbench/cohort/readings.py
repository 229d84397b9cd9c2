"""Histories of measurements: which values a chart holds, and when they were taken."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from grasp_medagentbench.facts import DAY_AGO, NOW, YEAR_AGO

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Measured:
    """One value and its time."""

    value: float
    time: datetime


#: The measurements of one patient and code, in the order in which they are stored.
History = list[Measured]


class Cycle:
    """Gives values by turns, so that the boundary cases among them all occur."""

    def __init__(self, values: Iterable[float]) -> None:
        self.values = tuple(values)
        self._next = 0

    def take(self) -> float:
        """Return the next value."""
        value = self.values[self._next % len(self.values)]
        self._next += 1
        return value


def times(
    generator: random.Random, count: int, earliest: datetime, latest: datetime
) -> list[datetime]:
    """Return ``count`` different minutes between two moments, both included, oldest first."""
    minutes = int((latest - earliest) / MINUTE)
    return [earliest + m * MINUTE for m in sorted(generator.sample(range(minutes + 1), count))]


def shuffled(generator: random.Random, history: Sequence[Measured]) -> History:
    """Return the history in some order other than by time, where there is another."""
    result = list(history)
    ordered = sorted(result, key=lambda m: m.time)
    while len(result) > 1 and result == ordered:
        generator.shuffle(result)
    return result


class Magnesium:
    """Magnesium in mg/dL (tasks 4 and 5)."""

    BANDS = ("normal", "mild", "moderate", "severe")

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        # Boundaries come back often enough for every split to have some.
        self._values = {
            "normal": Cycle((2.0, 2.3, 2.0, 2.1, 2.6)),
            "mild": Cycle((1.9, 1.5, 1.7, 1.9, 1.6, 1.5, 1.8)),
            "moderate": Cycle((1.0, 1.4, 1.2, 1.0, 1.4, 1.1, 1.3)),
            "severe": Cycle((0.9, 0.7, 0.9, 0.8, 0.6)),
        }
        self._turn = 0

    def history(self, window: str, band: str) -> History:
        """Return a history.

        Args:
            window: ``none``, ``stale``, ``one`` or ``several`` values in the past 24 hours.
            band: Of the last value in the window; for ``stale`` of the last one before it.
        """
        if window == "none":
            return []
        self._turn += 1
        old = self._older(band)
        if window == "stale":
            # Low, and sometimes only a minute too old: nothing may be ordered for it.
            last = DAY_AGO - (MINUTE if self._turn % 3 == 0 else self._some_hours())
            return shuffled(self._random, [*old, Measured(self._some(band), last)])
        if window == "one":
            # Some stand exactly on the edge of the window, which belongs to it.
            at = DAY_AGO if self._turn % 4 == 0 else self._moments(1)[0]
            return shuffled(self._random, [*old, Measured(self._values[band].take(), at)])
        moments = self._moments(self._random.randint(2, 4))
        earlier = [Measured(self._other(band), t) for t in moments[:-1]]
        last_one = Measured(self._values[band].take(), moments[-1])
        return shuffled(self._random, [*old, *earlier, last_one])

    def _older(self, band: str) -> History:
        count = self._random.randint(1, 3)
        span = times(self._random, count, NOW - 400 * DAY, DAY_AGO - 3 * DAY)
        return [Measured(self._other(band), t) for t in span]

    def _moments(self, count: int) -> list[datetime]:
        return times(self._random, count, DAY_AGO + 20 * MINUTE, NOW - 20 * MINUTE)

    def _some_hours(self) -> timedelta:
        return timedelta(minutes=self._random.randint(30, 2 * 24 * 60))

    def _other(self, band: str) -> float:
        """Return a value of another band, more often than not a higher one."""
        if band != "normal" and self._random.random() < 0.6:
            return self._random.choice((2.0, 2.2, 2.4, 2.7))
        return self._some(self._random.choice([b for b in self.BANDS if b != band]))

    def _some(self, band: str) -> float:
        """Return a value of a band that no task type asks for, so it needs no turn."""
        return self._random.choice(self._values[band].values)


class Glucose:
    """Capillary glucose in mg/dL (tasks 6 and 7); stored oldest first."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._turn = 0

    def history(self, shape: str) -> History:
        """Return a history.

        Args:
            shape: ``none``; ``stale`` (older than 24 hours); ``one``, ``few`` (2 to 6) or
                ``many`` (more than a page of 20) in the window; ``fresh`` (any of these).
        """
        self._turn += 1
        if shape == "none":
            return []
        if shape == "fresh":
            shape = ("one", "few", "many")[self._turn % 3]
        if shape == "stale":
            count = 26 if self._turn % 3 == 0 else self._random.randint(1, 6)
            end = DAY_AGO - MINUTE if self._turn % 4 == 0 else DAY_AGO - 5 * 60 * MINUTE
            span = times(self._random, count, end - 60 * DAY, end - MINUTE)
            return self._valued([*span[:-1], end])
        count = {"one": 1, "few": self._random.randint(2, 6)}.get(
            shape, self._random.randint(22, 28)
        )
        moments = times(self._random, count, DAY_AGO + 10 * MINUTE, NOW - 10 * MINUTE)
        if shape == "few" and self._turn % 2:
            moments[0] = DAY_AGO
        older = times(self._random, self._random.randint(1, 4), NOW - 40 * DAY, DAY_AGO - MINUTE)
        return self._valued(older, 60) + self._uneven(self._valued(moments))

    def _valued(self, moments: Sequence[datetime], shift: int = 0) -> History:
        return [Measured(shift + self._random.randint(78, 240), t) for t in moments]

    @staticmethod
    def _uneven(window: History) -> History:
        """Move the mean away from whole numbers, so that a rounded answer is wrong."""
        while len(window) > 1:
            mean = sum(m.value for m in window) / len(window)
            if abs(mean - round(mean)) > 0.12:
                break
            window = [Measured(window[0].value + 1, window[0].time), *window[1:]]
        return window


class Potassium:
    """Serum potassium in mmol/L (task 9)."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._values = {
            "normal": Cycle((3.6, 4.1, 5.3, 3.8, 4.4, 4.0, 3.7, 4.7)),
            "edge": Cycle((3.5,)),
            "low": Cycle((3.4, 3.0, 3.2, 3.1, 3.3)),
            "very low": Cycle((2.9, 2.5, 2.7, 2.8, 2.4)),
        }
        self._turn = 0

    def history(self, branch: str) -> History:
        """Return a history whose last value is of the branch; it may be months old."""
        if branch == "none":
            return []
        self._turn += 1
        age = (
            timedelta(hours=self._random.randint(1, 70))
            if self._turn % 2
            else timedelta(days=self._random.randint(20, 300), hours=3)
        )
        last = Measured(self._values[branch].take(), NOW - age)
        count = self._random.randint(1, 4) if self._turn % 4 else 0
        span = times(self._random, count, last.time - 500 * DAY, last.time - DAY)
        is_low = branch in ("low", "very low")
        other_side = self._turn % 4 in (1, 2)
        before = [Measured(self._before(is_low != other_side), t) for t in span]
        return shuffled(self._random, [*before, last])

    def _before(self, low: bool) -> float:
        return self._random.choice((2.8, 3.1, 3.3) if low else (3.7, 4.0, 4.3, 4.6))


class HbA1c:
    """HbA1c in per cent (task 10)."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._ages = {
            "old": Cycle((366, 400, 520, 700, 380, 900, 450)),
            "recent": Cycle((364, 200, 30, 100, 300, 5, 250)),
        }
        self._turn = 0

    def history(self, branch: str) -> History:
        """Return a history whose last value is ``old`` or ``recent``, or an empty one."""
        if branch == "none":
            return []
        self._turn += 1
        last = NOW - self._ages[branch].take() * DAY
        if branch == "recent" and self._turn % 5 == 0:
            last = YEAR_AGO  # To the minute a year ago is not older than a year.
        values = [Measured(self._random.randint(50, 64) / 10, last)]
        for _ in range(self._turn % 3):
            before = values[-1].time - self._random.randint(90, 420) * DAY
            values.append(Measured(self._random.randint(82, 119) / 10, before))
        return values if self._turn % 2 else values[::-1]
