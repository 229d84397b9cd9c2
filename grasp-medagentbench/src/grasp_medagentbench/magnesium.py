"""The task ``medagentbench-magnesium``: one task type, small enough for a small model."""

from __future__ import annotations

from typing import Any, ClassVar

from grasp_medagentbench.cohort import MAGNESIUM_PLAN, Plan
from grasp_medagentbench.graders import type_of
from grasp_medagentbench.protocol import MAX_ROUND
from grasp_medagentbench.splits import Splits
from grasp_medagentbench.task import MedAgentBench

DEV = 20


class MedAgentBenchMagnesium(MedAgentBench):
    """Task type 4 of MedAgentBench, the last magnesium of 24 hours, in the full protocol.

    Thirty synthetic patients, 20 dev and 10 val; half of each have no value in the window.

    Args:
        fhir_base_url: As in ``MedAgentBench``.
        cohort_seed: As in ``MedAgentBench``.
        upstream_compat: As in ``MedAgentBench``.
        post_mode: As in ``MedAgentBench``.
        max_round: As in ``MedAgentBench``.

    Raises:
        ConfigError: A parameter is not valid.
    """

    name = "medagentbench-magnesium"

    _plan: ClassVar[Plan] = MAGNESIUM_PLAN

    def __init__(
        self,
        *,
        fhir_base_url: str | None = None,
        cohort_seed: int = 0,
        upstream_compat: bool = False,
        post_mode: str = "compat",
        max_round: int = MAX_ROUND,
    ) -> None:
        super().__init__(
            source="synthetic",
            fhir_base_url=fhir_base_url,
            cohort_seed=cohort_seed,
            upstream_compat=upstream_compat,
            post_mode=post_mode,
            max_round=max_round,
        )

    def _split(self, records: list[dict[str, Any]]) -> Splits:
        chosen = [r for r in records if type_of(r) == "task4"]
        return {"dev": chosen[:DEV], "val": chosen[DEV:], "test": [], "ood": []}
