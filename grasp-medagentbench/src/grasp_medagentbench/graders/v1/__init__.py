"""The ten graders of MedAgentBench v1, one module each (spec 3)."""

from __future__ import annotations

from collections.abc import Mapping

from grasp_medagentbench.graders.grade import Grader
from grasp_medagentbench.graders.v1 import (
    age,
    blood_pressure,
    glucose_latest,
    glucose_mean,
    hba1c,
    magnesium_level,
    magnesium_order,
    patient_search,
    potassium_order,
    referral,
)

#: Grader of each task type.
GRADERS: Mapping[str, Grader] = {
    "task1": patient_search.grade,
    "task2": age.grade,
    "task3": blood_pressure.grade,
    "task4": magnesium_level.grade,
    "task5": magnesium_order.grade,
    "task6": glucose_mean.grade,
    "task7": glucose_latest.grade,
    "task8": referral.grade,
    "task9": potassium_order.grade,
    "task10": hba1c.grade,
}
