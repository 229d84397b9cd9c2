"""Facts of MedAgentBench v1 that instructions, charts and graders share (spec 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Address of the FHIR server as the agent sees it.
BASE_URL = "http://localhost:8080/fhir/"

#: The present of every v1 task.
NOW_TEXT = "2023-11-13T10:15:00+00:00"
NOW = datetime.fromisoformat(NOW_TEXT)
#: The minute of the present, which is all that medication orders are held to.
NOW_MINUTE = "2023-11-13T10:15"
DAY_AGO = NOW - timedelta(hours=24)
YEAR_AGO_TEXT = "2022-11-13T10:15:00+00:00"
YEAR_AGO = datetime.fromisoformat(YEAR_AGO_TEXT)
#: Beginning of the next morning's eight o'clock.
TOMORROW_AT_8 = "2023-11-14T08:"

NOT_FOUND = "Patient not found"

#: Local codes of measurements.
MAGNESIUM = "MG"
GLUCOSE = "GLU"
POTASSIUM = "K"
HBA1C = "A1C"
BLOOD_PRESSURE = "BP"

NDC = "http://hl7.org/fhir/sid/ndc"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
MAGNESIUM_NDC = "0338-1715-40"
POTASSIUM_NDC = "40032-917-01"
POTASSIUM_LOINC = "2823-3"
HBA1C_LOINC = "4548-4"
ORTHOPEDICS_SNOMED = "306181000000106"

#: Magnesium above this is normal (mg/dL).
MAGNESIUM_NORMAL_ABOVE = 1.9
#: Potassium from this on is normal (mEq/L).
POTASSIUM_NORMAL_FROM = 3.5

VITAL_SIGNS = {
    "system": "http://hl7.org/fhir/observation-category",
    "code": "vital-signs",
    "display": "Vital Signs",
}

#: Types that are held out whole, as the out-of-distribution test.
OOD_TYPES = frozenset({"task6", "task7"})
#: Types that may never post.
READ_ONLY_TYPES = frozenset({"task1", "task2", "task4", "task6", "task7"})
#: Types that can be solved without a look at the chart.
CHART_FREE_TYPES = frozenset({"task3", "task8"})


def magnesium_dose(level: float) -> int | None:
    """Return the grams, and hours, of magnesium for a level; ``None`` if it is normal."""
    if level > MAGNESIUM_NORMAL_ABOVE:
        return None
    if level < 1:
        return 4
    return 2 if level < 1.5 else 1


def potassium_dose(level: float) -> float:
    """Return the milliequivalents of potassium that lift a low level to the threshold."""
    return (POTASSIUM_NORMAL_FROM - level) / 0.1 * 10
