"""The synthetic charts of MedAgentBench-v2: every branch of every task type in each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grasp_medagentbench.cohort import Cohort, build_cohort
from grasp_medagentbench.records import Record
from grasp_medagentbench.v2.cohort.fill import fill
from grasp_medagentbench.v2.cohort.plan import V2_PLAN

__all__ = ["V2_PLAN", "build_v2_cohort"]


def build_v2_cohort(splits: Mapping[str, Sequence[Record]], seed: int = 0) -> Cohort:
    """Return charts for every patient of v2 records; see ``cohort.build_cohort``.

    Raises:
        TaskError: A record states a time that is none.
    """
    return build_cohort(splits, seed, V2_PLAN, filler=fill, searches="", ages="")
