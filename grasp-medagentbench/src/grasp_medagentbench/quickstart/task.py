"""The task ``medagentbench-quickstart``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

from grasp.contracts import Agent, InjectedSkill, Message, Rollout, Sample, Status, Task
from grasp_medagentbench.fhir.client import EmbeddedClient
from grasp_medagentbench.fhir.store import Store
from grasp_medagentbench.quickstart.cohort import Patient, make_cohort, resources
from grasp_medagentbench.quickstart.protocol import (
    MAX_TOKENS,
    MAX_TURNS,
    SYSTEM,
    observation,
    parse_action,
    question,
    read_answer,
    system_message,
)

BASE_URL = "http://localhost:8080/fhir/"

#: Seed of the shipped cohort.
COHORT_SEED = 2023


class MedAgentBenchQuickstart(Task):
    """The most recent magnesium of the last 24 hours, for models of a few billion weights.

    MedAgentBench's type 4 in a compact protocol: a short system message that holds the
    skills, one action per line, and search results told in lines. The answer has to be a
    JSON list of one number, -1 where the window holds no value; the model is told what is
    asked, and has to learn how this environment wants it answered.

    Args:
        cohort_seed: Seed of the synthetic patients. Prompts were tuned on other seeds than
            the default one.
    """

    name = "medagentbench-quickstart"
    version: ClassVar[str] = "1"
    max_turns = MAX_TURNS

    updater_task_family = "FHIR clinical lookup"
    updater_failure_examples = "answer_is_not_a_list\nempty_result_answered_in_words"

    def __init__(self, cohort_seed: int = COHORT_SEED) -> None:
        self._seed = cohort_seed
        self._cohort = make_cohort(cohort_seed)
        self._samples = {
            split: tuple(_sample(split, p) for p in patients)
            for split, patients in self._cohort.items()
        }
        self._client: EmbeddedClient | None = None
        self._opening = threading.Lock()

    # -- data ------------------------------------------------------------------------

    def samples(self, split: str) -> Sequence[Sample]:
        """Return ``dev``, ``probe``, ``val`` or ``test``; their patients are disjoint."""
        return self._samples.get(split, ())

    def sample_type(self, sample: Sample) -> str:
        """Return the kind of chart: ``value``, ``older`` or ``none``."""
        return str(sample["type"])

    def report_group(self, sample: Sample) -> str:
        """Tell patients with a value from those without: a constant -1 must not pass."""
        return "value" if sample["type"] == "value" else "no value"

    def ground_truth(self, sample: Sample) -> str:
        """Return the right last action of a dev sample, else nothing."""
        return f"FINISH([{sample['expected']}])" if sample["split"] == "dev" else ""

    def describe(self) -> dict[str, Any]:
        """Return the cohort's seed and sizes."""
        sizes = {split: len(samples) for split, samples in self._samples.items()}
        return {"cohort_seed": self._seed, "samples": sizes}

    def setup(self) -> None:
        """Load the charts into the FHIR store."""
        self._fhir()

    def close(self) -> None:
        """Drop the FHIR store."""
        with self._opening:
            self._client = None

    def _fhir(self) -> EmbeddedClient:
        with self._opening:
            if self._client is None:
                store = Store.from_resources(resources(self._cohort))
                self._client = EmbeddedClient(store, BASE_URL)
            return self._client

    # -- episodes --------------------------------------------------------------------

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Ask about one patient: searches, then an answer."""
        fhir = self._fhir()
        history: list[Message] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": str(sample["instruction"])},
        ]
        actions: list[str] = []
        for _ in range(MAX_TURNS):
            text = agent.inference(history, stop=["\n"], max_tokens=MAX_TOKENS).strip()
            history.append({"role": "agent", "content": text})
            actions.append(text)
            action = parse_action(text)
            if action.kind == "finish":
                return Rollout(history, actions, action.argument, Status.COMPLETED.value)
            if action.kind == "invalid":
                return Rollout(history, actions, None, Status.INVALID_ACTION.value)
            response = fhir.request("GET", _address(action.argument))
            told = observation(response.status, response.text)
            history.append({"role": "user", "content": told})
        return Rollout(history, actions, None, Status.TASK_LIMIT.value)

    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        """Put the library into the system message."""
        placed = [dict(m) for m in history]
        placed[0]["content"] = system_message(skills)
        return placed

    # -- grading ---------------------------------------------------------------------

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Accept exactly a JSON list of the expected number."""
        return _is_number(_only(rollout.answer), sample["expected"])

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Say how an answer is wrong, not what is right."""
        if rollout.answer is None:
            return ["no_answer"]
        try:
            value = read_answer(rollout.answer)
        except ValueError:
            return ["answer_is_not_json"]
        if not isinstance(value, list):
            return ["answer_is_not_a_list"]
        if len(value) != 1:
            return ["empty_answer" if not value else "several_values"]
        if isinstance(value[0], bool) or not isinstance(value[0], int | float):
            return ["answer_is_not_a_number"]
        return ["wrong_number"]


def _sample(split: str, patient: Patient) -> dict[str, Any]:
    return {
        "id": f"{split}-{patient.mrn}",
        "split": split,
        "type": patient.kind,
        "patient": patient.mrn,
        "instruction": question(patient.mrn),
        "expected": patient.latest,
    }


def _address(text: str) -> str:
    """Return an address as it is, and a path as one below the base."""
    return text if "://" in text.partition("?")[0] else BASE_URL + text.lstrip("/")


def _only(answer: str | None) -> Any:
    """Return the only element of an answer that is a JSON list, else ``None``."""
    try:
        value = read_answer(answer or "")
    except ValueError:
        return None
    return value[0] if isinstance(value, list) and len(value) == 1 else None


def _is_number(value: Any, expected: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == expected
