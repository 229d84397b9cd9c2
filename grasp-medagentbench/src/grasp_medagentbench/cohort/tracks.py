"""What each patient's chart holds of the data that task types read (spec 8.2).

A track is one kind of data. Where two task types read the same, the more branched one is
dealt first and the other inherits where it has the same patient.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from grasp_medagentbench.cohort.plan import Plan
from grasp_medagentbench.cohort.quotas import Dealer
from grasp_medagentbench.cohort.readings import Glucose, HbA1c, History, Magnesium, Potassium
from grasp_medagentbench.cohort.resources import Resource, lab
from grasp_medagentbench.facts import GLUCOSE, HBA1C, MAGNESIUM, POTASSIUM
from grasp_medagentbench.records import Record

#: Split → MRNs of one task type.
Groups = Mapping[str, Sequence[str]]
#: MRN → branch.
Branches = dict[str, str]
#: Track → MRN → resources, in the order in which they are stored.
Tracks = dict[str, dict[str, list[Resource]]]

_UNITS = {MAGNESIUM: "mg/dL", GLUCOSE: "mg/dL", POTASSIUM: "mmol/L", HBA1C: "%"}


class Deal(Protocol):
    """Deals the branches of one task type to its patients."""

    def __call__(self, name: str, inherited: Branches | None = None) -> Branches:
        """Return MRN → branch."""
        ...


class Dealt:
    """Deals the task types of a plan, and remembers who got what.

    Args:
        groups: For each task type its patients, split by split.
        plan: Weights of the branches of each task type.
        generator: Source of all chance.
    """

    def __init__(self, groups: Mapping[str, Groups], plan: Plan, generator: random.Random) -> None:
        self._groups = groups
        self._plan = plan
        self._random = generator
        self.branches: dict[str, Branches] = {}

    def __call__(self, name: str, inherited: Branches | None = None) -> Branches:
        """Return MRN → branch of a task type; nobody has one if it is not in the plan."""
        result: Branches = {}
        if name in self._plan:
            dealer = Dealer(self._plan[name], self._random)
            for patients in self._groups.get(name, {}).values():
                result.update(dealer.deal(patients, inherited))
        self.branches[name] = result
        return result


def groups_of(splits: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, list[str]]]:
    """Return task type → split → MRNs."""
    groups: dict[str, dict[str, list[str]]] = {}
    for split, records in splits.items():
        for record in records:
            name = str(record["id"]).split("_")[0]
            group = groups.setdefault(name, {}).setdefault(split, [])
            mrn = record.get("eval_MRN")
            if mrn and mrn not in group:
                group.append(str(mrn))
    return groups


def fill(
    splits: Mapping[str, Sequence[Record]], plan: Plan, generator: random.Random
) -> tuple[Tracks, dict[str, Branches]]:
    """Return the measurements of all patients of v1, and the branch that each record takes.

    Args:
        splits: The records, split by split.
        plan: Weights of the branches of each task type.
        generator: Source of all chance.
    """
    dealt = Dealt(groups_of(splits), plan, generator)
    histories = {
        MAGNESIUM: _magnesium(dealt, generator),
        GLUCOSE: _glucose(dealt, generator),
    }
    potassium, hba1c = Potassium(generator), HbA1c(generator)
    histories[POTASSIUM] = {m: potassium.history(b) for m, b in dealt("task9").items()}
    histories[HBA1C] = {m: hba1c.history(b) for m, b in dealt("task10").items()}
    tracks = {
        code: {mrn: _labs(mrn, code, history) for mrn, history in by_patient.items()}
        for code, by_patient in histories.items()
    }
    return tracks, dealt.branches


def _labs(mrn: str, code: str, history: History) -> list[Resource]:
    return [lab(mrn, code, m.value, _UNITS[code], m.time) for m in history]


class _Turns:
    def __init__(self, *values: str) -> None:
        self._values, self._next = values, -1

    def take(self) -> str:
        self._next += 1
        return self._values[self._next % len(self._values)]


def _magnesium(dealt: Deal, generator: random.Random) -> dict[str, History]:
    magnesium, windows = Magnesium(generator), _Turns("several", "one", "several", "several", "one")
    bands = _Turns("mild", "normal", "severe", "moderate")
    low_bands = _Turns("mild", "severe", "moderate")
    orders = dealt("task5")
    window = {
        mrn: branch if branch in ("none", "stale") else windows.take()
        for mrn, branch in orders.items()
    }
    window.update(dealt("task4", window))
    histories = {}
    for mrn, shape in window.items():
        band = orders.get(mrn, "")
        if shape == "stale":
            band = low_bands.take()
        elif band not in Magnesium.BANDS:
            band = bands.take()
        histories[mrn] = magnesium.history(shape, band)
    return histories


def _glucose(dealt: Deal, generator: random.Random) -> dict[str, History]:
    glucose = Glucose(generator)
    shapes = dealt("task6")
    inherited = {m: s if s in ("none", "stale") else "fresh" for m, s in shapes.items()}
    shapes = {**dealt("task7", inherited), **shapes}
    return {mrn: glucose.history(shape) for mrn, shape in shapes.items()}
