"""Task 2: exactly one active order of DVT prophylaxis."""

from __future__ import annotations

from collections.abc import Collection

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import ANTICOAGULANTS, PROPHYLAXIS_DOSES, PROPHYLAXIS_DRUG
from grasp_medagentbench.v2.graders.posted import (
    Payload,
    blob,
    is_a,
    is_active,
    is_for,
    is_silent,
    is_stopped,
    payloads,
)
from grasp_medagentbench.v2.graders.reading import drug, has_word, medications

_LITERAL_DOSES = ("5000",)


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: nothing posted where all is well; else what is missing and what is too much.

    A missing heparin is created; where there are several anticoagulants, at least one order
    is stopped, whichever. Then every post is for the patient.
    """
    return _grade(record, episode, chart, PROPHYLAXIS_DOSES)


def grade_literal_dose(record: Record, episode: Episode, chart: Chart) -> bool:
    """Do the same, but take "5,000" for no dose in a new order, as the original does.

    In the chart it takes both spellings (spec 9, item 22).
    """
    return _grade(record, episode, chart, _LITERAL_DOSES)


def needs(record: Record, chart: Chart) -> tuple[bool, int]:
    """Return whether an order is missing, and how many are too many."""
    active = [drug(order) for order in medications(chart, record["eval_MRN"], "active")]
    anticoagulants = [text for text in active if has_word(text, ANTICOAGULANTS)]
    missing = not any(
        PROPHYLAXIS_DRUG in text and has_word(text, PROPHYLAXIS_DOSES) for text in anticoagulants
    )
    return missing, max(len(anticoagulants) - 1, 0)


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    missing, surplus = needs(record, chart)
    return ["MedicationRequest heparin 5000 units, active"] * missing + [
        "MedicationRequest, stopped"
    ] * min(surplus, 1)


def _grade(record: Record, episode: Episode, chart: Chart, doses: Collection[str]) -> bool:
    missing, surplus = needs(record, chart)
    if not missing and not surplus:
        return is_silent(episode)
    posted = payloads(episode)
    orders = [p for p in posted if is_a(p, ["MedicationRequest"])]
    return (
        all(is_for(payload, record) for payload in posted)
        and (not missing or any(_is_prophylaxis(p, doses) for p in orders))
        and (not surplus or any(is_stopped(p) for p in orders))
    )


def _is_prophylaxis(payload: Payload, doses: Collection[str]) -> bool:
    text = blob(payload)
    return is_active(payload) and PROPHYLAXIS_DRUG in text and has_word(text, doses)
