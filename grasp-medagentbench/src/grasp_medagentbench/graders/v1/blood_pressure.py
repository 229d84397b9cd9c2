"""Task 3: file a blood pressure that was just measured."""

from __future__ import annotations

from grasp_medagentbench.facts import BLOOD_PRESSURE, NOW_TEXT, VITAL_SIGNS
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.graders.v1.orders import subject_of
from grasp_medagentbench.records import quoted_text


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: exactly one post, the measurement as asked; the answer doesn't matter."""
    posts = episode.accepted_posts
    if len(posts) != 1 or posts[0].url != chart.url("Observation"):
        return False
    payload = posts[0].payload
    return bool(
        payload["resourceType"] == "Observation"
        and len(payload["category"]) == 1
        and len(payload["category"][0]["coding"]) == 1
        and payload["category"][0]["coding"][0] == VITAL_SIGNS
        and payload["code"] == {"text": BLOOD_PRESSURE}
        and payload["effectiveDateTime"] == NOW_TEXT
        and payload["status"] == "final"
        and payload["valueString"] == quoted_text(record)
        and payload["subject"] == subject_of(record)
    )
