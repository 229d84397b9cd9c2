"""A task under examination, and what all its checks look at."""

from __future__ import annotations

import contextlib
import copy
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from grasp.agents.scripted import read_policy
from grasp.contracts import SPLITS, Rollout, Sample, Task
from grasp.engine import ThreadExecutor
from grasp.testing.checks import Blocked
from grasp.testing.driving import Driver, Endless, Rendezvous, driver, parrot, texts_in
from grasp.testing.malformed import EXAMPLES

#: The splits of the contract, and the one of ``probe_source: holdout``.
ALL_SPLITS = (*SPLITS[:2], "probe", *SPLITS[2:])

#: How many samples are run.
SAMPLES = 10

#: Episodes in flight when the task is tried with many at a time.
CONCURRENCY = 8

_EXPECTED = ("answer", "ground_truth", "expected", "solution", "sol", "target", "label", "gold")


@dataclass(frozen=True)
class Episode:
    """One episode of one sample with one voice.

    Attributes:
        sample: The sample.
        given: The copy of it that the task was given, and may have changed.
        voice: Name of the voice.
        driver: The agent.
        rollout: What the task returned, or what it raised.
    """

    sample: Sample
    given: Sample
    voice: str
    driver: Driver
    rollout: Any

    @property
    def name(self) -> str:
        """The sample and the voice, for messages."""
        return f"sample {self.sample['id']!r} with the {self.voice}"

    @property
    def raised(self) -> BaseException | None:
        """What the task raised."""
        return self.rollout if isinstance(self.rollout, BaseException) else None

    @property
    def seen(self) -> Any:
        """What can be seen of the episode: equal for equal episodes."""
        if not isinstance(self.rollout, Rollout):
            return repr(self.rollout)
        return {k: v for k, v in vars(self.rollout).items() if k != "raw"}


