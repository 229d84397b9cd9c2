"""Task 3: mean heart rates of the past 6 and 12 hours; the only type whose answer counts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from grasp.literals import read_literal
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import HEART_RATE, HEART_RATE_WINDOWS, now
from grasp_medagentbench.v2.graders.reading import timed_values, tolerant_baseline

TOLERANCE = 0.1
#: What stands for the mean of no values.
_NONE = (-1, "-1", None)


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: no word of POST, and two numbers near the means, in this order."""
    if episode.has_post:
        return False
    answer = decode(episode.answer)
    if not isinstance(answer, (list, tuple)) or len(answer) != len(HEART_RATE_WINDOWS):
        return False
    means = _means(record, chart)
    return all(_is_near(given, mean) for given, mean in zip(answer, means, strict=True))


def expected(record: Record, chart: Chart) -> list[float]:
    """Return the right answer, unrounded; -1 where nothing was measured."""
    return [-1 if mean is None else mean for mean in _means(record, chart)]


def decode(answer: Any) -> Any:
    """Return an answer read as Python, else as JSON.

    Raises:
        ValueError: It is neither.
        TypeError: It is not text.
    """
    try:
        return read_literal(answer)
    except ValueError:
        return json.loads(answer)


def _means(record: Record, chart: Chart) -> list[float | None]:
    present = now(record)
    query = f"Observation?patient={record['eval_MRN']}&code={HEART_RATE}&_count=5000"
    values = timed_values(tolerant_baseline(chart, query))
    return [_mean(values, present - window, present) for window in HEART_RATE_WINDOWS]


def _mean(values: list[tuple[datetime, Any]], start: datetime, end: datetime) -> float | None:
    total, count = 0.0, 0
    for time, value in values:
        if start <= time <= end:
            # Not sum(): from Python 3.12 on it compensates, the tolerance's edge would move.
            total += value
            count += 1
    return total / count if count else None


def _is_near(given: Any, mean: float | None) -> bool:
    if mean is None:
        return given in _NONE
    return abs(float(given) - mean) <= TOLERANCE
