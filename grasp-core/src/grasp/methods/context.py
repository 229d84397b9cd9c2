"""What the harness gives a method to work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp.agents.session import Session, SessionAgent
from grasp.contracts import Outcome, Sample, Task
from grasp.engine import Engine, Job, Notify, Wave, Wrap
from grasp.methods.gate import Gate
from grasp.methods.settings import CycleSettings
from grasp.methods.subset import first_samples

#: ``record(kind, **facts)``: append one event to the run's journal.
Record = Callable[..., Any]


@dataclass(frozen=True)
class Batch:
    """One update cycle's episodes, in the order they were drawn.

    ``scope`` is the place of the update in the run, e.g. ``e0/b1``.
    """

    epoch: int
    cycle: int
    outcomes: tuple[Outcome, ...]

    @property
    def scope(self) -> str:
        """Place in the run, the prefix of every call of this update."""
        return f"e{self.epoch}/b{self.cycle}"


@dataclass
class Context:
    """A run's task, engine, writers and journal.

    Attributes:
        task: What is learned.
        settings: How.
        engine: Runs episodes with the acting model.
        analyst: Session of the writer at its own temperature (classify, diagnose).
        writer: Session of the writer at the proposal temperature.
        gate: Judges candidates.
        record: Appends a journal event; must be called in a deterministic order.
        notify: Progress for people.
    """

    task: Task
    settings: CycleSettings
    engine: Engine
    analyst: Session
    writer: Session
    gate: Gate
    record: Record
    notify: Notify
    samples_by_split: dict[str, tuple[Sample, ...]] = field(default_factory=dict)

    def samples(self, split: str) -> tuple[Sample, ...]:
        """Return a split's samples, as many as the settings allow; read from the task once."""
        if split not in self.samples_by_split:
            chosen = {"limit": self.settings.limit, "per_type": self.settings.per_type}
            self.samples_by_split[split] = first_samples(self.task, split, **chosen)
        return self.samples_by_split[split]

    def sample(self, sample_id: str) -> Sample:
        """Return a sample of any split read so far."""
        for samples in self.samples_by_split.values():
            for sample in samples:
                if str(sample["id"]) == sample_id:
                    return sample
        raise KeyError(sample_id)

    def rollouts(
        self,
        samples: Sequence[Sample],
        wrap: Wrap,
        *,
        scope: str,
        purpose: str,
        skills: tuple[str, ...] = (),
    ) -> list[Outcome]:
        """Run episodes of these samples under one wrapper; outcomes in their order."""
        return self.engine.run(jobs(samples, wrap, scope, purpose, skills), scope)

    def analyst_agent(self, purpose: str, scope: str) -> SessionAgent:
        """Return the writer for classification and diagnosis."""
        return self.analyst.agent(purpose, scope)

    def writer_agent(self, purpose: str, scope: str) -> SessionAgent:
        """Return the writer for proposals and revisions."""
        return self.writer.agent(purpose, scope)


def jobs(
    samples: Sequence[Sample], wrap: Wrap, scope: str, purpose: str, skills: tuple[str, ...] = ()
) -> list[Job]:
    """Return one job per sample, each with a scope of its own."""
    return [Job(s, f"{scope}/{s['id']}", purpose, wrap, skills) for s in samples]


def wave(
    samples: Sequence[Sample], wrap: Wrap, scope: str, purpose: str, skills: tuple[str, ...] = ()
) -> Wave:
    """Return one job per sample, as a wave."""
    return Wave(scope, tuple(jobs(samples, wrap, scope, purpose, skills)))