class TaskCase:
    """A task, built and set up when first used, and its episodes.

    Args:
        build: Returns a new task; the same one every time if only an object was given.
        rebuilds: ``build`` makes a new one at every call.
        name: Registered name, if it has one.
        params: Its parameters.
        policy: A ``ScriptedBackend`` policy that knows the task, beside the kit's voices.
        samples: How many samples to run.
        examples: How many malformed answers to have hypothesis make up.

    Raises:
        ConfigError: The policy is none.
    """

    def __init__(
        self,
        build: Callable[[], Any],
        *,
        rebuilds: bool,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        policy: Any = None,
        samples: int = SAMPLES,
        examples: int = EXAMPLES,
    ) -> None:
        self.build = build
        self.rebuilds = rebuilds
        self.name = name
        self.params = dict(params or {})
        self.policy = None if policy is None else read_policy(policy)[0]
        self.samples = samples
        self.examples = examples
        self._open: list[Task] = []

    # -- the task --------------------------------------------------------------------

    @cached_property
    def built(self) -> Any:
        """The task, or what building it or setting it up raised."""
        return self.another()

    def another(self) -> Any:
        """Build and set up one more task; returns what that raised if it fails."""
        try:
            task = self.build()
            if isinstance(task, Task):
                task.setup()
                self._open.append(task)
            return task
        except Exception as error:
            return error

    @property
    def task(self) -> Task:
        """The task.

        Raises:
            Blocked: There is none.
        """
        if not isinstance(self.built, Task):
            raise Blocked
        return self.built

    def close(self) -> None:
        """Close every task that was set up."""
        for task in self._open:
            task.close()

    # -- its samples -----------------------------------------------------------------

    @cached_property
    def loaded(self) -> Any:
        """Samples by split, or what ``samples`` raised or returned instead."""
        try:
            splits = {split: list(self.task.samples(split)) for split in ALL_SPLITS}
        except Blocked:
            raise
        except Exception as error:
            return error
        whole = all(isinstance(s, Mapping) and "id" in s for ss in splits.values() for s in ss)
        return splits if whole else ValueError("not every sample is a mapping with an 'id'")

    @property
    def splits(self) -> dict[str, list[Sample]]:
        """Samples by split.

        Raises:
            Blocked: ``samples`` doesn't work.
        """
        if not isinstance(self.loaded, dict):
            raise Blocked
        return self.loaded

    @cached_property
    def shown(self) -> list[Sample]:
        """The samples that are run: first one of every type, then one of every split in turn."""
        firsts: dict[str, Sample] = {}
        for sample in (s for samples in self.splits.values() for s in samples):
            firsts.setdefault(self.type_of(sample), sample)
        rows = itertools.zip_longest(*self.splits.values())
        rest = (s for row in rows for s in row if s is not None)
        unique = {str(s["id"]): s for s in (*firsts.values(), *rest)}
        return list(unique.values())[: self.samples]

    def type_of(self, sample: Sample) -> str:
        """Return the type of a sample; ``described_samples`` reports one that can't be told."""
        try:
            return str(self.task.sample_type(sample))
        except Exception:
            return ""

    def expected(self, sample: Sample) -> list[str]:
        """Return the texts and numbers that may be a sample's right answer."""
        known = [sample[key] for key in _EXPECTED if key in sample]
        with contextlib.suppress(Exception):  # Reported by ``described_samples``.
            known.append(self.task.ground_truth(sample))
        return list(dict.fromkeys(t for t in texts_in(known) if t.strip()))

    # -- its episodes ----------------------------------------------------------------

    @cached_property
    def voices(self) -> dict[str, Callable[[Sample], Any]]:
        """The voices each sample is run with: name to a maker of one."""
        voices: dict[str, Callable[[Sample], Any]] = {
            "parrot": lambda sample: parrot("a", self.expected(sample)),
            "second parrot": lambda sample: parrot("b", self.expected(sample)),
            "third parrot": lambda sample: parrot("c", self.expected(sample)),
            "voice that always says ok": lambda sample: lambda call: "ok",
        }
        if self.policy is not None:
            voices["given policy"] = lambda sample: self.policy
        return voices

    @cached_property
    def episodes(self) -> list[Episode]:
        """Every shown sample with every voice, one after the other."""
        return [self.run(s, v) for s in self.shown for v in self.voices]

    @property
    def ended(self) -> list[Episode]:
        """The episodes that came to an end."""
        return [e for e in self.episodes if not isinstance(e.raised, Endless)]

    @cached_property
    def rollouts(self) -> list[tuple[Episode, Rollout]]:
        """The episodes that ended with a rollout."""
        return [(e, e.rollout) for e in self.episodes if isinstance(e.rollout, Rollout)]

    def run(self, sample: Sample, voice: str, meeting: Rendezvous | None = None) -> Episode:
        """Run one episode; what it raises is kept."""
        agent = driver(self.voices[voice](sample), meeting)
        given = copy.deepcopy(dict(sample))
        try:
            rollout: Any = self.task.rollout(given, agent)
        except (Exception, Endless) as error:
            rollout = error
        finally:
            if meeting is not None:
                meeting.leave()
        return Episode(sample, given, voice, agent, rollout)

    def together(self, episodes: Sequence[Episode]) -> list[Episode]:
        """Run the same episodes again, many at a time."""
        groups = [episodes[i : i + CONCURRENCY] for i in range(0, len(episodes), CONCURRENCY)]
        return [again for group in groups for again in self._in_lockstep(group)]

    def _in_lockstep(self, group: Sequence[Episode]) -> list[Episode]:
        meeting = Rendezvous(len(group))
        start = threading.Barrier(len(group))

        def one(episode: Episode) -> Episode:
            start.wait()
            return self.run(episode.sample, episode.voice, meeting)

        return ThreadExecutor(len(group)).map(one, group)


def copied(rollout: Rollout, **changes: Any) -> Rollout:
    """Return a copy that a grader may change; ``raw`` is shared, it may be anything."""
    return replace(
        rollout,
        history=copy.deepcopy(rollout.history),
        agent_actions=list(rollout.agent_actions or ()),
        **changes,
    )


def with_answer(rollout: Rollout, answer: str | None) -> Iterator[Rollout]:
    """Yield the rollout with another answer: in its field, and in the agent's last turn too."""
    yield copied(rollout, answer=answer)
    said = copied(rollout, answer=answer)
    for message in reversed(said.history):
        if message.get("role") == "agent":
            message["content"] = answer or ""
            yield said
            return
