"""The ten graders of MedAgentBench-v2, one module each (spec 4)."""

from __future__ import annotations

from collections.abc import Mapping

from grasp_medagentbench.graders.grade import Grader
from grasp_medagentbench.v2.graders import (
    catheter,
    covid_booster,
    ct_surveillance,
    dvt_prophylaxis,
    heart_rate,
    influenza,
    naloxone,
    qtc,
    renal_mass,
    thyroid,
)

#: Grader of each task type.
GRADERS: Mapping[str, Grader] = {
    "task1": ct_surveillance.grade,
    "task2": dvt_prophylaxis.grade,
    "task3": heart_rate.grade,
    "task4": catheter.grade,
    "task5": renal_mass.grade,
    "task6": thyroid.grade,
    "task7": qtc.grade,
    "task8": naloxone.grade,
    "task9": influenza.grade,
    "task10": covid_booster.grade,
}

#: The same with the defects of the original that fail an agent which did right.
UPSTREAM_GRADERS: Mapping[str, Grader] = {
    **GRADERS,
    "task1": ct_surveillance.grade_by_wall_clock,
    "task2": dvt_prophylaxis.grade_literal_dose,
}
