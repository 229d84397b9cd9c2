"""How noisy a task is under a model: the same samples, run twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import Agent, Outcome, Task, TaskError
from grasp.engine import Engine, place
from grasp.methods.context import jobs
from grasp.methods.gate.noise import false_accept
from grasp.methods.gate.statistics import wilson_interval
from grasp.plugins import load_executor
from grasp.runs.backends import open_backends
from grasp.runs.config import RunConfig
from grasp.runs.execute import Listener
from grasp.runs.preflight import check_endpoint
from grasp.skills import SkillAgent, SkillLibrary

#: A false-accept rate that is borne without another gate (method.md, section 5).
BEARABLE = 0.05


@dataclass(frozen=True)
class Noise:
    """What two runs of the same samples say.

    Attributes:
        samples: Run to an end both times.
        errors: Left out, because a run of them could not be made.
        flipped: Solved in exactly one of the two runs.
        differing: The two transcripts are not the same.
        probe_size: N of the gate.
        candidates: K of the gate.
        usage: Calls and tokens spent.
    """

    samples: int
    errors: int
    flipped: int
    differing: int
    probe_size: int
    candidates: int
    usage: dict[str, Any]

    @property
    def flip_rate(self) -> float:
        """Share of samples that flipped."""
        return self.flipped / self.samples if self.samples else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return wilson_interval(self.flipped, self.samples)

    def false_accept(self, flip_rate: float) -> float:
        """Return the published gate's rate of accepting an edit that does nothing."""
        return false_accept(flip_rate, self.probe_size, self.candidates)

    @property
    def advice(self) -> dict[str, Any]:
        """Settings this noise calls for: ``deterministic``, ``gate`` and why."""
        if not self.differing:
            return {
                "deterministic": True,
                "gate": "paper",
                "why": "both runs were alike to the letter, so repeats can be answered from "
                "memory; against edits that only shift some answers 'gate: mcnemar' with "
                "'probe_size: 72' helps (docs/gate.md)",
            }
        if self.false_accept(self.interval[1]) <= BEARABLE:
            return {
                "deterministic": False,
                "gate": "paper",
                "why": "transcripts differ, but verdicts hardly do",
            }
        return {
            "deterministic": False,
            "gate": "replicate",
            "why": "verdicts may differ between equal runs, which the published gate "
            "takes for an effect",
        }

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as JSON data."""
        low, high = self.interval
        return {
            "samples": self.samples,
            "errors": self.errors,
            "flipped": self.flipped,
            "differing": self.differing,
            "flip_rate": self.flip_rate,
            "interval": [low, high],
            "false_accept": self.false_accept(self.flip_rate),
            "false_accept_interval": [self.false_accept(low), self.false_accept(high)],
            "probe_size": self.probe_size,
            "candidates": self.candidates,
            "advice": self.advice,
            **self.usage,
        }


def measure_noise(
    task: Task,
    agent: Any,
    config: RunConfig,
    samples: int,
    listener: Listener | None = None,
    preset_dirs: Sequence[Path] = (),
) -> Noise:
    """Run dev samples twice, without skills and without memory.

    Args:
        task: Where the samples come from.
        agent: Preset name, a backend, or any object with ``inference``.
        config: Settings of the runs it is measured for.
        samples: How many; the first of the dev split.
        listener: Called with every progress event.
        preset_dirs: Folders of the user's own presets.

    Raises:
        TaskError: There are no dev samples.
        AgentError: The endpoint can't be used.
    """
    closing: list[Callable[[], None]] = []
    try:
        actor = open_backends(agent, config, closing, preset_dirs)[0]
        check_endpoint(actor)
        executor = load_executor(config.executor, concurrency=config.cycle.concurrency)
        closing.append(executor.close)
        placed = place(executor, task)
        task.setup()
        closing.append(task.close)
        chosen = task.samples("dev")[:samples]
        if not chosen:
            raise TaskError("the task has no samples in the split 'dev'")
        session = Session(actor)

        def notify(kind: str, /, **facts: Any) -> None:
            if listener is not None:
                listener(kind, facts)

        engine = Engine(placed, session, executor, notify)

        def wrap(inner: Agent) -> Agent:
            return SkillAgent(inner, SkillLibrary(), task)

        first = engine.run(jobs(chosen, wrap, "first run", "noise"), "first run")
        second = engine.run(jobs(chosen, wrap, "second run", "noise"), "second run")
    finally:
        for close in reversed(closing):
            close()
    return _compare(first, second, config, session.ledger.summary())


def _compare(
    first: Sequence[Outcome], second: Sequence[Outcome], config: RunConfig, usage: dict[str, Any]
) -> Noise:
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if not (a.is_error or b.is_error)]
    return Noise(
        samples=len(pairs),
        errors=len(first) - len(pairs),
        flipped=sum(a.correct != b.correct for a, b in pairs),
        differing=sum((a.history, a.answer) != (b.history, b.answer) for a, b in pairs),
        probe_size=config.cycle.probe_size,
        candidates=config.cycle.candidates,
        usage=usage,
    )
