"""What a run would ask and cost, before anything is spent."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.agents.pricing import price_of
from grasp.contracts import Backend, Cancelled, Message, Sample, Task, Usage
from grasp.methods.settings import CycleSettings
from grasp.methods.subset import first_samples
from grasp.runs.config import RunConfig

#: Turns of an episode where neither the task nor the caller says how many.
TURNS = 3
#: Tokens of an answer, of an observation, and of a writer's prompt and answer.
ANSWER = 100
OBSERVATION = 200
WRITER_PROMPT = {"full": 6_000, "compact": 1_500}
WRITER_ANSWER = 500
#: Characters of a token, about.
CHARACTERS = 4
#: Tries of a classification that can't be read.
CLASSIFY_TRIES = 2
#: Samples whose first prompt is looked at.
SAMPLED = 8


@dataclass(frozen=True)
class Amount:
    """An expectation and an upper bound; ``most`` is ``None`` where nothing bounds it."""

    expected: float
    most: float | None

    def __add__(self, other: Amount) -> Amount:
        most = None if self.most is None or other.most is None else self.most + other.most
        return Amount(self.expected + other.expected, most)

    def times(self, expected: float, most: float | None) -> Amount:
        """Return the amount with each of its units worth ``expected``, at most ``most``."""
        bound = None if self.most is None or most is None else self.most * most
        return Amount(self.expected * expected, bound)


@dataclass(frozen=True)
class Estimate:
    """What a run would take.

    Attributes:
        episodes: By purpose.
        writer_calls: Classification, diagnosis, proposals, revisions.
        turns: Assumed per episode, and the task's limit.
        prompt_tokens: First prompt of an episode: mean, and largest.
        prompts: Style of the writer's prompts.
    """

    episodes: Mapping[str, Amount]
    writer_calls: Amount
    turns: Amount
    prompt_tokens: Amount
    prompts: str

    @property
    def calls(self) -> Amount:
        """All calls. Memoisation and stored answers only lower them."""
        total = sum(self.episodes.values(), Amount(0, 0))
        return total.times(self.turns.expected, self.turns.most) + self.writer_calls

    @property
    def usage(self) -> tuple[Usage, Usage | None]:
        """Tokens expected, and if every episode goes to its last turn."""
        expected = self._usage(self.calls.expected, self.writer_calls.expected, self.turns.expected)
        if self.calls.most is None or self.writer_calls.most is None or self.turns.most is None:
            return expected, None
        return expected, self._usage(self.calls.most, self.writer_calls.most, self.turns.most)

    def _usage(self, calls: float, writer: float, turns: float) -> Usage:
        prompt = self.prompt_tokens.expected + (turns - 1) / 2 * (ANSWER + OBSERVATION)
        return Usage(
            calls=math.ceil(calls),
            prompt_tokens=math.ceil(
                (calls - writer) * prompt + writer * WRITER_PROMPT[self.prompts]
            ),
            completion_tokens=math.ceil((calls - writer) * ANSWER + writer * WRITER_ANSWER),
        )

    def to_json(self, config: RunConfig, actor: Backend) -> dict[str, Any]:
        """Return the estimate as JSON data, with the cost by the run's price table."""
        price = price_of(str(actor.identity.get("model", "")), config.agent_params.get("prices"))
        expected, most = self.usage

        def spent(usage: Usage | None) -> dict[str, Any] | None:
            if usage is None:
                return None
            priced = price.charge(usage)
            total = usage.prompt_tokens + usage.completion_tokens
            return {"calls": usage.calls, "tokens": total, "cost": round(priced.cost, 4)}

        return {
            "episodes": {k: [a.expected, a.most] for k, a in self.episodes.items()},
            "writer_calls": [self.writer_calls.expected, self.writer_calls.most],
            "turns": [self.turns.expected, self.turns.most],
            "expected": spent(expected),
            "most": spent(most),
        }


def estimate(task: Task, settings: CycleSettings, turns: float | None = None) -> Estimate:
    """Estimate a run of GRASP; no call is made.

    Args:
        task: Set up already.
        settings: Of the loop.
        turns: Model calls of an episode, if known; otherwise a guess.
    """
    sizes = {
        split: len(first_samples(task, split, limit=settings.limit, per_type=settings.per_type))
        for split in ("dev", "val", "test", "ood", "probe")
    }
    limit = task.max_turns
    guess = turns if turns is not None else min(TURNS, limit or TURNS)
    updates = settings.epochs * math.ceil(sizes["dev"] / settings.batch_size)
    return Estimate(
        episodes=_episodes(sizes, settings, updates),
        writer_calls=_writer_calls(settings, updates),
        turns=Amount(guess, limit),
        prompt_tokens=_first_prompts(task),
        prompts=settings.prompts,
    )


def _episodes(sizes: Mapping[str, int], settings: CycleSettings, updates: int) -> dict[str, Amount]:
    epochs, baseline = settings.epochs, int(settings.no_skills_baseline)
    rollouts, validation = sizes["dev"] * epochs, sizes["val"] * (epochs + baseline)
    test = (sizes["test"] + sizes["ood"]) * (1 + baseline)
    source = sizes["probe"] if settings.probe_source == "holdout" else sizes["dev"]
    probe = min(settings.probe_size, source)
    labels = source if settings.probe_source == "holdout" else 0
    # At most: every winner is revised, and every epoch but the first collapses.
    usual, revision = labels + probe * (1 + settings.candidates), probe
    most = updates * (usual + revision) + max(0, epochs - 1) * 2 * probe
    gated = not settings.no_gate and settings.blind_select is None
    return {
        "rollout": Amount(rollouts, rollouts),
        "validation": Amount(validation, validation),
        "probe": Amount(updates * usual, most) if gated else Amount(0, 0),
        "test": Amount(test, test),
    }


def _writer_calls(settings: CycleSettings, updates: int) -> Amount:
    usual = settings.candidates + settings.classify + settings.diagnose
    most = settings.candidates + settings.classify * CLASSIFY_TRIES + settings.diagnose + 1
    return Amount(updates * usual, updates * most)


class _Listener:
    """An agent that only listens to the first prompt."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.heard: Sequence[Message] = ()

    def inference(self, history: Sequence[Message], tools: Any = None, **_: Any) -> str:
        self.heard = self.heard or [dict(m) for m in history]
        raise Cancelled("only listening")


def first_prompt(task: Task, sample: Sample) -> Sequence[Message]:
    """Return the first messages the model would see of a sample; none if it is not asked."""
    agent = _Listener()
    with contextlib.suppress(Exception):  # A task may wrap what its agent raises.
        task.rollout(sample, agent)
    return agent.heard


def _first_prompts(task: Task) -> Amount:
    samples = [s for split in ("dev", "val") for s in list(task.samples(split))[: SAMPLED // 2]]
    lengths = [
        sum(len(str(m.get("content", ""))) for m in first_prompt(task, s)) / CHARACTERS
        for s in samples
    ]
    return Amount(sum(lengths) / len(lengths), max(lengths)) if lengths else Amount(0, 0)
