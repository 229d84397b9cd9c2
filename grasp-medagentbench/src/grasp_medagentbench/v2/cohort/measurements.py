"""Heart rates, thyroid values and QTc intervals (tasks 3, 6 and 7)."""

from __future__ import annotations

from datetime import datetime

from grasp_medagentbench.cohort.readings import Measured, times
from grasp_medagentbench.cohort.resources import Resource, lab, vital_quantity
from grasp_medagentbench.v2.cohort.cycle import DAY, HOUR, MINUTE, Chance, Turns
from grasp_medagentbench.v2.facts import FREE_T4, HEART_RATE, QTC, TSH

_SIX, _TWELVE = 6 * HOUR, 12 * HOUR


class HeartRates:
    """Makes heart rates in beats per minute (task 3)."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._random = chance.generator
        self._turn = 0

    def history(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return readings, oldest first; some are later than the present, and don't count."""
        if branch == "none":
            return []
        self._turn += 1
        late, early = self._counts(branch)
        window = self._values(
            times(self._random, late, present - _SIX + MINUTE, present),
            times(self._random, early, present - _TWELVE + MINUTE, present - _SIX - MINUTE),
            present,
        )
        older = times(
            self._random, self._random.randint(2, 6), present - 9 * DAY, present - _TWELVE - MINUTE
        )
        if self._turn % 3 == 0:
            older[-1] = present - _TWELVE - MINUTE
        after = []
        if self._turn % 3 == 1:
            after = times(self._random, 2, present + MINUTE, present + _SIX)
        outside = [Measured(self._random.randint(96, 140), t) for t in (*older, *after)]
        return [
            vital_quantity(mrn, HEART_RATE, m.value, "/min", m.time)
            for m in sorted((*window, *outside), key=lambda m: m.time)
        ]

    def _counts(self, branch: str) -> tuple[int, int]:
        """Return how many readings lie in the past 6 hours, and in the 6 hours before."""
        some = self._random.randint
        return {
            "both": (some(2, 5), some(2, 5)),
            "many": (some(12, 15), some(11, 14)),
            "early": (0, some(1, 5)),
            "stale": (0, 0),
        }[branch]

    def _values(
        self, late: list[datetime], early: list[datetime], present: datetime
    ) -> list[Measured]:
        if late and self._turn % 2:  # Both windows include their ends.
            late[0] = present - _SIX
        if early and self._turn % 2 == 0:
            early[0] = present - _TWELVE
        while True:
            first = [Measured(self._random.randint(58, 96), t) for t in late]
            second = [Measured(self._random.randint(58, 96), t) for t in early]
            if _is_telling(first, second):
                return first + second


def _is_telling(late: list[Measured], early: list[Measured]) -> bool:
    """Return whether wrong windows, a wrong order or rounding would show in the means."""
    means = [
        sum(m.value for m in window) / len(window) for window in (late, [*late, *early]) if window
    ]
    uneven = all(abs(mean - round(mean)) > 0.12 for mean in means) or len(late + early) < 2
    return uneven and (not late or abs(means[0] - means[-1]) > 0.3)


class Thyroid:
    """Makes TSH in uIU/mL and free T4 in ng/dL (task 6)."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._high = Turns(10.1, 14.2, 22.5, 11.8)
        self._raised = Turns(4.5, 10.0, 6.2, 7.9, 5.3)
        self._normal = Turns(4.4, 2.1, 1.3)
        self._t4_normal = Turns(0.8, 1.8, 1.2, 1.0)
        self._t4_off: Turns[float | None] = Turns(0.7, None, 1.9, 0.5)
        # Days between two high values.
        self._apart = Turns(30, 45, 31, 120, 200)
        self._near = Turns(29, 10, 28, 3)
        self._turn = 0

    def history(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return values for a branch."""
        self._turn += 1
        last = self._chance.before(present, 2 * DAY, 40 * DAY)
        tsh: list[Measured] = []
        t4: float | None = self._t4_normal.take() if self._turn % 2 else 0.7
        if branch == "none":
            return [lab(mrn, FREE_T4, 1.1, "ng/dL", last)] if self._turn % 2 else []
        if branch in ("pair", "near pair"):
            gap = (self._apart if branch == "pair" else self._near).take()
            tsh = [Measured(self._high.take(), last), Measured(self._high.take(), last - gap * DAY)]
            if self._turn % 2:
                tsh.append(Measured(self._raised.take(), tsh[1].time - 50 * DAY))
        elif branch == "single":
            tsh = [
                Measured(self._high.take(), last),
                Measured(self._raised.take(), last - 60 * DAY),
            ]
        elif branch.startswith("raised"):
            tsh = [Measured(self._raised.take(), last)]
            if self._turn % 2:  # One high value in the past is not enough for a drug.
                tsh.append(Measured(self._high.take(), last - 90 * DAY))
            t4 = self._t4_normal.take() if branch == "raised" else self._t4_off.take()
        else:
            tsh = [
                Measured(self._normal.take(), last),
                Measured(self._raised.take(), last - 80 * DAY),
            ]
        result = [lab(mrn, TSH, m.value, "uIU/mL", m.time) for m in self._chance.shuffled(tsh)]
        return result + self._free_t4(mrn, branch, t4, last)

    def _free_t4(
        self, mrn: str, branch: str, value: float | None, last: datetime
    ) -> list[Resource]:
        if value is None:
            return []
        # An earlier value says the opposite of the latest.
        before = 1.2 if branch == "raised with T4 off" else 2.0
        values = [Measured(value, last), Measured(before, last - 70 * DAY)]
        return [lab(mrn, FREE_T4, m.value, "ng/dL", m.time) for m in self._chance.shuffled(values)]


class QtIntervals:
    """Makes QTc intervals in milliseconds (task 7)."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._random = chance.generator
        self._last = {
            "normal": Turns(500, 432, 488, 500, 410, 499),
            "prolonged": Turns(501, 524, 560, 501, 513),
        }
        self._turn = 0

    def history(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return intervals, oldest first: what is stored last was also measured last."""
        if branch == "none":
            return []
        self._turn += 1
        last = self._chance.before(present, HOUR, 30 * DAY)
        moments = times(self._random, self._turn % 3, last - 300 * DAY, last - DAY)
        other_side = (branch == "normal") != (self._turn % 2 == 0)
        low, high = (505, 570) if other_side else (400, 480)
        before = [Measured(self._random.randint(low, high), t) for t in moments]
        return [
            vital_quantity(mrn, QTC, m.value, "ms", m.time)
            for m in (*before, Measured(self._last[branch].take(), last))
        ]
