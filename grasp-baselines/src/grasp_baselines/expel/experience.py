"""Past episodes, and which failure is compared with which success."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grasp.contracts import Outcome

_TOKEN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Trial:
    """One episode: what was asked, and everything that was said."""

    sample_id: str
    instruction: str
    transcript: str


@dataclass(frozen=True)
class Experience:
    """All episodes so far; never pruned."""

    successes: tuple[Trial, ...] = ()
    failures: tuple[Trial, ...] = ()

    def add(self, outcomes: Sequence[Outcome]) -> Experience:
        """Return it with more episodes; one that could not be run counts as a failure."""
        trials = [(o.correct and not o.is_error, _trial(o)) for o in outcomes]
        return Experience(
            (*self.successes, *(t for good, t in trials if good)),
            (*self.failures, *(t for good, t in trials if not good)),
        )

    def pairs(self) -> list[tuple[Trial, Trial]]:
        """Return every failure with the success whose instruction is most like its own."""
        if not self.successes:
            return []
        words = [tokens(s.instruction) for s in self.successes]
        found = []
        for failure in self.failures:
            own = tokens(failure.instruction)
            best = max(range(len(words)), key=lambda n: (jaccard(own, words[n]), -n))
            found.append((failure, self.successes[best]))
        return found


def tokens(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(_TOKEN.findall(text.lower()))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the share of words that two sets have in common; 0 for empty ones."""
    return len(a & b) / len(a | b) if a or b else 0.0


def _trial(outcome: Outcome) -> Trial:
    lines = [f"{str(m.get('role', '')).upper()}: {m.get('content') or ''}" for m in outcome.history]
    return Trial(outcome.sample_id, outcome.instruction, "\n".join(lines))
