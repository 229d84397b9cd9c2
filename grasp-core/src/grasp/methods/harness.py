"""The loop every method runs in (method.md, section 2)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from grasp.contracts import Agent, Outcome, Sample, TaskError
from grasp.engine import Wave
from grasp.methods.context import Batch, Context, wave
from grasp.skills import SkillLibrary, skill_to_json

T = TypeVar("T")


class Learner(Protocol):
    """The part of ``Method`` the harness drives; documented there."""

    def batch_size(self, samples: int) -> int:
        """See ``Method.batch_size``."""
        ...

    def artifact(self) -> Any:
        """See ``Method.artifact``."""
        ...

    def wrap(self, agent: Agent) -> Agent:
        """See ``Method.wrap``."""
        ...

    def bare(self, agent: Agent) -> Agent:
        """See ``Method.bare``."""
        ...

    def is_bare(self, empty: Any) -> bool:
        """See ``Method.is_bare``."""
        ...

    def learn(self, batch: Batch, context: Context) -> None:
        """See ``Method.learn``."""
        ...

    def end_epoch(self, epoch: int, outcomes: Sequence[Outcome], context: Context) -> None:
        """See ``Method.end_epoch``."""
        ...

    def state(self) -> Any:
        """See ``Method.state``."""
        ...

    def load(self, state: Any) -> None:
        """See ``Method.load``."""
        ...

    def library(self) -> SkillLibrary:
        """See ``Method.library``."""
        ...


@dataclass(frozen=True)
class Score:
    """Accuracy on a split.

    ``errors`` are episodes that could not be run; they count as not correct, openly.
    ``groups`` maps a subset's name to (correct, total), ``metrics`` a measure of the task's
    to its mean over the episodes that have it.
    """

    correct: int
    total: int
    errors: int
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """Correct / total; 0 for an empty split."""
        return self.correct / self.total if self.total else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the score as JSON data."""
        data: dict[str, Any] = {
            "accuracy": self.accuracy,
            "correct": self.correct,
            "total": self.total,
            "errors": self.errors,
        }
        if self.groups:
            data["groups"] = {
                name: {"accuracy": c / n if n else 0.0, "correct": c, "total": n}
                for name, (c, n) in sorted(self.groups.items())
            }
        if self.metrics:
            data["metrics"] = self.metrics
        return data


@dataclass(frozen=True)
class LearningResult:
    """What a run found out.

    Attributes:
        baseline_val: Validation without skills, if it was measured.
        val_curve: Validation after each epoch.
        best_epoch: Epoch of the best checkpoint; ``None`` if no epoch scored above 0.
        best_val: Validation of the final library; ``None`` without epochs.
        tests: Split to scores ``learned`` and ``no_skills``.
        library: The final library.
    """

    baseline_val: Score | None
    val_curve: tuple[Score, ...]
    best_epoch: int | None
    best_val: Score | None
    tests: dict[str, dict[str, Score]]
    library: SkillLibrary


def score(outcomes: Sequence[Outcome]) -> Score:
    """Count a split's outcomes."""
    groups: dict[str, tuple[int, int]] = {}
    measured: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name, value in outcome.metrics.items():
            measured.setdefault(name, []).append(value)
        if outcome.group:
            correct, total = groups.get(outcome.group, (0, 0))
            groups[outcome.group] = (correct + outcome.correct, total + 1)
    return Score(
        correct=sum(o.correct for o in outcomes),
        total=len(outcomes),
        errors=sum(o.is_error for o in outcomes),
        groups=groups,
        metrics={name: sum(vs) / len(vs) for name, vs in sorted(measured.items())},
    )


def shuffled(items: Sequence[T], *seed: object) -> list[T]:
    """Return the items in an order that depends on the seed parts alone."""
    order = list(items)
    rng(*seed).shuffle(order)
    return order


def rng(*seed: object) -> random.Random:
    """Return a generator seeded from the parts, the same in every process."""
    return random.Random("/".join(str(part) for part in seed))


def run_epochs(method: Learner, context: Context) -> LearningResult:
    """Learn for all epochs, keep the best checkpoint, evaluate the sealed splits.

    Raises:
        TaskError: ``dev`` or ``val`` has no samples.
        AgentError: The endpoint is gone; everything answered so far is stored.
    """
    settings = context.settings
    dev, val = _required(context, "dev"), _required(context, "val")
    empty = method.state()
    size = method.batch_size(len(dev))
    plan = [_batches(dev, size, settings.seed, epoch) for epoch in range(settings.epochs)]
    ahead: list[Outcome] | None = None

    baseline: Score | None = None
    curve: list[Score] = []
    best_epoch, best_val, best_state = None, None, None

    def note_baseline(outcomes: Sequence[Outcome]) -> None:
        nonlocal baseline
        baseline = score(outcomes)
        context.record(
            "validation",
            epoch="baseline",
            **baseline.to_json(),
            skills=[],
            samples=brief(outcomes),
        )

    def note_epoch(outcomes: Sequence[Outcome]) -> None:
        nonlocal best_epoch, best_val, best_state
        epoch, result = len(curve), score(outcomes)
        curve.append(result)
        improved = result.accuracy > (best_val.accuracy if best_val else 0.0)
        if improved:
            best_epoch, best_val, best_state = epoch, result, method.state()
        context.record(
            "validation",
            epoch=epoch,
            **result.to_json(),
            best=improved,
            skills=[skill_to_json(s) for s in method.library()],
            samples=brief(outcomes),
        )

    if settings.no_skills_baseline:
        first = plan[0][0] if plan else None
        ahead = _validate(method, context, val, "baseline", first, note_baseline)
    for epoch, batches in enumerate(plan):
        _learn_epoch(method, context, epoch, batches, ahead)
        following = plan[epoch + 1][0] if epoch + 1 < len(plan) else None
        ahead = _validate(method, context, val, f"e{epoch}", following, note_epoch)

    if best_val is not None:
        method.load(best_state)
    learned = method.state()
    tests = {
        split: scores
        for split in ("test", "ood")
        if (scores := _sealed_test(method, context, split, learned, empty))
    }
    method.load(learned)
    artifact = method.artifact()
    context.record(
        "finished",
        best_epoch=best_epoch,
        skills=[skill_to_json(s) for s in method.library()],
        **({} if artifact is None else {"artifact": artifact}),
    )
    return LearningResult(
        baseline_val=baseline,
        val_curve=tuple(curve),
        best_epoch=best_epoch,
        best_val=best_val if best_val is not None else (curve[-1] if curve else None),
        tests=tests,
        library=method.library(),
    )


