"""Urinary catheters and influenza vaccinations (tasks 4 and 9)."""

from __future__ import annotations

from datetime import datetime

from grasp_medagentbench.cohort.resources import Resource, procedure, service_request
from grasp_medagentbench.v2.cohort.cycle import DAY, HOUR, MINUTE, Chance, Turns
from grasp_medagentbench.v2.cohort.periods import going_on
from grasp_medagentbench.v2.facts import CATHETER, CATHETER_LIMIT, INFLUENZA_VACCINE


class Catheters:
    """Makes insertions, and orders of removal (task 4)."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._fresh = Turns(CATHETER_LIMIT - MINUTE, 12 * HOUR, 30 * HOUR, 47 * HOUR, 3 * HOUR)
        self._overdue = Turns(CATHETER_LIMIT + MINUTE, 72 * HOUR, 49 * HOUR, 6 * DAY, 90 * HOUR)
        self._turn = 0

    def history(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return insertions and orders for a branch."""
        if branch == "none":
            return []
        self._turn += 1
        age = CATHETER_LIMIT
        if branch != "edge":
            age = (self._fresh if branch == "fresh" else self._overdue).take()
        last = present - age
        found = [self._insertion(mrn, last)]
        if self._turn % 3 or branch == "fresh":  # One that has been replaced since.
            found.append(self._insertion(mrn, self._chance.before(last, 3 * DAY, 30 * DAY)))
        if branch == "removal ordered":
            found.append(self._removal(mrn, "active", last + HOUR))
        elif branch == "overdue" and self._turn % 3 == 0:  # Carried out on the one before.
            found.append(self._removal(mrn, "completed", last - DAY))
        return self._chance.shuffled(found)

    def _insertion(self, mrn: str, time: datetime) -> Resource:
        inserted = procedure(mrn, CATHETER, "Insertion of urinary catheter", time)
        return going_on(inserted) if self._turn % 4 == 0 else inserted

    def _removal(self, mrn: str, status: str, time: datetime) -> Resource:
        return service_request(mrn, CATHETER, "Remove urinary catheter", status, time)


class InfluenzaVaccines:
    """Makes vaccinations (task 9)."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        # To the minute 365 days ago is not yet too long ago.
        self._ages = {
            "old": Turns(366 * DAY, 450 * DAY, 365 * DAY + MINUTE, 700 * DAY, 400 * DAY),
            "recent": Turns(364 * DAY, 90 * DAY, 365 * DAY, 30 * DAY, 200 * DAY, 100 * DAY),
        }
        self._turn = 0

    def history(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return vaccinations for a branch."""
        if branch == "never":
            return []
        self._turn += 1
        moments = [present - self._ages[branch].take()]
        for _ in range(self._turn % 3):
            moments.append(self._chance.before(moments[-1], 300 * DAY, 420 * DAY))
        text = "Influenza vaccine, quadrivalent, preservative free"
        return [
            procedure(mrn, INFLUENZA_VACCINE, text, time) for time in self._chance.shuffled(moments)
        ]
