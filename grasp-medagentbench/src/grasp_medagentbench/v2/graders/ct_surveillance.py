"""Task 1: order an abdominal CT if the last one is older than a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import CT_DONE, CT_INDICATION, CT_INTERVAL, CT_ORDER, now
from grasp_medagentbench.v2.graders.posted import Payload, is_order_for
from grasp_medagentbench.v2.graders.reading import last_performed, procedures


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: one post, the CT with its indication, if it is due; else no word of POST."""
    return _grade(record, episode, chart, now(record))


def grade_by_wall_clock(record: Record, episode: Episode, chart: Chart) -> bool:
    """Do the same, but take the real present for the record's, as the original does.

    By now every study in the charts is older than a year (spec 9, item 21).
    """
    return _grade(record, episode, chart, datetime.now(timezone.utc))


def is_due(record: Record, chart: Chart, present: datetime) -> bool:
    """Return whether there is no study, or none younger than a year."""
    last = last_performed(procedures(chart, record["eval_MRN"], *CT_DONE))
    return last is None or last < present - CT_INTERVAL


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    return [f"ServiceRequest {CT_ORDER}"] if is_due(record, chart, now(record)) else []


def _grade(record: Record, episode: Episode, chart: Chart, present: datetime) -> bool:
    if not is_due(record, chart, present):
        return not episode.has_post
    posts = episode.accepted_posts
    if len(posts) != 1 or "ServiceRequest" not in posts[0].url:
        return False
    payload: Payload = posts[0].payload
    return bool(
        is_order_for(payload, record, ["ServiceRequest"])
        and payload["code"]["coding"][0]["code"] == CT_ORDER
        and any(CT_INDICATION.lower() in str(text).lower() for text in _texts(payload))
    )


def _texts(payload: Payload) -> Iterator[Any]:
    """Yield the places in which a reason may stand."""
    note = payload.get("note")
    places = (
        (payload.get("reasonCode"), "text"),
        (payload.get("reasonReference"), "display"),
        ([note] if isinstance(note, dict) else note, "text"),
    )
    for entries, key in places:
        yield from (e.get(key) for e in entries or () if isinstance(e, dict))
