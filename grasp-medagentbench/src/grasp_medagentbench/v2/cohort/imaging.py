"""Abdominal CT studies and kidney diagnoses (tasks 1 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grasp_medagentbench.cohort.resources import Resource, condition, procedure
from grasp_medagentbench.v2.cohort.cycle import DAY, HOUR, Chance, Turns
from grasp_medagentbench.v2.cohort.periods import over_period
from grasp_medagentbench.v2.facts import CT_DONE, CT_INTERVAL, CT_ORDER, KIDNEY_CANCER

_TITLES = {
    "IMGCT0491": "CT abdomen and pelvis with contrast",
    "IMGIL0001": "CT abdomen, outside study",
    CT_ORDER: "CT abdomen and pelvis with IV contrast",
}


@dataclass(frozen=True)
class Study:
    """A CT: its code and when it was done."""

    code: str
    time: datetime


def surveillance_branch(studies: Sequence[Study], present: datetime) -> str:
    """Return the branch of task 1 that a patient with these studies takes."""
    times = [s.time for s in studies if s.code in CT_DONE]
    if not times:
        return "never"
    return "old" if max(times) < present - CT_INTERVAL else "recent"


class Imaging:
    """Makes studies and diagnoses."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        # Days; 365 and 90 exactly are not yet too old.
        self._surveillance = {
            "old": Turns(366, 400, 730, 380, 1000),
            "recent": Turns(364, 120, 365, 30, 250, 200),
        }
        self._cancer = {
            "old": Turns(91, 200, 366, 120, 91, 500),
            "recent": Turns(89, 30, 90, 60, 10),
        }
        self._codes = Turns(*CT_DONE)
        self._all_codes = Turns(CT_DONE[0], CT_ORDER, CT_DONE[1])
        self._others = Turns(
            ("C64.1", "Malignant neoplasm of right kidney, except renal pelvis"),
            ("Z85.528", "Personal history of other malignant neoplasm of kidney"),
        )
        self._by_period = Turns(False, False, True, False)
        self._turn = 0

    def surveillance(self, branch: str, present: datetime) -> list[Study]:
        """Return studies for a branch of task 1."""
        if branch == "never":
            return []
        self._turn += 1
        last = Study(self._codes.take(), present - self._surveillance[branch].take() * DAY)
        studies = [last]
        if self._turn % 3:  # An older one under the other code.
            other = CT_DONE[last.code == CT_DONE[0]]
            studies.append(Study(other, self._chance.before(last.time, 40 * DAY, 900 * DAY)))
        return self._chance.shuffled(studies)

    def cancer(self, branch: str, present: datetime) -> list[Study]:
        """Return studies for a branch of task 5."""
        if branch == "never":
            return []
        self._turn += 1
        age = self._cancer["recent" if branch == "recent" else "old"].take()
        last = Study(self._all_codes.take(), present - age * DAY)
        older = [
            Study(self._all_codes.take(), self._chance.before(last.time, 100 * DAY, 700 * DAY))
            for _ in range(self._turn % 3)
        ]
        return self._chance.shuffled([last, *older])

    def resources(self, mrn: str, studies: Sequence[Study]) -> list[Resource]:
        """Return the studies as procedures, some of them with a period for their time."""
        done = [procedure(mrn, s.code, _TITLES[s.code], s.time) for s in studies]
        return [over_period(p, HOUR / 2) if self._by_period.take() else p for p in done]

    def diagnosis(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return the entry of the problem list that a branch of task 5 has."""
        recorded = self._chance.before(present, 30 * DAY, 1500 * DAY)
        if branch == "healthy":
            return []
        code, text = KIDNEY_CANCER, "Malignant neoplasm of left kidney, except renal pelvis"
        if branch == "other kidney":
            code, text = self._others.take()
        return [condition(mrn, code, text, True, recorded)]
