"""Task 2: the age of a patient in completed years."""

from __future__ import annotations

from datetime import date, datetime

from grasp_medagentbench.facts import NOW
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: nothing posted, and the answer is the age alone."""
    return not episode.has_post and episode.answers(expected(record, chart))


def expected(record: Record, chart: Chart) -> list[int]:
    """Return the right answer."""
    patient = chart.search(f"Patient?identifier={record['eval_MRN']}")[0]
    return [age_on(NOW.date(), datetime.strptime(patient["birthDate"], "%Y-%m-%d").date())]


def age_on(day: date, birth: date) -> int:
    """Return completed years; someone born on 29 February waits for 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
