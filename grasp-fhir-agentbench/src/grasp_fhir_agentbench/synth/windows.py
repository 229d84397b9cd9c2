"""The stretch of a record that a question is about (spec fhiragent, 9.2)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from grasp_fhir_agentbench.synth.tables import Chart

#: Months back from 31 December to a month that has a 31st too.
_MONTHS_BACK = {2: 10, 4: 8, 5: 7, 7: 5}


@dataclass(frozen=True)
class Window:
    """A stretch of time, a hospital visit or an ICU stay.

    Attributes:
        phrase: As a question says it; ``""`` for the whole record.
        told: The same for programs, without any id: ``{"kind": ...}``.
        start: First moment, if it is a stretch of time.
        end: First moment after it; ``None`` for no end.
        hadm_id: The visit, if it is one.
        stay_id: The ICU stay, if it is one.
        relative: Which stretch it is depends on the present.
    """

    phrase: str
    told: dict[str, Any]
    start: datetime | None = None
    end: datetime | None = None
    hadm_id: int | None = None
    stay_id: int | None = None
    relative: bool = False

    def covers(self, row: Any) -> bool:
        """Whether a row of a table lies in the window."""
        if self.stay_id is not None:
            return bool(getattr(row, "stay_id", None) == self.stay_id)
        if self.hadm_id is not None:
            return bool(row.hadm_id == self.hadm_id)
        when = moment_of(row)
        return (self.start is None or when >= self.start) and (self.end is None or when < self.end)


def moment_of(row: Any) -> datetime:
    """Return the moment a row is filed under."""
    when = getattr(row, "when", None) or getattr(row, "start", None)
    if when is None:
        when = datetime(row.day.year, row.day.month, row.day.day)
    moment: datetime = when
    return moment


def whole() -> Window:
    """Return the whole record."""
    return Window("", {"kind": "all"})


def draw(chart: Chart, rng: random.Random, kinds: Sequence[str]) -> Window | None:
    """Return a window of one of the kinds, ``None`` where the record has none of that kind."""
    kind = rng.choice(list(kinds))
    if kind in ("first visit", "last visit", "current visit"):
        return _visit(chart, kind)
    if kind in ("first icu", "last icu"):
        return _icu(chart, kind)
    return _stretch(chart, rng, kind)


def _visit(chart: Chart, kind: str) -> Window | None:
    which = kind.split()[0]
    ended = [a for a in chart.admissions if a.end is not None]
    open_ = [a for a in chart.admissions if a.end is None]
    visits = open_ if which == "current" else ended
    if not visits:
        return None
    visit = visits[0] if which == "first" else visits[-1]
    words = {"first": "during the first", "last": "during the last", "current": "in the current"}
    told = {"kind": "visit", "which": which}
    return Window(f"{words[which]} hospital visit", told, hadm_id=visit.hadm_id)


def _icu(chart: Chart, kind: str) -> Window | None:
    which = kind.split()[0]
    stays = [s for s in chart.icu if s.end is not None]
    if not stays:
        return None
    stay = stays[0] if which == "first" else stays[-1]
    return Window(
        f"during the {which} ICU visit",
        {"kind": "icu", "which": which},
        stay_id=stay.stay_id,
    )


def _stretch(chart: Chart, rng: random.Random, kind: str) -> Window | None:
    near = rng.choice(chart.admissions).start
    now, year = chart.now, datetime(near.year, 1, 1)
    month = datetime(near.year, near.month, 1)
    this_year = datetime(now.year, 1, 1)
    if kind == "all":
        return whole()
    if kind == "in year":
        return _between(f"in {year:%Y}", year, datetime(year.year + 1, 1, 1))
    if kind == "since year":
        return _between(f"since {year:%Y}", year)
    if kind == "in month":
        return _between(f"in {month:%m/%Y}", month, _next_month(month))
    if kind == "since month":
        return _between(f"since {month:%m/%Y}", month)
    if kind == "since day":
        day = datetime(near.year, near.month, near.day) + timedelta(days=rng.randint(0, 3))
        return _between(f"since {day:%m/%d/%Y}", day)
    if kind == "this year":
        return _between("this year", this_year, relative=True)
    if kind == "this month":
        return _between("this month", datetime(now.year, 12, 1), relative=True)
    if kind == "last year":
        return _between(
            "last year", datetime(now.year - 1, 1, 1), datetime(now.year, 1, 1), relative=True
        )
    if kind == "months ago":
        back = rng.choice(list(_MONTHS_BACK))
        start = now.replace(month=_MONTHS_BACK[back])
        return _between(f"since {back} months ago", start, relative=True)
    raise AssertionError(kind)


def _between(
    phrase: str, start: datetime, end: datetime | None = None, *, relative: bool = False
) -> Window:
    told = {"kind": "time", "from": f"{start}", "to": f"{end}" if end else None}
    return Window(phrase, told, start=start, end=end, relative=relative)


def _next_month(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1)
