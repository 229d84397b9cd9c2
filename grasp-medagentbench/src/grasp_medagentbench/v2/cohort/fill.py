"""What each patient's chart holds of the data that v2 task types read (spec 8.2).

Tasks 1 and 5 both read CT studies: task 5 is dealt first, and task 1 takes the branch that
its patients then have.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from grasp.contracts import TaskError
from grasp_medagentbench.cohort import Plan
from grasp_medagentbench.cohort.resources import Resource
from grasp_medagentbench.cohort.tracks import Branches, Dealt, Tracks, groups_of
from grasp_medagentbench.records import Record
from grasp_medagentbench.v2.cohort.cycle import Chance
from grasp_medagentbench.v2.cohort.drugs import Drugs
from grasp_medagentbench.v2.cohort.imaging import Imaging, Study, surveillance_branch
from grasp_medagentbench.v2.cohort.measurements import HeartRates, QtIntervals, Thyroid
from grasp_medagentbench.v2.cohort.procedures import Catheters, InfluenzaVaccines
from grasp_medagentbench.v2.facts import now

#: ``(mrn, branch, present) -> resources``
Maker = Callable[[str, str, datetime], list[Resource]]
#: Task type → MRN → present of its record.
Presents = Mapping[str, Mapping[str, datetime]]


def fill(
    splits: Mapping[str, Sequence[Record]], plan: Plan, generator: random.Random
) -> tuple[Tracks, dict[str, Branches]]:
    """Return what charts hold for v2, and the branch that each record takes.

    Args:
        splits: The records, split by split.
        plan: Weights of the branches of each task type.
        generator: Source of all chance.

    Raises:
        TaskError: A record states a time that is none.
    """
    chance = Chance(generator)
    presents = _presents(splits)
    dealt = Dealt(groups_of(splits), plan, generator)
    tracks = _imaging(dealt, presents, chance)
    drugs, intervals = Drugs(chance), QtIntervals(chance)
    makers: Sequence[tuple[str, str, Maker]] = (
        ("task2", "anticoagulants", drugs.anticoagulants),
        ("task3", "heart rates", HeartRates(chance).history),
        ("task4", "catheters", Catheters(chance).history),
        ("task6", "thyroid", Thyroid(chance).history),
        ("task7", "QTc", intervals.history),
        ("task7", "QT drugs", drugs.qt_drugs),
        ("task8", "opioids", drugs.opioids),
        ("task9", "influenza", InfluenzaVaccines(chance).history),
        ("task10", "COVID", drugs.covid),
    )
    for kind, track, make in makers:
        branches = dealt.branches.get(kind) or dealt(kind)
        tracks[track] = {m: make(m, b, presents[kind][m]) for m, b in branches.items()}
    return tracks, dealt.branches


def _presents(splits: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, datetime]]:
    presents: dict[str, dict[str, datetime]] = {}
    for records in splits.values():
        for record in records:
            try:
                moment = now(record)
            except ValueError as error:
                raise TaskError(
                    f"{record['id']} states a time that is none: {error}",
                    "write it as 2023-11-07T22:47:00+00:00",
                ) from error
            kind = str(record["id"]).split("_")[0]
            presents.setdefault(kind, {})[str(record["eval_MRN"])] = moment
    return presents


def _imaging(dealt: Dealt, presents: Presents, chance: Chance) -> Tracks:
    imaging = Imaging(chance)
    studies: dict[str, list[Study]] = {}
    diagnoses: dict[str, list[Resource]] = {}
    for mrn, branch in dealt("task5").items():
        present = presents["task5"][mrn]
        studies[mrn] = imaging.cancer(branch, present)
        diagnoses[mrn] = imaging.diagnosis(mrn, branch, present)
    watched = presents.get("task1", {})
    known = {m: surveillance_branch(s, watched[m]) for m, s in studies.items() if m in watched}
    for mrn, branch in dealt("task1", known).items():
        if mrn not in known:
            studies[mrn] = imaging.surveillance(branch, watched[mrn])
    return {
        "CT": {mrn: imaging.resources(mrn, found) for mrn, found in studies.items()},
        "diagnoses": diagnoses,
    }
