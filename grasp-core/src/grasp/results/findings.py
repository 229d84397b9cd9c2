"""What a comparison shows, and what it does not, in words and as JSON data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from grasp.contracts import RunError
from grasp.methods.gate.mcnemar import holm
from grasp.results.outcomes import Side
from grasp.results.paired import Effect, Paired, Runs, Types, paired, runs

#: Level at which a difference counts as known.
LEVEL = 0.05


@dataclass(frozen=True)
class Finding:
    """One comparison: two sides on one split.

    Attributes:
        first: Name of the side compared with.
        second: Name of the side compared.
        split: Where.
        result: The statistics.
        p_holm: p-value corrected for all comparisons made at once (Holm 1979).
    """

    first: str
    second: str
    split: str
    result: Paired | Runs
    p_holm: float

    @property
    def effect(self) -> Effect:
        """The difference."""
        return self.result.effect

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``not known``, of the second side."""
        if not self.p_holm <= LEVEL:
            return "not known"
        return "better" if self.effect.delta > 0 else "worse"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON data; shares in [0, 1]."""
        kind = "runs" if isinstance(self.result, Runs) else "samples"
        p = self.effect.p
        data = asdict(self.result)
        data["effect"]["p"] = None if math.isnan(p) else p
        return {
            "first": self.first,
            "second": self.second,
            "split": self.split,
            "verdict": self.verdict,
            "p_holm": None if math.isnan(self.p_holm) else self.p_holm,
            "units": kind,
            "statistics": data,
            "text": " ".join(sentences(self)),
        }


def compare_sides(sides: Sequence[Side], splits: Sequence[str] = ()) -> list[Finding]:
    """Compare the first side with each of the others, on every split they share.

    Args:
        sides: At least two.
        splits: Only these.

    Raises:
        RunError: Two sides share no split or no sample.
    """
    base, *others = sides
    made: list[tuple[Side, str, Paired | Runs]] = []
    for other in others:
        shared = [s for s in base.splits if s in other.splits and (not splits or s in splits)]
        if not shared:
            raise RunError(
                f"{base.name} and {other.name} share no split",
                f"they have {_names(base.splits)} and {_names(other.splits)}",
            )
        for split in shared:
            result = _compared(base, other, split)
            if result.n == 0:
                raise RunError(
                    f"{base.name} and {other.name} share no sample of {split} that could be run",
                    "compare runs of one task with one seed of its data",
                )
            made.append((other, split, result))
    # A p that could not be computed proves nothing.
    values = holm([1.0 if math.isnan(r.effect.p) else r.effect.p for _, _, r in made])
    return [
        Finding(base.name, other.name, split, result, p)
        for (other, split, result), p in zip(made, values, strict=True)
    ]


def _compared(base: Side, other: Side, split: str) -> Paired | Runs:
    first, second = ([run[split] for run in side.runs] for side in (base, other))
    if len(first) == len(second) == 1:
        return paired(first[0], second[0], {**base.types, **other.types})
    return runs(first, second)


def differences(sides: Iterable[Side]) -> list[str]:
    """Say in which settings, besides what was learned, the sides differ."""
    found = []
    sides = list(sides)
    for key in ("task", "model"):
        values = {str(s.settings[key]) for s in sides if s.settings.get(key)}
        if len(values) > 1:
            found.append(f"the {key}s differ: {', '.join(sorted(values))}")
    return found


def sentences(finding: Finding) -> list[str]:
    """Return what is known and what is not, one sentence each."""
    result = finding.result
    found = _of_runs(finding, result) if isinstance(result, Runs) else _of_samples(finding, result)
    if result.errors:
        found.append(f"{_count(result.errors, 'sample')} dropped, as a side could not be run.")
    if result.unshared:
        found.append(f"{_count(result.unshared, 'sample')} left out, which not all sides have.")
    return found


def _of_samples(finding: Finding, result: Paired) -> list[str]:
    head = (
        f"{result.first}/{result.n} and {result.second}/{result.n} solved; "
        f"{result.b} gained, {result.c} lost."
    )
    if finding.verdict != "not known":
        found = [head, f"{_told(result.effect)}: {finding.verdict} on samples of these types."]
        return found + _types(finding, result.types)
    if not result.more:
        why = (
            "no difference seen" if result.b == result.c else "not known"
        ) + f"; {_ruled_out(result.effect)}"
    else:
        why = (
            f"not enough samples; about {result.more} more would settle it, "
            "if the difference is as large as it looks"
        )
    return [head, f"{_told(result.effect)}: {why}.", *_types(finding, result.types)]


def _types(finding: Finding, types: Types | None) -> list[str]:
    if types is None:
        return []
    effect = types.effect
    told = (
        f"With the {types.number} types of samples as units: 95 % interval "
        f"{_interval(effect)}, p = {_p(effect.p)}"
    )
    if finding.verdict == "not known":
        return [told + "."]
    if effect.p <= LEVEL:
        return [told + ": it holds over types too."]
    few = (
        f" (so few types can give no less than {_p(types.smallest_p)})"
        if types.smallest_p > LEVEL
        else ""
    )
    return [told + f": whether it holds for other types is not known{few}."]


def _of_runs(finding: Finding, result: Runs) -> list[str]:
    a, b = len(result.first), len(result.second)
    means = [100 * sum(side) / len(side) for side in (result.first, result.second)]
    head = (
        f"{means[0]:.1f} % over {_count(a, 'run')} and {means[1]:.1f} % over {_count(b, 'run')}, "
        f"{result.n} samples each."
    )
    if math.isnan(result.effect.p):
        why = "too many runs to count every way of dealing them; go by the interval"
    elif finding.verdict != "not known":
        why = f"{finding.verdict}, for new runs too"
    elif result.smallest_p > LEVEL:
        why = (
            f"not enough runs; {a} against {b} can give no less than p = {_p(result.smallest_p)}, "
            "whatever they show"
        )
    elif result.more:
        why = (
            f"not enough runs; about {result.more} more on each side would settle it, "
            "if the difference is as large as it looks"
        )
    else:
        why = f"not known; {_ruled_out(result.effect)}"
    return [head, f"{_told(result.effect)}: {why}."]


def _told(effect: Effect) -> str:
    return (
        f"{_points(effect.delta)} points, 95 % interval {_interval(effect)}, "
        f"p = {'not computed' if math.isnan(effect.p) else _p(effect.p)}"
    )


def _ruled_out(effect: Effect) -> str:
    gain, loss = max(effect.high, 0.0), max(-effect.low, 0.0)
    return f"a gain above {100 * gain:.1f} or a loss above {100 * loss:.1f} points is unlikely"


def _interval(effect: Effect) -> str:
    return f"{_signed(effect.low)} to {_signed(effect.high)}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _signed(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}")


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.0005 else f"{value:.0e}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _names(splits: Sequence[str]) -> str:
    return " and ".join(splits) or "none"
