"""A gate under examination, and the evidence it is shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from grasp.contracts import Status
from grasp.methods.gate import Arm, Evidence, Gate, GateDecision, GateHistory, Pair, Rerun
from grasp.testing.checks import Blocked

#: Updates the gate is shown.
SITUATIONS = 60

#: Fresh episodes a gate may ask for, one candidate at a time, before it decides.
MOST_RERUNS = 8

_ERROR = Arm(False, Status.ERROR.value)

Candidates = tuple[Evidence, ...]


def pair(number: int, was_failing: bool, before: bool | Arm, after: bool | Arm) -> Pair:
    """Return a pair of a numbered sample."""
    arms = [a if isinstance(a, Arm) else Arm(a) for a in (before, after)]
    return Pair(f"s{number}", was_failing, *arms)


def situations() -> list[Candidates]:
    """Return updates of all sorts, the same ones every time."""
    draw = random.Random("conformance")
    return [tuple(_evidence(draw) for _ in range(draw.randint(1, 4))) for _ in range(SITUATIONS)]


def _evidence(draw: random.Random) -> Evidence:
    helps, harms = draw.random(), draw.random() / 2
    pairs = []
    for number in range(draw.randint(1, 24)):
        failing = draw.random() < 0.5
        before = Arm(not failing)
        flips = draw.random() < (helps if failing else harms)
        after = Arm(failing) if flips else before
        if not after.correct and draw.random() < 0.2:
            after = Arm(False, Status.INVALID_ACTION.value)
        if draw.random() < 0.05:
            after = _ERROR
        pairs.append(pair(number, failing, before, after))
    return Evidence(tuple(pairs), exposed=draw.random() < 0.9)


def with_errors(evidence: Evidence) -> Evidence:
    """Return the evidence with pairs that could not be run added to it."""
    more = (
        pair(900, True, False, _ERROR),
        pair(901, False, _ERROR, True),
        pair(902, False, _ERROR, _ERROR),
    )
    return Evidence((*evidence.pairs, *more), evidence.exposed)


def sweep(fixed: int, broken: int = 0, *, exposed: bool = True) -> Evidence:
    """Return evidence of a candidate that fixes and breaks so many, of 40 each."""
    failing = [pair(n, True, False, n < fixed) for n in range(40)]
    passing = [pair(40 + n, False, True, n >= broken) for n in range(40)]
    return Evidence((*failing, *passing), exposed)


class AskedTooOften(Exception):
    """A gate asks for fresh episodes again and again."""


class GateCase:
    """A gate.

    Args:
        build: Returns it; a new one each time if ``rebuilds``.
        rebuilds: It was given as a name or a class.
    """

    def __init__(self, build: Callable[[], Any], *, rebuilds: bool) -> None:
        self.build = build
        self.rebuilds = rebuilds

    @cached_property
    def built(self) -> Any:
        """The gate, or what making it raised."""
        try:
            return self.build()
        except Exception as error:
            return error

    @property
    def gate(self) -> Gate:
        """The gate.

        Raises:
            Blocked: There is none.
        """
        if not callable(getattr(self.built, "decide", None)):
            raise Blocked
        gate: Gate = self.built
        return gate

    def decide(self, evidence: Sequence[Evidence], update: int = 0) -> GateDecision:
        """Have candidates judged; what the gate wants run again comes out as it did before.

        Raises:
            AskedTooOften: The gate never has enough.
        """
        history, shown = GateHistory(update, update // 2), list(evidence)
        for _ in range(MOST_RERUNS + 1):
            answer = self.gate.decide(tuple(shown), history)
            if not isinstance(answer, Rerun):
                return answer
            one = shown[answer.candidate]
            wanted = [p for p in one.pairs if p.sample_id in answer.sample_ids]
            fresh = [p for p in wanted for _ in range(answer.repeats)]
            shown[answer.candidate] = replace(one, fresh=(*one.fresh, *fresh))
        raise AskedTooOften(f"it asked for fresh episodes {MOST_RERUNS} times and once more")

    @cached_property
    def decided(self) -> Any:
        """(evidence, decision) of every situation, or what deciding raised."""
        try:
            return [(s, self.decide(s, n)) for n, s in enumerate(situations())]
        except Blocked:
            raise
        except Exception as error:
            return error

    @property
    def decisions(self) -> list[tuple[Candidates, GateDecision]]:
        """Every situation with its decision.

        Raises:
            Blocked: The gate doesn't decide.
        """
        found = self.decided
        if isinstance(found, Exception):
            raise Blocked
        if not all(isinstance(d, GateDecision) for _, d in found):
            raise Blocked
        decisions: list[tuple[Candidates, GateDecision]] = found
        return decisions

    def require_decisions(self) -> None:
        """Block a check that needs a gate that decides at all."""
        if not self.decisions:
            raise Blocked
