"""Task 4: have a urinary catheter removed that has been in place for too long."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import CATHETER, CATHETER_LIMIT, now
from grasp_medagentbench.v2.graders.posted import (
    Payload,
    is_order_for,
    is_silent,
    payloads,
    printed,
)
from grasp_medagentbench.v2.graders.reading import baseline, last_performed, procedures


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: an order of removal among the posts if one is due; else nothing posted."""
    if not is_due(record, chart):
        return is_silent(episode)
    return any(_is_removal(payload, record) for payload in payloads(episode))


def is_due(record: Record, chart: Chart) -> bool:
    """Return whether the last catheter is over the limit, without an order of removal."""
    patient = record["eval_MRN"]
    last = last_performed(procedures(chart, patient, CATHETER))
    removals = baseline(
        chart, f"ServiceRequest?patient={patient}&code={CATHETER}&status=active&_count=5000"
    )
    return last is not None and now(record) - last > CATHETER_LIMIT and not removals


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    return [f"ServiceRequest {CATHETER}"] if is_due(record, chart) else []


def _is_removal(payload: Payload, record: Record) -> bool:
    return (
        is_order_for(payload, record, ["ServiceRequest"])
        and CATHETER.lower() in printed(payload, "code").lower()
    )
