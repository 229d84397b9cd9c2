"""The task ``medagentbench-v2``: ten redesigned types on the store and protocol of v1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from grasp.contracts import Rollout, Sample
from grasp_medagentbench.chart_task import ChartTask, Expected
from grasp_medagentbench.cohort import Cohort
from grasp_medagentbench.data import MEDAGENTBENCH_V2
from grasp_medagentbench.graders import Episode, Grader, type_of
from grasp_medagentbench.v2.cohort import build_v2_cohort
from grasp_medagentbench.v2.facts import ANSWER_TYPE, NOW_TEXT, OOD_TYPES, now_text
from grasp_medagentbench.v2.graders import (
    GRADERS,
    UPSTREAM_GRADERS,
    catheter,
    covid_booster,
    ct_surveillance,
    dvt_prophylaxis,
    heart_rate,
    influenza,
    naloxone,
    thyroid,
)
from grasp_medagentbench.v2.instances import synthetic_v2_records
from grasp_medagentbench.v2.lazy import V2_POLICIES
from grasp_medagentbench.v2.tags import V2_FORMS, v2_failure_tags

_ADVICE = """
- Most tasks are judged by what was posted alone: resource type, status, intent, patient, and
  the codes and words that the task names. Whether to post at all follows from the chart.
- An order is discontinued by a POST of the same MedicationRequest with the status `stopped`;
  nothing can be changed in place.
- Every episode has to end with FINISH, also where nothing is to be reported.
""".strip()

#: Of the types that have dev samples.
_EXPECTED: Mapping[str, Expected] = {
    "task1": ct_surveillance.expected,
    "task2": dvt_prophylaxis.expected,
    ANSWER_TYPE: heart_rate.expected,
    "task4": catheter.expected,
    "task6": thyroid.expected,
    "task8": naloxone.expected,
    "task9": influenza.expected,
    "task10": covid_booster.expected,
}


class MedAgentBenchV2(ChartTask):
    """MedAgentBench-v2: ten types of clinical decisions, most of them to order or not to.

    Args:
        fhir_base_url: A FHIR server that holds the patients, for the agent's requests and
            for grading; by default a synthetic cohort in this process.
        data_file: Task file in the official form.
        source: Records to use without ``data_file``: ``official`` (pulled), ``synthetic``
            (our own), or ``auto``: official if they have been pulled.
        cohort_seed: Seed of the synthetic cohort.
        upstream_compat: Behave as the original where this package mends a defect: the last
            CT of task 1 is compared with today's date; task 2 doesn't take "5,000" for the
            dose of a new order; FINISH must not speak of a POST; the opening message states
            its usual time even where the record states another; for the skill writer one
            stratum for all samples, no tags, expected orders or guidance.
        post_mode: ``compat`` confirms every post without storing it, as the original;
            ``strict`` stores it for the rest of the episode, or shows why it is refused.
        max_round: Turns until an episode ends without an answer.
        types: Only these task types, such as ``["task4", "task5"]``.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The records can't be read.
    """

    name = "medagentbench-v2"

    _benchmark = "MedAgentBench-v2"
    _dataset = MEDAGENTBENCH_V2
    _answered: ClassVar[frozenset[str]] = frozenset()
    _ood_types = OOD_TYPES
    _forms = V2_FORMS
    _expected = _EXPECTED
    _lazy_policies = V2_POLICIES
    _shows_python = False
    _advice = _ADVICE

    @property
    def _graders(self) -> Mapping[str, Grader]:
        return UPSTREAM_GRADERS if self._compat else GRADERS

    def _synthetic_records(self) -> list[dict[str, Any]]:
        return synthetic_v2_records()

    def _build_cohort(self) -> Cohort:
        return build_v2_cohort(self.splits, self._seed)

    def _now(self, record: Sample) -> str:
        return NOW_TEXT if self._compat else now_text(record)

    def _episode(self, rollout: Rollout) -> Episode:
        return Episode(rollout.history, rollout.answer, self._strict, guarded=not self._compat)

    def ground_truth(self, sample: Sample) -> str:
        """Return the answer expected of a dev sample, or what it expects to be posted."""
        truth = super().ground_truth(sample)
        if not truth or type_of(sample) == ANSWER_TYPE:
            return truth
        return f"POST {', '.join(json.loads(truth))}" if truth != "[]" else "no POST"

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return tags of form; see ``grasp_medagentbench.v2.tags``."""
        return [] if self._compat else v2_failure_tags(type_of(sample), sample, rollout)
