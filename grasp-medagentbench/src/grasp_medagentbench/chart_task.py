"""What both versions of MedAgentBench share: records, an embedded store, episodes, grading."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
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
from grasp.plugins.datasets import Dataset
from grasp_medagentbench.cohort import Cohort
from grasp_medagentbench.data import official_functions, official_records
from grasp_medagentbench.facts import NOW_TEXT
from grasp_medagentbench.fhir import Store
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.graders import Chart, Episode, Grader, grade, type_of
from grasp_medagentbench.lazy import Policy, by_type, lazy_scores
from grasp_medagentbench.placement import place_skills
from grasp_medagentbench.protocol import MAX_ROUND, opening, run_episode
from grasp_medagentbench.records import Record, read_records
from grasp_medagentbench.splits import Splits, split_records
from grasp_medagentbench.tags import FAILURE_EXAMPLES, Forms, failure_tags
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

#: ``(record, chart) -> right answer``
Expected = Callable[[Record, Chart], list[Any]]


class ChartTask(Task):
    """Clinical tasks on patients' charts, solved by FHIR requests.

    A version of the benchmark says which records, graders and charts are its own.

    Args:
        fhir_base_url: See ``MedAgentBench``.
        data_file: See ``MedAgentBench``.
        source: See ``MedAgentBench``.
        cohort_seed: See ``MedAgentBench``.
        upstream_compat: See ``MedAgentBench``.
        post_mode: See ``MedAgentBench``.
        max_round: See ``MedAgentBench``.
        types: See ``MedAgentBench``.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The records can't be read.
    """

    version: ClassVar[str] = "1"
    updater_task_family = "medical AI"
    updater_failure_examples = FAILURE_EXAMPLES

    #: Name and version of the benchmark, for people.
    _benchmark: ClassVar[str]
    _dataset: ClassVar[Dataset]
    #: Types whose records carry the right answer.
    _answered: ClassVar[frozenset[str]]
    _ood_types: ClassVar[frozenset[str]]
    _forms: ClassVar[Forms]
    #: Right answers of types that ask for values.
    _expected: ClassVar[Mapping[str, Expected]]
    _lazy_policies: ClassVar[Mapping[str, Policy]]
    #: Whether the original shows JSON bodies as Python prints them.
    _shows_python: ClassVar[bool]
    #: Further bullets for the skill writer.
    _advice: ClassVar[str] = ""

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
        self.functions = (
            FUNCTIONS if self.source == "synthetic" else official_functions(self._dataset)
        )
        self._digest = _digest(records)
        self.splits: Splits = self._split(records)
        self._types = self._known_types(types)
        self._dev = frozenset(str(r["id"]) for r in self.splits["dev"])
        as_python = self._compat and self._shows_python
        self._world: World
        if fhir_base_url is None:
            self._world = EmbeddedWorld(
                self._build_cohort, writable=self._strict, as_python=as_python
            )
        else:
            self._world = RemoteWorld(fhir_base_url, as_python=as_python, task=self.name)
        if not self._compat:
            guidance = _GUIDANCE.format(rounds=max_round, posts=_POSTS[post_mode])
            self.updater_guidance = f"{guidance}\n{self._advice}".strip()

    # -- what a version says ------------------------------------------------------

    @property
    @abstractmethod
    def _graders(self) -> Mapping[str, Grader]:
        """Grader of each task type."""

    @abstractmethod
    def _synthetic_records(self) -> list[dict[str, Any]]:
        """Return the version's own records."""

    @abstractmethod
    def _build_cohort(self) -> Cohort:
        """Return the charts behind the splits."""

    def _now(self, record: Sample) -> str:
        """Return the present that the opening message ends with."""
        return NOW_TEXT

    def _episode(self, rollout: Rollout) -> Episode:
        return Episode(rollout.history, rollout.answer, self._strict)

    # -- data -------------------------------------------------------------------

    def _load(self, data_file: str | Path | None, source: str) -> tuple[str, list[dict[str, Any]]]:
        """Return the name of the source and its records."""
        if data_file is not None:
            path = Path(data_file).expanduser()
            return path.name, read_records(path, self._answered)
        official = None
        if source != "synthetic":
            official = official_records(self._dataset, self._answered)
        if official is not None:
            return "official", official
        if source == "official":
            raise TaskError(
                "the official tasks have not been pulled",
                f"grasp data pull {self._dataset.name}",
            )
        return "synthetic", self._synthetic_records()

    def _split(self, records: list[dict[str, Any]]) -> Splits:
        return split_records(records, self._ood_types)

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
        first = opening(sample, self.functions, self._world.base_url, self._now(sample))
        return run_episode(sample, first, self._world.environment(), agent, self._max_round)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Grade ``history`` and ``answer``; nothing else of the rollout counts.

        Raises:
            FhirConnectionError: The server doesn't answer.
        """
        return grade(self._graders, sample, self._episode(rollout), self._world.chart)

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
        expected = self._expected.get(type_of(sample))
        if self._compat or expected is None or str(sample["id"]) not in self._dev:
            return ""
        return json.dumps(expected(sample, self._world.chart))

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return tags of form; see ``grasp_medagentbench.tags``."""
        return [] if self._compat else failure_tags(type_of(sample), rollout, self._forms)

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

    def lazy_scores(self) -> dict[str, dict[str, float]]:
        """Return what agents that never look would score: agent → split → share solved."""
        return self._lazy_scores({split: self.samples(split) for split in self.splits})

    def lazy_scores_by_type(self) -> dict[str, dict[str, float]]:
        """Return what agents that never look would score: agent → task type → share solved."""
        scores = self._lazy_scores(by_type({s: self.samples(s) for s in self.splits}))
        for of_policy in scores.values():
            del of_policy["all"]
        return scores

    def _lazy_scores(self, groups: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, float]]:
        chart = self._world.chart

        def judge(record: Record, episode: Episode) -> bool:
            return grade(self._graders, record, episode, chart)

        return lazy_scores(groups, self._lazy_policies, judge, chart.base_url)

    def describe(self) -> dict[str, Any]:
        """Return mode, data, cohort, and what agents that never look would score."""
        facts: dict[str, Any] = {
            "benchmark": self._benchmark,
            "source": self.source,
            "records_sha256": self._digest,
            "functions": "built-in" if self.functions is FUNCTIONS else "official",
            "post_mode": "strict" if self._strict else "compat",
            "upstream_compat": self._compat,
            "max_round": self._max_round,
            "types": sorted(self._types),
        }
        if isinstance(self._world, EmbeddedWorld):
            facts["fhir"] = "embedded"
            facts["cohort_seed"] = self._seed
            facts["patients"] = self.cohort.patients
            facts["lazy_scores"] = self.lazy_scores()
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
