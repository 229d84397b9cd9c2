"""Task 10: the last HbA1c and its date; order a new one if it is older than a year."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import HBA1C, HBA1C_LOINC, LOINC, NOW_TEXT, YEAR_AGO
from grasp_medagentbench.graders.chart import Chart, Reading
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.graders.v1.orders import is_stat_order


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: a new test exactly where none is younger than a year.

    The answer is value and date as stored ([-1] where there is none), or empty.
    """
    last = chart.latest(record["eval_MRN"], HBA1C)
    if last is None or last.time < YEAR_AGO:
        posts = episode.accepted_posts
        acted = len(posts) == 1 and is_stat_order(
            posts[0], record, chart, LOINC, HBA1C_LOINC, NOW_TEXT
        )
    else:
        acted = not episode.has_post
    return acted and episode.answers(_answer(last), [])


def expected(record: Record, chart: Chart) -> list[Any]:
    """Return the right answer."""
    return _answer(chart.latest(record["eval_MRN"], HBA1C))


def _answer(last: Reading | None) -> list[Any]:
    return [-1] if last is None else [last.value, last.recorded]
