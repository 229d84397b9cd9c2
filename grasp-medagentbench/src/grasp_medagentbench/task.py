"""The task ``medagentbench``: MedAgentBench v1 on an embedded FHIR store (spec 1 to 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from grasp.contracts import (
    Agent,
    ConfigError,
    InjectedSkill,
    Message,
    Rollout,
    Sample,
    Task,
    TaskError,
)
from grasp_medagentbench.cohort import V1_PLAN, Cohort, Plan, build_cohort
from grasp_medagentbench.data import MEDAGENTBENCH, official_functions, official_records
from grasp_medagentbench.fhir import Store
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.graders import V1_GRADERS, Chart, Episode, Grader, grade, type_of
from grasp_medagentbench.graders.v1 import (
    age,
    glucose_latest,
    glucose_mean,
    hba1c,
    magnesium_level,
)
from grasp_medagentbench.instances import synthetic_records
from grasp_medagentbench.lazy import lazy_scores
from grasp_medagentbench.placement import place_skills
from grasp_medagentbench.protocol import MAX_ROUND, opening, run_episode
from grasp_medagentbench.records import Record, read_records
from grasp_medagentbench.splits import Splits, split_records
from grasp_medagentbench.tags import FAILURE_EXAMPLES, failure_tags
from grasp_medagentbench.world import EmbeddedWorld, RemoteWorld, World

POST_MODES = ("compat", "strict")
SOURCES = ("auto", "official", "synthetic")

_GUIDANCE = """
- The agent has at most {rounds} turns; each is exactly one GET, POST or FINISH. Anything
  else in a reply ends the episode or spoils the request.
- All skills stand in the field `behavioral_skills` of the opening message, on every turn.
- {posts}
- The answer is the JSON list inside FINISH(...); the last character of the reply is taken
  for the closing parenthesis.
