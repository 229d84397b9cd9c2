"""Exact curtailment: a candidate stops as soon as it can no longer win (method.md, section 5).

Nothing is estimated. A candidate is hopeless when no outcome of its remaining samples could
make it the winner, so the gate decides as if everything had been run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from grasp.methods.gate.evidence import Arm, Counts, Evidence, Pair, count


@dataclass(frozen=True)
class Standing:
    """How a candidate stands part-way through its probe.

    Attributes:
        counts: Of the pairs so far.
        fixes_left: Most that failing samples still to run can add to the score.
        slack_left: Most that passing ones can add to it, and to the regressions allowed.
    """

    counts: Counts
    fixes_left: int
    slack_left: int


class Curtailing(Protocol):
    """What a gate offers if candidates may stop early under it."""

    penalty: float
    fixes_only: bool

    def hopeless(self, standing: Standing, best: float) -> bool:
        """Tell whether a candidate can't win any more.

        Args:
            standing: How it stands.
            best: Score of the best contender among the candidates before it, at least 0.
        """
        ...

    def contends(self, evidence: Evidence) -> float | None:
        """Return the score of a candidate that would win if none were better, else ``None``."""
        ...


class Curtailment:
    """Tells which episodes of one probe are still needed.

    Episodes are numbered in the order in which they start: the baseline's, then the
    candidates' in turns, sample by sample. So all candidates are known about equally well at
    any time, however many episodes are under way: where they followed one another, a short
    probe would be over before anything is known of it.

    An episode is needed unless the outcomes *before* it settle its candidate. So whether it is
    needed depends on neither threads nor time; episodes that started before that was known
    are left out of the evidence.

    Args:
        gate: Decides.
        sample_ids: The probe, passing samples first.
        failing: Ids labelled failing.
        candidates: How many there are.
    """

    def __init__(
        self, gate: Curtailing, sample_ids: Sequence[str], failing: Iterable[str], candidates: int
    ) -> None:
        self._gate = gate
        self._ids = tuple(sample_ids)
        self._failing = frozenset(failing)
        self._candidates = candidates
        self._scores: dict[int, float] = {}  # Of candidates that have run whole.

    def __len__(self) -> int:
        """Episodes of the whole probe."""
        return len(self._ids) * (1 + self._candidates)

    def place(self, index: int) -> tuple[int, int]:
        """Return an episode's arm (0 is the baseline) and its sample's place in the probe."""
        size = len(self._ids)
        if index < size:
            return 0, index
        place, candidate = divmod(index - size, self._candidates)
        return 1 + candidate, place

    def number(self, arm: int, place: int) -> int:
        """Return the episode of an arm and a place; the inverse of ``place``."""
        if arm == 0:
            return place
        return len(self._ids) + place * self._candidates + arm - 1

    def needed(self, index: int, arms: Mapping[int, Arm], exposed: Callable[[int], bool]) -> bool:
        """Tell whether an episode is needed.

        Args:
            index: Its number.
            arms: Outcomes by number; those of later episodes are not looked at.
            exposed: Tells of a candidate that has run whole, numbered from 1, whether its
                model was shown other skills.
        """
        candidate, _ = self.place(index)
        if candidate == 0:
            return True
        standing = self._standing(self._pairs(candidate, arms, before=index), arms)
        best = 0.0
        for other in range(1, candidate):
            if self._whole(other, arms):
                best = max(best, self._score(other, arms, exposed))
        return not self._gate.hopeless(standing, best)

    def _whole(self, candidate: int, arms: Mapping[int, Arm]) -> bool:
        places = range(len(self._ids))
        return all(n in arms and self.number(candidate, n) in arms for n in places)

    def _score(
        self, candidate: int, arms: Mapping[int, Arm], exposed: Callable[[int], bool]
    ) -> float:
        if candidate not in self._scores:
            evidence = Evidence(tuple(self._pairs(candidate, arms).values()), exposed(candidate))
            self._scores[candidate] = self._gate.contends(evidence) or 0.0
        return self._scores[candidate]

    def _pairs(
        self, candidate: int, arms: Mapping[int, Arm], before: float = math.inf
    ) -> dict[str, Pair]:
        pairs = {}
        for place, sample in enumerate(self._ids):
            number = self.number(candidate, place)
            if number < before and place in arms and number in arms:
                failing = sample in self._failing
                pairs[sample] = Pair(sample, failing, arms[place], arms[number])
        return pairs

    def _standing(self, done: Mapping[str, Pair], arms: Mapping[int, Arm]) -> Standing:
        fixes = slack = 0
        for n, sample in enumerate(self._ids):
            base = arms.get(n)
            # Where the baseline solved it or has no result, there is nothing to win.
            if sample in done or (base is not None and (base.correct or base.is_error)):
                continue
            fixes += sample in self._failing
            slack += sample not in self._failing
        counts = count(done.values(), penalty=self._gate.penalty, fixes_only=self._gate.fixes_only)
        return Standing(counts, fixes, slack)


def hopeless(standing: Standing, best: float, *, budget: bool, fixes_only: bool) -> bool:
    """Tell whether a candidate can't win any more under the published score."""
    counts = standing.counts
    most = counts.adjusted + standing.fixes_left + (0 if fixes_only else standing.slack_left)
    over = counts.regressions > counts.baseline_regressions + standing.slack_left
    return most <= best or (budget and over)
