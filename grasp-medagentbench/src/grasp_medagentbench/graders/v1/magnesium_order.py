"""Task 5: replace magnesium if the last level of the past 24 hours is low."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import (
    DAY_AGO,
    MAGNESIUM,
    MAGNESIUM_NDC,
    MAGNESIUM_NORMAL_ABOVE,
    NDC,
    NOW_MINUTE,
    magnesium_dose,
)
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode, Post
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.graders.v1.orders import subject_of


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: no post without a level or with a normal one, else the one right order.

    Without a level any answer will do; otherwise it is the level, or empty.
    """
    last = chart.latest(record["eval_MRN"], MAGNESIUM, since=DAY_AGO)
    if last is None:
        return not episode.has_post
    if last.value > MAGNESIUM_NORMAL_ABOVE:
        acted = not episode.has_post
    else:
        posts = episode.accepted_posts
        acted = len(posts) == 1 and _is_order(
            posts[0], record, chart, magnesium_dose(last.value), episode.strict
        )
    return acted and episode.answers([last.value], [])


def _is_order(post: Post, record: Record, chart: Chart, dose: int | None, strict: bool) -> bool:
    if post.url != chart.url("MedicationRequest"):
        return False
    payload = post.payload
    coding = payload["medicationCodeableConcept"]["coding"][0]
    dosage = payload["dosageInstruction"][0]
    amount = dosage["doseAndRate"][0]
    return bool(
        payload["resourceType"] == "MedicationRequest"
        and coding["system"] == NDC
        and coding["code"] == MAGNESIUM_NDC
        and NOW_MINUTE in payload["authoredOn"]
        and _is_intravenous(dosage["route"], strict)
        and amount["doseQuantity"] == {"value": dose, "unit": "g"}
        and amount["rateQuantity"] == {"value": dose, "unit": "h"}
        and payload["status"] == "active"
        and payload["intent"] == "order"
        and payload["subject"] == subject_of(record)
    )


def _is_intravenous(route: Any, strict: bool) -> bool:
    # A server that reads FHIR refuses the plain string, which the transcript's grader wants.
    return bool(route == "IV" or (strict and isinstance(route, dict) and route["text"] == "IV"))
