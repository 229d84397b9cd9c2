"""Task 7: with a prolonged QTc, stop the drugs that prolong it and order an ECG."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import ECG_SNOMED, QT_DRUGS, QTC, QTC_LIMIT
from grasp_medagentbench.v2.graders.posted import (
    blob,
    is_a,
    is_active,
    is_for,
    is_silent,
    is_stopped,
    payloads,
)
from grasp_medagentbench.v2.graders.reading import has_word, measurements

_ECG_WORDS = (ECG_SNOMED, "ecg")


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: no word of POST without a QTc; nothing posted for a normal one.

    For a prolonged one an ECG and the end of at least one such drug, whichever; then all
    posts are orders for the patient.
    """
    interval = latest(record, chart)
    if interval is None:
        return not episode.has_post
    if interval <= QTC_LIMIT:
        return is_silent(episode)
    posted = payloads(episode)
    return (
        all(is_a(p) and is_for(p, record) for p in posted)
        and any(
            is_a(p, ["ServiceRequest"]) and is_active(p) and has_word(blob(p), _ECG_WORDS)
            for p in posted
        )
        and any(
            is_a(p, ["MedicationRequest"]) and is_stopped(p) and has_word(blob(p), QT_DRUGS)
            for p in posted
        )
    )


def latest(record: Record, chart: Chart) -> Any:
    """Return the QTc that was stored last, whenever it was measured; ``None`` without one.

    Raises:
        KeyError: It has no number.
    """
    found = measurements(chart, record["eval_MRN"], QTC)
    newest = max(found, key=lambda o: str(o["meta"].get("lastUpdated", "")), default=None)
    return None if newest is None else newest["valueQuantity"]["value"]
