"""What a gate sees: paired outcomes of the probe, and the counts made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grasp.contracts import Outcome, Status


@dataclass(frozen=True)
class Arm:
    """How one sample went with one library."""

    correct: bool
    status: str = Status.COMPLETED.value

    @property
    def is_error(self) -> bool:
        """The episode could not be run."""
        return self.status == Status.ERROR.value


@dataclass(frozen=True)
class Pair:
    """One probe sample with the current library and with the candidate.

    ``was_failing`` is the sample's label in the source the probe was drawn from.
    """

    sample_id: str
    was_failing: bool
    baseline: Arm
    candidate: Arm

    @property
    def is_error(self) -> bool:
        """An arm could not be run, so the pair says nothing."""
        return self.baseline.is_error or self.candidate.is_error

    @property
    def is_discordant(self) -> bool:
        """The arms came to different ends."""
        return not self.is_error and self.baseline.correct != self.candidate.correct


@dataclass(frozen=True)
class Evidence:
    """All pairs of one candidate.

    Attributes:
        pairs: In the order of the probe.
        exposed: Some sample's model was shown other skills than in the baseline;
            otherwise any difference is noise.
        fresh: Pairs that were run after the probe because the gate asked for them; a
            sample stands here once for every repeat.
        curtailed: The rest of the probe was not run, because the candidate could no
            longer win whatever came of it.
    """

    pairs: tuple[Pair, ...]
    exposed: bool = True
    fresh: tuple[Pair, ...] = ()
    curtailed: bool = False


@dataclass(frozen=True)
class Counts:
    """The published score of a candidate (method.md, 3.9).

    ``adjusted = (fixes - baseline_fixes) - (regressions - baseline_regressions)
    - (penalty - 1) * invalid_action_regressions``.
    """

    fixes: int
    regressions: int
    baseline_fixes: int
    baseline_regressions: int
    invalid_action_regressions: int
    adjusted: float


def pair_outcomes(
    failing: Iterable[str], baseline: Mapping[str, Outcome], candidate: Mapping[str, Outcome]
) -> tuple[Pair, ...]:
    """Pair two arms of a probe by sample.

    Args:
        failing: Ids labelled failing in the probe's source.
        baseline: Outcomes with the current library by sample id; gives the order.
        candidate: Outcomes with the candidate; the same ids.
    """
    labels = set(failing)
    return tuple(
        Pair(
            sample_id,
            sample_id in labels,
            Arm(base.correct, base.status),
            Arm(candidate[sample_id].correct, candidate[sample_id].status),
        )
        for sample_id, base in baseline.items()
    )


def count(pairs: Iterable[Pair], *, penalty: float = 2, fixes_only: bool = False) -> Counts:
    """Count fixes and regressions of both arms.

    A pair with an error in either arm says nothing and is dropped from both; the
    original counts it against the baseline alone, which gives a no-op edit a score of
    +1 (method.md, section 6).

    Args:
        pairs: The probe.
        penalty: λ; what a regression by an invalid action weighs.
        fixes_only: Ablation: ``adjusted`` counts fixes alone.
    """
    fixes = regressions = base_fixes = base_regressions = invalid = 0
    for pair in pairs:
        if pair.is_error:
            continue
        if pair.was_failing:
            fixes += pair.candidate.correct
            base_fixes += pair.baseline.correct
            continue
        base_regressions += not pair.baseline.correct
        if not pair.candidate.correct:
            regressions += 1
            invalid += pair.candidate.status == Status.INVALID_ACTION.value
    adjusted = float(fixes - base_fixes)
    if not fixes_only:
        adjusted -= (regressions - base_regressions) + (penalty - 1) * invalid
    return Counts(fixes, regressions, base_fixes, base_regressions, invalid, adjusted)
