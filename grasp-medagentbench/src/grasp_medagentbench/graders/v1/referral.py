"""Task 8: refer a patient to orthopedic surgery with a given text."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import NOW_TEXT, ORTHOPEDICS_SNOMED, SNOMED
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.graders.v1.orders import is_stat_order
from grasp_medagentbench.records import quoted_text


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: exactly one post, a referral with the text; the answer doesn't matter."""
    posts = episode.accepted_posts
    return bool(
        len(posts) == 1
        and is_stat_order(posts[0], record, chart, SNOMED, ORTHOPEDICS_SNOMED, NOW_TEXT)
        and quoted_text(record) in _note(posts[0].payload["note"], episode.strict)
    )


def _note(note: Any, strict: bool) -> Any:
    # The advertised schema has an object here, FHIR a list of them.
    return note[0]["text"] if strict and isinstance(note, list) else note["text"]
