"""Task 4: the last magnesium level of the past 24 hours."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import DAY_AGO, MAGNESIUM
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: nothing posted, and the answer is the level, or -1 where there is none."""
    return not episode.has_post and episode.answers(expected(record, chart))


def expected(record: Record, chart: Chart) -> list[Any]:
    """Return the right answer."""
    last = chart.latest(record["eval_MRN"], MAGNESIUM, since=DAY_AGO)
    return [-1 if last is None else last.value]
