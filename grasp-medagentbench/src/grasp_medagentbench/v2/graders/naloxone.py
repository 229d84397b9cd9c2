"""Task 8: naloxone beside every active opioid."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import OPIOID_ANTIDOTES, OPIOIDS
from grasp_medagentbench.v2.graders.posted import blob, is_order_for, is_silent, payloads
from grasp_medagentbench.v2.graders.reading import drug, has_word, medications


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: exactly one post, an order of naloxone, if it is missing; else none."""
    if not is_due(record, chart):
        return is_silent(episode)
    posted = payloads(episode)
    return (
        len(posted) == 1
        and is_order_for(posted[0], record)
        and has_word(blob(posted[0]), OPIOID_ANTIDOTES)
    )


def is_due(record: Record, chart: Chart) -> bool:
    """Return whether there is an active opioid, and no active naloxone."""
    active = [drug(order) for order in medications(chart, record["eval_MRN"], "active")]
    opioid = any(has_word(text, OPIOIDS) for text in active)
    return opioid and not any(has_word(text, OPIOID_ANTIDOTES) for text in active)


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    return ["MedicationRequest naloxone nasal spray 4 mg"] if is_due(record, chart) else []
