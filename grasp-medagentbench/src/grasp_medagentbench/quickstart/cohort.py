"""The quickstart's patients: seeded charts, made for this task alone.

Every split has its own patients. Half of a split's charts hold a magnesium within the last
24 hours; of the others, half hold only older ones and half none at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

NOW = datetime(2023, 11, 13, 10, 15, tzinfo=timezone.utc)
WINDOW = timedelta(hours=24)

#: Samples per split. ``probe`` is what the gate tries candidates on.
SPLIT_SIZES = {"dev": 20, "probe": 12, "val": 16, "test": 16}

#: Kinds of chart, dealt in turn: half of the patients have a value in the window.
_KINDS = ("value", "older", "value", "none")
#: How many values lie in the window, dealt in turn.
_COUNTS = (1, 1, 2)

_NAMES = ("Avery", "Blake", "Casey", "Devon", "Ellis", "Frankie", "Gray", "Harper", "Indigo")


@dataclass(frozen=True)
class Reading:
    """One magnesium result, in mg/dL."""

    time: datetime
    value: float


@dataclass(frozen=True)
class Patient:
    """A chart and what it shows.

    ``kind`` is ``value`` (a magnesium in the window), ``older`` (only before it) or
    ``none`` (never one). Readings are in the order they were taken.
    """

    mrn: str
    kind: str
    readings: tuple[Reading, ...]

    @property
    def latest(self) -> float:
        """The most recent magnesium in the window, or -1."""
        recent = [r for r in self.readings if NOW - WINDOW <= r.time <= NOW]
        return max(recent, key=lambda r: r.time).value if recent else -1


def make_cohort(seed: int) -> dict[str, tuple[Patient, ...]]:
    """Return the patients of every split; no patient is in two of them."""
    total = sum(SPLIT_SIZES.values())
    numbers = random.Random(f"quickstart/{seed}/mrn").sample(range(10_000, 100_000), total)
    mrns = iter(f"S{n}" for n in numbers)
    return {
        split: tuple(_patients(mrns, size, random.Random(f"quickstart/{seed}/{split}")))
        for split, size in SPLIT_SIZES.items()
    }


def _patients(mrns: Iterator[str], size: int, rng: random.Random) -> list[Patient]:
    patients = []
    with_value = 0
    for index in range(size):
        kind = _KINDS[index % len(_KINDS)]
        recent = 0
        if kind == "value":
            recent = _COUNTS[with_value % len(_COUNTS)]
            with_value += 1
        older = 0 if kind == "none" else rng.randint(1, 3)
        patients.append(Patient(next(mrns), kind, _readings(recent, older, rng)))
    rng.shuffle(patients)
    return patients


def _readings(recent: int, older: int, rng: random.Random) -> tuple[Reading, ...]:
    """Draw readings 30 minutes to 23.5 hours old, and 25 hours to 8 days old."""
    minutes = rng.sample(range(30, 1_410), recent) + rng.sample(range(1_500, 11_520), older)
    # Distinct values: a wrong reading is a wrong answer.
    tenths = rng.sample(range(10, 31), len(minutes))
    readings = [
        Reading(NOW - timedelta(minutes=m), t / 10) for m, t in zip(minutes, tenths, strict=True)
    ]
    return tuple(sorted(readings, key=lambda r: r.time))


# -- FHIR ----------------------------------------------------------------------------


def resources(cohort: dict[str, tuple[Patient, ...]]) -> Iterator[dict[str, Any]]:
    """Return a cohort as FHIR R4 resources, results in the order they were filed."""
    number = 1000
    for patients in cohort.values():
        for patient in patients:
            yield _patient(patient)
            for code, reading in _results(patient):
                number += 1
                yield _observation(str(number), patient.mrn, code, reading)


def _results(patient: Patient) -> Iterator[tuple[str, Reading]]:
    """Magnesium, and a potassium with every patient, so that the code matters."""
    rng = random.Random(f"potassium/{patient.mrn}")
    yield "K", Reading(NOW - timedelta(minutes=rng.randint(60, 1_200)), rng.randint(33, 52) / 10)
    for reading in patient.readings:
        yield "MG", reading


def _patient(patient: Patient) -> dict[str, Any]:
    rng = random.Random(f"name/{patient.mrn}")
    given, family = rng.sample(_NAMES, 2)
    return {
        "resourceType": "Patient",
        "id": patient.mrn,
        "identifier": [{"use": "usual", "value": patient.mrn}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": rng.choice(["female", "male"]),
        "birthDate": f"{rng.randint(1935, 2000)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
    }


def _observation(id_: str, mrn: str, code: str, reading: Reading) -> dict[str, Any]:
    unit = {"MG": "mg/dL", "K": "mmol/L"}[code]
    time = reading.time.isoformat()
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code, "display": code}],
            "text": code,
        },
        "subject": {"reference": f"Patient/{mrn}"},
        "effectiveDateTime": time,
        "issued": time,
        "valueQuantity": {
            "value": reading.value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }
