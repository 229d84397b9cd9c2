"""Task 1: the MRN of a patient known by name and date of birth."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: nothing posted, and the answer equals the record's ``sol``."""
    return not episode.has_post and episode.answers(record["sol"])