""".strip()
_POSTS = {
    "compat": "What was posted can't be seen by later requests; looking for it only costs turns.",
    "strict": "What was posted is really stored, or refused with the server's reason; a refused "
    "request can be corrected and sent again.",
}

_EXPECTED: Mapping[str, Callable[[Record, Chart], list[Any]]] = {
    "task1": lambda record, chart: list(record["sol"]),
    "task2": age.expected,
    "task4": magnesium_level.expected,
    "task6": glucose_mean.expected,
    "task7": glucose_latest.expected,
    "task10": hba1c.expected,
}


class MedAgentBench(Task):
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
    version: ClassVar[str] = "1"
    updater_task_family = "medical AI"
    updater_failure_examples = FAILURE_EXAMPLES

    _graders: ClassVar[Mapping[str, Grader]] = V1_GRADERS
    _plan: ClassVar[Plan] = V1_PLAN

    def __init__(
        self,
        *,
        fhir_base_url: str | None = None,
        data_file: str | Path | None = None,
        source: str = "auto",
        cohort_seed: int = 0,
        upstream_compat: bool = False,
        post_mode: str = "compat",
        max_round: int = MAX_ROUND,
        types: Iterable[str | int] | str | int | None = None,
    ) -> None:
        _one_of("post_mode", post_mode, POST_MODES)
        _one_of("source", source, SOURCES)
        if data_file is not None and source != "auto":
            raise ConfigError("data_file and source exclude each other", "leave one of them out")
        if not isinstance(max_round, int) or max_round < 1:
            raise ConfigError(f"max_round is {max_round!r}", "it is a number of turns, 1 or more")
        self._strict = post_mode == "strict"
        if self._strict and fhir_base_url is not None:
            raise ConfigError(
                "post_mode strict needs the embedded store: what one episode posts to a "
                "server, all others would see",
                "leave fhir_base_url out, or use post_mode: compat",
            )
        self._compat = bool(upstream_compat)
        self._seed = cohort_seed
        self._max_round = self.max_turns = max_round
        self.source, records = self._load(data_file, source)
        self.functions = FUNCTIONS if self.source == "synthetic" else official_functions()
        self._digest = _digest(records)
        self.splits: Splits = self._split(records)
        self._types = self._known_types(types)
        self._dev = frozenset(str(r["id"]) for r in self.splits["dev"])
        self._world: World
        if fhir_base_url is None:
            self._world = EmbeddedWorld(
                self._build_cohort, writable=self._strict, as_python=self._compat
            )
        else:
            self._world = RemoteWorld(fhir_base_url, as_python=self._compat)
        if not self._compat:
            self.updater_guidance = _GUIDANCE.format(rounds=max_round, posts=_POSTS[post_mode])

    # -- data -------------------------------------------------------------------

    def _load(self, data_file: str | Path | None, source: str) -> tuple[str, list[dict[str, Any]]]:
        """Return the name of the source and its records."""
        if data_file is not None:
            path = Path(data_file).expanduser()
            return path.name, read_records(path)
        official = None if source == "synthetic" else official_records()
        if official is not None:
            return "official", official
        if source == "official":
            raise TaskError(
                "the official tasks have not been pulled",
                f"grasp data pull {MEDAGENTBENCH.name}",
            )
        return "synthetic", synthetic_records()

    def _split(self, records: list[dict[str, Any]]) -> Splits:
        return split_records(records)

    def _build_cohort(self) -> Cohort:
        return build_cohort(self.splits, self._seed, self._plan)

    def _known_types(self, types: Iterable[str | int] | str | int | None) -> frozenset[str]:
        if types is None:
            return frozenset()
        if isinstance(types, int):
            types = [types]
        wanted = types.replace(",", " ").split() if isinstance(types, str) else types
        names = {str(t) if str(t).startswith("task") else f"task{t}" for t in wanted}
        there = {type_of(r) for records in self.splits.values() for r in records}
        unknown = sorted(names - there)
        if unknown:
            raise ConfigError(
                f"there are no records of type {unknown[0]}",
                f"types are {', '.join(sorted(there, key=lambda t: int(t[4:])))}",
            )
        return frozenset(names)

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the records of a split; ``test`` is the original's ``id_test``."""
        records = self.splits.get(split, [])
        return tuple(r for r in records if not self._types or type_of(r) in self._types)

    # -- episodes ---------------------------------------------------------------

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode."""
        first = opening(sample, self.functions, self._world.base_url)
        return run_episode(sample, first, self._world.environment(), agent, self._max_round)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Grade ``history`` and ``answer``; nothing else of the rollout counts.

        Raises:
            FhirConnectionError: The server doesn't answer.
        """
        episode = Episode(rollout.history, rollout.answer, self._strict)
        return grade(self._graders, sample, episode, self._world.chart)

    # -- what the learner is told -----------------------------------------------

    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        """Write all skills into the field of the first message that is made for them."""
        return place_skills(history, skills)

    def sample_type(self, sample: Sample) -> str:
        """Return the task type; the original doesn't know it, so all its samples are alike."""
        return "unknown" if self._compat else type_of(sample)

    def report_group(self, sample: Sample) -> str:
        """Return the task type."""
        return type_of(sample)

    def ground_truth(self, sample: Sample) -> str:
        """Return the answer expected of a dev sample that asks for a value."""
        expected = _EXPECTED.get(type_of(sample))
        if self._compat or expected is None or str(sample["id"]) not in self._dev:
            return ""
        return json.dumps(expected(sample, self._world.chart))

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return tags of form; see ``grasp_medagentbench.tags``."""
        return [] if self._compat else failure_tags(type_of(sample), rollout)

    # -- about ------------------------------------------------------------------

    @property
    def cohort(self) -> Cohort:
        """The synthetic cohort.

        Raises:
            TaskError: The task reads from a server.
        """
        return self._embedded().cohort

    @property
    def store(self) -> Store:
        """The FHIR store of the synthetic cohort.

        Raises:
            TaskError: The task reads from a server.
        """
        return self._embedded().store

    @property
    def chart(self) -> Chart:
        """What graders read."""
        return self._world.chart

    def describe(self) -> dict[str, Any]:
        """Return mode, data, cohort, and what agents that never look would score."""
        facts: dict[str, Any] = {
            "benchmark": "MedAgentBench v1",
            "source": self.source,
            "records_sha256": self._digest,
            "functions": "built-in" if self.functions is FUNCTIONS else "official",
            "post_mode": "strict" if self._strict else "compat",
            "upstream_compat": self._compat,
            "max_round": self._max_round,
            "types": sorted(self._types),
        }
        if isinstance(self._world, EmbeddedWorld):
            shown = {split: self.samples(split) for split in self.splits}
            facts["fhir"] = "embedded"
            facts["cohort_seed"] = self._seed
            facts["patients"] = self.cohort.patients
            facts["lazy_scores"] = lazy_scores(shown, self._world.chart)
        else:
            parts = urlsplit(self._world.base_url)
            facts["fhir"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return facts

    def setup(self) -> None:
        """Build the cohort, or find the server.

        Raises:
            TaskError: The server doesn't answer, or a patient can't be made.
        """
        self._world.check()

    def close(self) -> None:
        """Close connections."""
        self._world.close()

    def _embedded(self) -> EmbeddedWorld:
        if not isinstance(self._world, EmbeddedWorld):
            raise TaskError(
                "the patients are on a server, there is no cohort here", "leave fhir_base_url out"
            )
        return self._world


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}", f"it is one of {', '.join(allowed)}")


def _digest(records: Sequence[Record]) -> str:
    text = json.dumps(records, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
