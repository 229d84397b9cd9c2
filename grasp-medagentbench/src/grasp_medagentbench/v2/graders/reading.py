"""What graders read of a chart: only what was there before agents came (spec 1.6 and 4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from grasp_medagentbench.graders.chart import Chart, moment
from grasp_medagentbench.v2.facts import CUTOFF

Resource = dict[str, Any]


def baseline(chart: Chart, query: str) -> list[Resource]:
    """Return the resources of a search that were stored before the cut-off.

    Raises:
        KeyError: One of them has no ``meta``.
    """
    return [r for r in chart.search(query) if _is_early(r["meta"])]


def tolerant_baseline(chart: Chart, query: str) -> list[Resource]:
    """Return the same, with the resources that have no ``meta``."""
    return [r for r in chart.search(query) if _is_early(r.get("meta") or {})]


def _is_early(meta: Resource) -> bool:
    stored = meta.get("lastUpdated")
    return not stored or moment(stored) <= CUTOFF


def procedures(chart: Chart, patient: str, *codes: str) -> list[Resource]:
    """Return a patient's procedures of some codes."""
    return baseline(chart, f"Procedure?patient={patient}&code={','.join(codes)}&_count=5000")


def medications(chart: Chart, patient: str, status: str) -> list[Resource]:
    """Return a patient's medication orders of a status."""
    return baseline(chart, f"MedicationRequest?patient={patient}&status={status}&_count=5000")


def measurements(chart: Chart, patient: str, code: str) -> list[Resource]:
    """Return a patient's observations of a code."""
    return baseline(chart, f"Observation?patient={patient}&code={code}&_count=5000")


def drug(order: Resource) -> str:
    """Return the name of an ordered drug in lower case.

    Raises:
        KeyError: It has no text.
    """
    text: str = order["medicationCodeableConcept"]["text"]
    return text.lower()


def has_word(text: str, words: Iterable[str]) -> bool:
    """Return whether a text contains one of the words, be it inside another."""
    return any(word in text for word in words)


def performed(procedure: Resource) -> datetime | None:
    """Return when a procedure was done: its date, or the end or else the start of its period."""
    period = procedure.get("performedPeriod") or {}
    text = procedure.get("performedDateTime") or period.get("end") or period.get("start")
    return moment(text) if text else None


def last_performed(found: Iterable[Resource]) -> datetime | None:
    """Return when the latest of some procedures was done."""
    return max((t for t in map(performed, found) if t is not None), default=None)


def timed_values(found: Iterable[Resource]) -> list[tuple[datetime, Any]]:
    """Return time and value of observations, in their order.

    Raises:
        KeyError: One of them has no date or no number.
    """
    return [(moment(o["effectiveDateTime"]), o["valueQuantity"]["value"]) for o in found]


def latest_value(values: Iterable[tuple[datetime, Any]]) -> Any:
    """Return the newest value, of equally new ones the first; ``None`` if there is none."""
    newest = max(values, key=lambda one: one[0], default=None)
    return None if newest is None else newest[1]
