"""How many patients of each task type take which branch (spec 8.3)."""

from __future__ import annotations

from collections.abc import Mapping

from grasp_medagentbench.cohort.quotas import Quotas

#: Task type → weights of its branches, of thirty patients.
Plan = Mapping[str, Quotas]

#: Charts for all of v1. Task types that read the same data share a vocabulary:
#: magnesium is ``none``, ``stale`` or in the window; glucose likewise.
V1_PLAN: Plan = {
    "task4": {"none": 5, "stale": 5, "one": 8, "several": 12},
    "task5": {"none": 5, "stale": 5, "normal": 5, "mild": 5, "moderate": 5, "severe": 5},
    "task6": {"none": 4, "stale": 6, "one": 5, "few": 10, "many": 5},
    "task7": {"none": 4, "stale": 13, "fresh": 13},
    "task9": {"none": 3, "normal": 11, "edge": 2, "low": 8, "very low": 6},
    "task10": {"none": 8, "old": 11, "recent": 11},
}

#: Charts for the magnesium slice: half of the patients have no value in the window.
MAGNESIUM_PLAN: Plan = {"task4": {"none": 5, "stale": 5, "one": 4, "several": 6}}
