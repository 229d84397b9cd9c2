"""Task 5: with cancer of the left kidney, a CT and a referral if the last CT is too old."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import (
    CANCER_CT_INTERVAL,
    CT_DONE,
    CT_ORDER,
    KIDNEY_CANCER,
    RADIOLOGY_REFERRAL,
    now,
)
from grasp_medagentbench.v2.graders.posted import is_order_for, is_silent, payloads, printed
from grasp_medagentbench.v2.graders.reading import baseline, last_performed, procedures


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: both orders if they are due, nothing posted if they are not.

    Without the diagnosis not even the word POST may appear.
    """
    if not has_cancer(record, chart):
        return not episode.has_post
    if not is_due(record, chart):
        return is_silent(episode)
    codes = [printed(p, "code") for p in payloads(episode) if is_order_for(p, record)]
    return all(any(wanted in code for code in codes) for wanted in (CT_ORDER, RADIOLOGY_REFERRAL))


def has_cancer(record: Record, chart: Chart) -> bool:
    """Return whether the problem list has the diagnosis, in whatever state."""
    query = f"Condition?patient={record['eval_MRN']}&code={KIDNEY_CANCER}&_count=5000"
    return bool(baseline(chart, query))


def is_due(record: Record, chart: Chart) -> bool:
    """Return whether there is no CT, or none younger than 90 days."""
    last = last_performed(procedures(chart, record["eval_MRN"], *CT_DONE, CT_ORDER))
    return last is None or now(record) - last > CANCER_CT_INTERVAL
