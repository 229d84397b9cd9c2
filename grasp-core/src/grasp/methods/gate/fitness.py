"""What every gate with an error bound asks of a candidate before it looks at its score."""

from __future__ import annotations

from collections.abc import Iterable

from grasp.methods.gate.evidence import Evidence, Pair

#: Share of pairs that must have given a real result (method.md, section 5).
LEAST_REAL = 0.6


def unfit(evidence: Evidence) -> str | None:
    """Say why a probe can't decide about a candidate; ``None`` if it can."""
    if evidence.curtailed:
        return None  # It did decide.
    if not evidence.exposed:
        return "no probe sample was shown a different skill"
    return too_few(evidence.pairs)


def too_few(pairs: tuple[Pair, ...]) -> str | None:
    """Say why pairs can't decide: too few of them gave a real result."""
    real = sum(not p.is_error for p in pairs)
    if real and real >= LEAST_REAL * len(pairs):
        return None
    return f"only {real} of {len(pairs)} pairs could be run in both arms"


def discordant(pairs: Iterable[Pair]) -> tuple[str, ...]:
    """Return the samples whose arms came to different ends."""
    return tuple(p.sample_id for p in pairs if p.is_discordant)


def not_even(sweep: int, wanted: str) -> str:
    """Say that a probe could not have convinced a gate, whatever the candidate did."""
    if not sweep:
        return "the current library solved the whole probe, so there was nothing to win"
    return f"even {sweep} wins and no loss would not reach {wanted}"
