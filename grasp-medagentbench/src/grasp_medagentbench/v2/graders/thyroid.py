"""Task 6: act on TSH and free T4 by a protocol."""

from __future__ import annotations

from itertools import combinations

from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import (
    FREE_T4,
    FREE_T4_NORMAL,
    THYROID_DOSE,
    THYROID_DRUG,
    TSH,
    TSH_APART,
    TSH_HIGH,
    TSH_RAISED,
)
from grasp_medagentbench.v2.graders.posted import (
    Payload,
    is_a,
    is_order_for,
    is_silent,
    payloads,
    printed,
)
from grasp_medagentbench.v2.graders.reading import (
    has_word,
    latest_value,
    measurements,
    timed_values,
)

_TESTS = (TSH.lower(), FREE_T4.lower())


def grade(record: Record, episode: Episode, chart: Chart) -> bool:
    """Correct: drug and tests, tests without a drug, or nothing posted, by ``course``.

    Two orders of tests are wanted; both may be for TSH.
    """
    course = course_of(record, chart)
    if course is None:
        return is_silent(episode)
    posted = payloads(episode)
    if course == "treat":
        drugs_right = any(_is_drug(payload, record) for payload in posted)
    else:
        drugs_right = not any(is_a(payload, ["MedicationRequest"]) for payload in posted)
    return drugs_right and sum(_is_test(payload, record) for payload in posted) >= 2


def course_of(record: Record, chart: Chart) -> str | None:
    """Return ``treat``, ``repeat`` (the tests only) or ``None`` (do nothing)."""
    patient = record["eval_MRN"]
    tsh = timed_values(measurements(chart, patient, TSH))
    free_t4 = latest_value(timed_values(measurements(chart, patient, FREE_T4)))
    high = [time for time, value in tsh if value > TSH_HIGH]
    if any(abs(one - other) >= TSH_APART for one, other in combinations(high, 2)):
        return "treat"
    raised = _within(latest_value(tsh), TSH_RAISED) and _within(free_t4, FREE_T4_NORMAL)
    return "repeat" if raised else None


def expected(record: Record, chart: Chart) -> list[str]:
    """Return what has to be posted."""
    course = course_of(record, chart)
    tests = [f"ServiceRequest {TSH}", f"ServiceRequest {FREE_T4}"] if course else []
    drug = ["MedicationRequest levothyroxine 25 mcg"] if course == "treat" else []
    return drug + tests


def _within(value: float | None, limits: tuple[float, float]) -> bool:
    return value is not None and limits[0] <= value <= limits[1]


def _is_drug(payload: Payload, record: Record) -> bool:
    if not is_order_for(payload, record, ["MedicationRequest"]):
        return False
    concept = payload.get("medicationCodeableConcept") or {}
    text = str(concept.get("text", "")).lower()
    return THYROID_DRUG in text and THYROID_DOSE in text


def _is_test(payload: Payload, record: Record) -> bool:
    return is_order_for(payload, record, ["ServiceRequest"]) and has_word(
        printed(payload, "code").lower(), _TESTS
    )
