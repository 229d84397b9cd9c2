"""Task 6: the mean glucose of the past 24 hours."""

from __future__ import annotations

from grasp_medagentbench.facts import DAY_AGO, GLUCOSE
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record

TOLERANCE = 0.1


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: nothing posted, and one number nearer than the tolerance to the mean."""
    if episode.has_post:
        return False
    mean = expected(record, chart)[0]
    result = episode.result()
    return bool(len(result) == 1 and abs(result[0] - mean) < TOLERANCE)


def expected(record: Record, chart: Chart) -> list[float]:
    """Return the right answer, unrounded; -1 where nothing was measured."""
    total, count = 0.0, 0
    for reading in chart.readings(record["eval_MRN"], GLUCOSE):
        if reading.time >= DAY_AGO:
            # Not sum(): from Python 3.12 on it compensates, the tolerance's edge would move.
            total += reading.value
            count += 1
    return [total / count if count else -1]
