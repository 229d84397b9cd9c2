"""What the orders of several tasks have in common."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Post
from grasp_medagentbench.graders.grade import Record


def subject_of(record: Record) -> dict[str, str]:
    """Return the only subject accepted: a reference with nothing beside it."""
    return {"reference": f"Patient/{record['eval_MRN']}"}


def is_stat_order(
    post: Post, record: Record, chart: Chart, system: str, code: str, authored: str
) -> bool:
    """Return whether a post is an urgent ServiceRequest for this code and patient.

    Raises:
        KeyError: A field is missing.
        IndexError: A list is empty.
        TypeError: A value is of another kind.
    """
    if post.url != chart.url("ServiceRequest"):
        return False
    payload = post.payload
    coding = payload["code"]["coding"][0]
    return bool(
        payload["resourceType"] == "ServiceRequest"
        and coding["system"] == system
        and coding["code"] == code
        and payload["authoredOn"] == authored
        and payload["status"] == "active"
        and payload["intent"] == "order"
        and payload["priority"] == "stat"
        and payload["subject"] == subject_of(record)
    )
