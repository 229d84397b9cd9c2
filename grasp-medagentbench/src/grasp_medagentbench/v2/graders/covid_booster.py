"""Task 10: order a COVID booster if the last dose is older than a year."""

from __future__ import annotations

from datetime import datetime

from grasp_medagentbench.graders.chart import Chart, moment
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import (
    COVID_BOOSTER,
    COVID_DRUG_TEXT,
    COVID_PROCEDURE,
    VACCINE_INTERVAL,
    now,
)
from grasp_medagentbench.v2.graders.posted import (
    Payload,
    is_order_for,
    is_silent,
    payloads,
    printed,
)
from grasp_medagentbench.v2.graders.reading import (
    Resource,
    drug,
    medications,
    performed,
    procedures,
)


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: exactly one post, an order that names COVID, if it is due; else none."""
    if not is_due(record, chart):
        return is_silent(episode)
    posted = payloads(episode)
    return len(posted) == 1 and is_order_for(posted[0], record) and _names_covid(posted[0])


def is_due(record: Record, chart: Chart) -> bool:
    """Return whether there is no dose, or none of the past 365 calendar days.

    Doses are procedures, and completed medication orders with the vaccine's name.
    """
    patient = record["eval_MRN"]
    doses = procedures(chart, patient, COVID_PROCEDURE)
    doses += [o for o in medications(chart, patient, "completed") if COVID_DRUG_TEXT in drug(o)]
    last = max((t for t in map(_given, doses) if t is not None), default=None)
    return last is None or now(record).date() - last.date() > VACCINE_INTERVAL


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    return [f"MedicationRequest COVID {COVID_BOOSTER}"] if is_due(record, chart) else []


def _given(dose: Resource) -> datetime | None:
    authored = dose.get("authoredOn")
    return performed(dose) or (moment(authored) if authored else None)


def _names_covid(payload: Payload) -> bool:
    named = printed(payload, "code") + printed(payload, "medicationCodeableConcept")
    return "covid" in named.lower()
