"""The task ``fhir-agentbench``: questions about patients over a FHIR store (spec fhiragent)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import (
    Agent,
    ConfigError,
    InjectedSkill,
    Message,
    Rollout,
    Sample,
    Status,
    Task,
    TaskError,
)
from grasp.dialogue import is_text
from grasp_fhir_agentbench import synth, world
from grasp_fhir_agentbench.data import FHIR_AGENTBENCH, QUESTIONS_FILE
from grasp_fhir_agentbench.episode import MAX_ITERATIONS, VARIANTS, run_episode
from grasp_fhir_agentbench.grading import (
    Tolerance,
    Verdict,
    benchmark_verdict,
    grade,
    grasp_verdict,
)
from grasp_fhir_agentbench.prompts import place_skills, question_context
from grasp_fhir_agentbench.records import Record, read_questions
from grasp_fhir_agentbench.retrieval import retrieval_metrics
from grasp_fhir_agentbench.sandbox import Limits, Sandbox
from grasp_fhir_agentbench.tools import Tools

SOURCES = ("auto", "official", "synthetic")
GRADERS = ("auto", "rules", "grasp", "benchmark")
SANDBOXES = ("auto", "required")

_JUDGES = {"grasp": grasp_verdict, "benchmark": benchmark_verdict}
_GUIDANCE = """
- The agent retrieves FHIR resources with tools; the data never enter the chat. It sees only \
how many resources came, and must compute with Python on `retrieved_resources`.
- Skills stand at the end of the system prompt, on every turn. Worth teaching: which resource \
type and which field hold what is asked for, how visits, ICU stays and their resources refer to \
each other, how times are compared, how names are matched, what to say where there is no record.
- The episode ends with the message that contains "The final answer is:"; that message is graded.
- Patients differ between questions: never teach ids, values or answers of one patient.
""".strip()
_FAILURES = """
wrong_resource_type
wrong_encounter_kind
missed_linked_resource
wrong_time_window
wrong_ordinal
name_not_matched
wrong_unit_of_answer
claimed_no_data
invented_answer
code_error
no_final_answer
""".strip()


class FhirAgentBench(Task):
    """FHIR-AgentBench: questions about one patient, answered by retrieval and code.

    Args:
        source: ``official`` questions (pulled), ``synthetic`` (our own), or ``auto``: official
            if questions and the demo have been pulled.
        questions_file: The official CSV, where it lies elsewhere.
        fhir_base_url: A FHIR server with the patients of the official questions; a bearer
            token is read from ``FHIR_TOKEN``.
        fhir_dir: Folder of ``*.ndjson[.gz]`` files with them instead.
        seed: Of the synthetic hospital and its questions.
        patients: In the synthetic hospital.
        patient_disjoint: No synthetic patient is in two splits.
        dev_limit: Questions of each split, the first in order, as GRASP; 0 takes all.
        val_limit: See ``dev_limit``.
        test_limit: See ``dev_limit``.
        variant: The benchmark's agent: which tools there are, and in which order.
        tool_calling: ``native``, or ``text`` for models whose endpoint has no tool calls.
        max_iterations: Model calls of an episode.
        grader: ``rules``, ``grasp`` or ``benchmark`` (their model judges), or ``auto``: rules
            for synthetic questions, GRASP's judge for official ones.
        number_tolerance: How far a number that isn't whole may be off; or 1 % if that is more.
        sandbox: ``required`` refuses to run code where it can't be isolated.
        python_seconds: Time for one piece of code.
        python_memory_mib: Memory for one piece of code.
        upstream_compat: Keep the original's defects: a second retrieval of a type replaces the
            first, ``id`` is sent where FHIR wants ``_id``, a model that neither calls a tool nor
            answers gets its own words again, no guidance or tags for the writer
            but the original's.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The questions can't be read, or code can't be isolated but must be.
    """

    name = "fhir-agentbench"
    version: ClassVar[str] = "1"
    updater_task_family = "clinical question answering over FHIR"
    updater_failure_examples = _FAILURES
    guidance_place = "system"
    shows_reference = True

    def __init__(
        self,
        *,
        source: str = "auto",
        questions_file: str | Path | None = None,
        fhir_base_url: str | None = None,
        fhir_dir: str | Path | None = None,
        seed: int = 7,
        patients: int = 40,
        patient_disjoint: bool = True,
        dev_limit: int = 120,
        val_limit: int = 80,
        test_limit: int = 80,
        variant: str = "multi_turn_code_resource",
        tool_calling: str = "native",
        max_iterations: int = MAX_ITERATIONS,
        grader: str = "auto",
        number_tolerance: float = 0.5,
        sandbox: str = "auto",
        python_seconds: float = 30.0,
        python_memory_mib: int = 1024,
        upstream_compat: bool = False,
    ) -> None:
        _one_of("source", source, SOURCES)
        _one_of("variant", variant, VARIANTS)
        _one_of("grader", grader, GRADERS)
        _one_of("sandbox", sandbox, SANDBOXES)
        _at_least("max_iterations", max_iterations, 1)
        _at_least("patients", patients, 1)
        _at_least("python_seconds", python_seconds, 0.1)
        _at_least("python_memory_mib", python_memory_mib, 64)
        limits = {"dev": dev_limit, "val": val_limit, "test": test_limit}
        for split, limit in limits.items():
            _at_least(f"{split}_limit", limit, 0)
        if fhir_base_url is not None and fhir_dir is not None:
            raise ConfigError(
                "fhir_base_url and fhir_dir exclude each other", "leave one of them out"
            )
        elsewhere = fhir_base_url is not None or fhir_dir is not None
        self.source = _source(source, questions_file, elsewhere)
        self._seed, self._patients = seed, patients
        self._variant_name, self._variant = variant, VARIANTS[variant]
        self._as_text = is_text(tool_calling)
        self.max_turns = self._max_iterations = max_iterations
        self._compat = bool(upstream_compat)
        default = "rules" if self.source == "synthetic" else "grasp"
        self.grader = default if grader == "auto" else grader
        self._tolerance = Tolerance(absolute=float(number_tolerance))
        self._sandbox = Sandbox(
            Limits(float(python_seconds), int(python_memory_mib)), required=sandbox == "required"
        )
        if self.source == "synthetic":
            made = synth.questions(seed, patients, bool(patient_disjoint))
            splits: Mapping[str, Sequence[Record]] = made
        else:
            splits = read_questions(_questions_file(questions_file))
        self._splits = {
            split: tuple(records[: limits.get(split) or None]) for split, records in splits.items()
        }
        self._dev = frozenset(str(r["id"]) for r in self._splits.get("dev", ()))
        self._world = self._open(fhir_base_url, fhir_dir)
        if not self._compat:
            self.updater_guidance = _GUIDANCE

    def _open(self, base_url: str | None, folder: str | Path | None) -> world.World:
        if base_url is not None:
            return world.server(base_url)
        if folder is not None:
            return world.folder(Path(folder).expanduser())
        if self.source == "synthetic":
            return world.EmbeddedWorld(self._seed, self._patients)
        return world.folder(FHIR_AGENTBENCH.demo)

    # -- samples and episodes -----------------------------------------------------

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the questions of a split; ``ood`` has templates that no other split has."""
        return self._splits.get(split, ())

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode; ``raw`` is what it retrieved (resource type -> ids)."""
        tools = Tools(self._world.reader(), self._sandbox, replace=self._compat)
        return run_episode(
            sample,
            tools,
            agent,
            self._variant,
            as_text=self._as_text,
            max_iterations=self._max_iterations,
            nudge=not self._compat,
        )

    # -- grading --------------------------------------------------------------------

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Grade the answer by rules."""
        return self.verdict(sample, rollout).correct

    def verdict(self, sample: Sample, rollout: Rollout) -> Verdict:
        """Grade the answer by rules and say why."""
        if rollout.status != Status.COMPLETED.value:
            return Verdict(False, "not-completed")
        vocabulary = synth.VOCABULARIES.get(str(sample.get("vocabulary", "")), ())
        return grade(sample, rollout.answer, vocabulary, self._tolerance)

    def judge(self, sample: Sample, rollout: Rollout, model: Agent) -> bool | None:
        """Have a model judge the answer, where that is what was asked for."""
        judge = _JUDGES.get(self.grader)
        if judge is None:
            return None
        if rollout.status != Status.COMPLETED.value:
            return False
        return judge(sample, rollout.answer, model)

    def metrics(self, sample: Sample, rollout: Rollout) -> Mapping[str, float]:
        """Return retrieval precision and recall."""
        retrieved = rollout.raw if isinstance(rollout.raw, Mapping) else {}
        return retrieval_metrics(sample["true_fhir_ids"], retrieved)

    # -- what the learner is told -----------------------------------------------------

    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        """Write all skills after the system prompt, as GRASP does for this benchmark."""
        messages = [dict(m) for m in history]
        for message in messages:
            if message.get("role") == "system":
                message["content"] = place_skills(str(message.get("content") or ""), skills)
                return messages
        return None

    def sample_type(self, sample: Sample) -> str:
        """Return the template."""
        return str(sample["template"])

    def report_group(self, sample: Sample) -> str:
        """Return the subject of the question, or its main table."""
        return str(sample.get("family") or sample["main_table_name"])

    def question_context(self, sample: Sample) -> str:
        """Return patient and assumption."""
        return question_context(sample)

    def ground_truth(self, sample: Sample) -> str:
        """Return the answer of a dev question."""
        return str(sample["true_answer"]) if str(sample["id"]) in self._dev else ""

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return template and table, as GRASP; what makes it hard, and how it ended."""
        tags = [str(sample["template"]), str(sample["main_table_name"])]
        if self._compat:
            return tags
        tags += [f"trap:{trap}" for trap in sample.get("traps", ())]
        if rollout.status != Status.COMPLETED.value:
            tags.append(f"ended:{rollout.status.replace(' ', '-')}")
        return tags

    # -- about --------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return source, store, agent, grader, and what holds the agent's code back."""
        told = json.dumps(self._splits, sort_keys=True)
        facts: dict[str, Any] = {
            "benchmark": "FHIR-AgentBench",
            "source": self.source,
            "records_sha256": hashlib.sha256(told.encode()).hexdigest(),
            "fhir": self._world.kind,
            "variant": self._variant_name,
            "tool_calling": "text" if self._as_text else "native",
            "grader": self.grader,
            "sandbox": self._sandbox.isolation,
            "upstream_compat": self._compat,
            "without_record": {
                split: round(sum(not r["true_fhir_ids"] for r in records) / len(records), 4)
                for split, records in self._splits.items()
                if records
            },
        }
        if self.source == "synthetic":
            facts |= {"seed": self._seed, "patients": self._patients}
        return facts

    def setup(self) -> None:
        """Build the hospital, index the files or find the server.

        Raises:
            TaskError: The patients are not there.
        """
        self._world.check([r for records in self._splits.values() for r in records])

    def close(self) -> None:
        """Close connections."""
        self._world.close()


