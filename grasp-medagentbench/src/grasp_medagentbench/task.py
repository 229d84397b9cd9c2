"""The task ``medagentbench``: MedAgentBench v1 on an embedded FHIR store (spec 1 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from grasp_medagentbench.chart_task import ChartTask, Expected
from grasp_medagentbench.cohort import V1_PLAN, Cohort, Plan, build_cohort
from grasp_medagentbench.data import MEDAGENTBENCH
from grasp_medagentbench.facts import OOD_TYPES
from grasp_medagentbench.graders import V1_GRADERS, Grader
from grasp_medagentbench.graders.v1 import (
    age,
    glucose_latest,
    glucose_mean,
    hba1c,
    magnesium_level,
)
from grasp_medagentbench.instances import synthetic_records
from grasp_medagentbench.lazy import V1_POLICIES
from grasp_medagentbench.records import ANSWERED_TYPES
from grasp_medagentbench.tags import V1_FORMS

_EXPECTED: Mapping[str, Expected] = {
    "task1": lambda record, chart: list(record["sol"]),
    "task2": age.expected,
    "task4": magnesium_level.expected,
    "task6": glucose_mean.expected,
    "task7": glucose_latest.expected,
    "task10": hba1c.expected,
}


class MedAgentBench(ChartTask):
    """MedAgentBench v1: ten types of clinical tasks, solved by FHIR requests.

    Args:
        fhir_base_url: A FHIR server that holds the patients, for the agent's requests and
            for grading; by default a synthetic cohort in this process.
        data_file: Task file in the official form.
        source: Records to use without ``data_file``: ``official`` (pulled), ``synthetic``
            (our own), or ``auto``: official if they have been pulled.
        cohort_seed: Seed of the synthetic cohort.
        upstream_compat: Behave as the original where this package mends a defect: one
            stratum for all samples, no failure tags, expected answers or guidance for the
            skill writer, JSON bodies of the type ``application/json`` shown as Python.
        post_mode: ``compat`` confirms every post without storing it, as the original;
            ``strict`` stores it for the rest of the episode, or shows why it is refused.
        max_round: Turns until an episode ends without an answer.
        types: Only these task types, such as ``["task4", "task5"]``.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The records can't be read.
    """

    name = "medagentbench"

    _benchmark = "MedAgentBench v1"
    _dataset = MEDAGENTBENCH
    _answered = ANSWERED_TYPES
    _ood_types = OOD_TYPES
    _forms = V1_FORMS
    _expected = _EXPECTED
    _lazy_policies = V1_POLICIES
    _shows_python = True
    _plan: ClassVar[Plan] = V1_PLAN

    @property
    def _graders(self) -> Mapping[str, Grader]:
        return V1_GRADERS

    def _synthetic_records(self) -> list[dict[str, Any]]:
        return synthetic_records()

    def _build_cohort(self) -> Cohort:
        return build_cohort(self.splits, self._seed, self._plan)
