"""Task 9: order an influenza vaccine if the last one is older than a year."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import INFLUENZA_VACCINE, VACCINE_INTERVAL, now
from grasp_medagentbench.v2.graders.posted import (
    Payload,
    blob,
    is_order_for,
    is_silent,
    payloads,
)
from grasp_medagentbench.v2.graders.reading import last_performed, procedures


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: exactly one post, an order of the vaccine, if it is due; else none."""
    if not is_due(record, chart):
        return is_silent(episode)
    posted = payloads(episode)
    return len(posted) == 1 and is_order_for(posted[0], record) and _is_vaccine(posted[0])


def is_due(record: Record, chart: Chart) -> bool:
    """Return whether there is no vaccination, or none of the past 365 days."""
    last = last_performed(procedures(chart, record["eval_MRN"], INFLUENZA_VACCINE))
    return last is None or now(record) - last > VACCINE_INTERVAL


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    return [f"MedicationRequest {INFLUENZA_VACCINE}"] if is_due(record, chart) else []


def _is_vaccine(payload: Payload) -> bool:
    # "flu" may stand anywhere, even inside another word.
    return _first_code(payload) == INFLUENZA_VACCINE or "flu" in blob(payload)


def _first_code(payload: Payload) -> Any:
    try:
        return payload["code"]["coding"][0]["code"]
    except (KeyError, IndexError, TypeError):
        return None