def _source(source: str, questions_file: str | Path | None, elsewhere: bool) -> str:
    """Return ``official`` or ``synthetic``."""
    pulled = FHIR_AGENTBENCH.path(QUESTIONS_FILE) is not None
    if source == "synthetic":
        if questions_file is not None or elsewhere:
            raise ConfigError(
                "synthetic questions are about synthetic patients",
                "leave questions_file, fhir_base_url and fhir_dir out",
            )
        return source
    if questions_file is not None:
        if not elsewhere and not FHIR_AGENTBENCH.demo_complete:
            raise TaskError(
                "the patients of the official questions are not here",
                "grasp data pull fhir-agentbench, or name fhir_dir or fhir_base_url",
            )
        return "official"
    if pulled and (elsewhere or FHIR_AGENTBENCH.demo_complete):
        return "official"
    if source == "official" or elsewhere:
        what = "patients" if pulled else "questions"
        raise TaskError(
            f"the official {what} have not been pulled", "grasp data pull fhir-agentbench"
        )
    return "synthetic"


def _questions_file(given: str | Path | None) -> Path:
    if given is not None:
        return Path(given).expanduser()
    return FHIR_AGENTBENCH.folder / QUESTIONS_FILE


def _one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}", f"it is one of {', '.join(allowed)}")


def _at_least(name: str, value: float, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise ConfigError(f"{name} is {value!r}", f"it is a number, {least:g} or more")
