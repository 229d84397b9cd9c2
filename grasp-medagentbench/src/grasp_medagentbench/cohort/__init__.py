"""A seeded synthetic cohort: charts in which every branch of every task type occurs.

The original's patients come from real, de-identified records in a Docker image. This
cohort replaces them: nobody in it exists (spec 8).
"""

from __future__ import annotations

from grasp_medagentbench.cohort.build import Cohort, build_cohort
from grasp_medagentbench.cohort.plan import MAGNESIUM_PLAN, V1_PLAN, Plan

__all__ = ["MAGNESIUM_PLAN", "V1_PLAN", "Cohort", "Plan", "build_cohort"]