def _required(context: Context, split: str) -> tuple[Sample, ...]:
    samples = context.samples(split)
    if not samples:
        raise TaskError(
            f"the task has no samples in the split {split!r}",
            "GRASP learns on dev and validates on val; give the task both",
        )
    return samples


@dataclass(frozen=True)
class _Planned:
    """A batch to come."""

    epoch: int
    cycle: int
    of: int
    samples: tuple[Sample, ...]

    def wave(self, method: Learner, context: Context) -> Wave:
        """Return its episodes, with what the method knows now."""
        scope = f"e{self.epoch}/b{self.cycle}/dev"
        return wave(self.samples, method.wrap, scope, "rollout", method.library().names)

    def announce(self, context: Context) -> None:
        """Tell that it begins."""
        if self.cycle == 0:
            context.notify("epoch_started", epoch=self.epoch, epochs=context.settings.epochs)
        context.notify("batch_started", epoch=self.epoch, cycle=self.cycle, batches=self.of)


def _batches(dev: Sequence[Sample], size: int, seed: int, epoch: int) -> list[_Planned]:
    order = shuffled(dev, seed, "shuffle", epoch)
    chunks = [tuple(order[i : i + size]) for i in range(0, len(order), size)]
    return [_Planned(epoch, cycle, len(chunks), c) for cycle, c in enumerate(chunks)]


def _learn_epoch(
    method: Learner,
    context: Context,
    epoch: int,
    batches: Sequence[_Planned],
    ahead: list[Outcome] | None,
) -> None:
    """Run an epoch's batches; ``ahead`` are the outcomes of the first, if it ran already."""
    seen: list[Outcome] = []
    for batch in batches:
        if batch.cycle == 0 and ahead is not None:
            outcomes = ahead
        else:
            batch.announce(context)
            outcomes = context.engine.run_waves([batch.wave(method, context)])[0]
        seen.extend(outcomes)
        context.record(
            "batch",
            epoch=epoch,
            cycle=batch.cycle,
            **score(outcomes).to_json(),
            samples=brief(outcomes),
        )
        method.learn(Batch(epoch, batch.cycle, tuple(outcomes)), context)
    context.record("epoch", epoch=epoch, **score(seen).to_json())
    method.end_epoch(epoch, seen, context)


def brief(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return outcomes as they stand in the journal: verdicts without transcripts."""
    rows = []
    for outcome in outcomes:
        row: dict[str, Any] = {
            "id": outcome.sample_id,
            "correct": outcome.correct,
            "status": outcome.status,
            "answer": outcome.answer[:200],
        }
        if outcome.sample_type:
            row["type"] = outcome.sample_type
        if outcome.tags:
            row["tags"] = list(outcome.tags)
        if outcome.metrics:
            row["metrics"] = dict(outcome.metrics)
        if outcome.error:
            row["error"] = outcome.error
        rows.append(row)
    return rows


def _validate(
    method: Learner,
    context: Context,
    val: Sequence[Sample],
    name: str,
    following: _Planned | None,
    note: Callable[[Sequence[Outcome]], None],
) -> list[Outcome] | None:
    """Validate, and run the batch that follows meanwhile: it needs no result of it.

    ``note`` gets the validation's outcomes as soon as they are there. Returns those of the
    batch that follows, if one does.
    """
    waves = [wave(val, method.wrap, f"{name}/val", "validation", method.library().names)]
    if following is not None:
        waves.append(following.wave(method, context))

    def ended(number: int, outcomes: list[Outcome]) -> None:
        if number == 0:
            note(outcomes)
            if following is not None:
                following.announce(context)

    results = context.engine.run_waves(waves, ended)
    return results[1] if following is not None else None


def _sealed_test(
    method: Learner, context: Context, split: str, learned: Any, empty: Any
) -> dict[str, Score]:
    """Evaluate a test split once, with what was learned and with nothing."""
    samples = context.samples(split)
    if not samples:
        return {}
    method.load(learned)
    is_bare = method.is_bare(empty)
    arms = {"learned": (learned, method.wrap)}
    if is_bare:
        arms = {}  # The same agent twice would only measure noise.
    if is_bare or context.settings.no_skills_baseline:
        arms["no_skills"] = (empty, method.bare)
    scores: dict[str, Score] = {}
    for arm, (state, wrap) in arms.items():
        method.load(state)
        outcomes = context.rollouts(
            samples,
            wrap,
            scope=f"{split}/{arm}",
            purpose="test",
            skills=method.library().names,
        )
        scores[arm] = score(outcomes)
        context.record(
            "test", split=split, arm=arm, **scores[arm].to_json(), samples=brief(outcomes)
        )
    return {"learned": scores["no_skills"], **scores} if is_bare else scores
