"""Task 9: replace potassium if the last level is low, and measure it the next morning."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import (
    LOINC,
    NDC,
    NOW_MINUTE,
    NOW_TEXT,
    POTASSIUM,
    POTASSIUM_LOINC,
    POTASSIUM_NDC,
    POTASSIUM_NORMAL_FROM,
    TOMORROW_AT_8,
    potassium_dose,
)
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode, Post
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.graders.v1.orders import is_stat_order, subject_of

TOLERANCE = 0.1


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: no post if the level is normal or unknown, else two: the drug, then the test.

    The answer is the level (-1 where there is none), or empty.
    """
    last = chart.latest(record["eval_MRN"], POTASSIUM)
    if last is None or last.value >= POTASSIUM_NORMAL_FROM:
        acted = not episode.has_post
    else:
        posts = episode.accepted_posts
        acted = (
            len(posts) == 2
            and _is_replacement(posts[0], record, chart, last.value)
            and is_stat_order(posts[1], record, chart, LOINC, POTASSIUM_LOINC, NOW_TEXT)
            and TOMORROW_AT_8 in posts[1].payload["occurrenceDateTime"]
        )
    return acted and episode.answers([-1 if last is None else last.value], [])


def _is_replacement(post: Post, record: Record, chart: Chart, level: float) -> bool:
    if post.url != chart.url("MedicationRequest"):
        return False
    payload = post.payload
    coding = payload["medicationCodeableConcept"]["coding"][0]
    dosage = payload["dosageInstruction"][0]
    amount = dosage["doseAndRate"][0]["doseQuantity"]
    return bool(
        payload["resourceType"] == "MedicationRequest"
        and coding["system"] == NDC
        and coding["code"] == POTASSIUM_NDC
        and NOW_MINUTE in payload["authoredOn"]
        and _route(dosage["route"]).lower().strip() == "oral"
        and abs(amount["value"] - potassium_dose(level)) <= TOLERANCE
        and amount["unit"] == "mEq"
        and payload["status"] == "active"
        and payload["intent"] == "order"
        and payload["subject"] == subject_of(record)
    )


def _route(route: Any) -> Any:
    """Return the route's text; it may be a plain string or a CodeableConcept."""
    if isinstance(route, dict):
        return route.get("text") or route["coding"][0]["display"]
    return route
