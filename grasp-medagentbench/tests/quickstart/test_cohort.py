from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from grasp_medagentbench.quickstart.cohort import (
    NOW,
    SPLIT_SIZES,
    WINDOW,
    Patient,
    Reading,
    make_cohort,
    resources,
)

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_patient_is_in_two_splits(seed: int) -> None:
    mrns = [p.mrn for patients in make_cohort(seed).values() for p in patients]
    assert len(mrns) == len(set(mrns)) == sum(SPLIT_SIZES.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_a_split_has_a_value_and_the_rest_is_split_evenly(seed: int) -> None:
    for patients in make_cohort(seed).values():
        kinds = Counter(p.kind for p in patients)
        assert kinds["value"] == len(patients) / 2
        assert kinds["older"] == kinds["none"] == len(patients) / 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chart_shows_what_its_kind_says(seed: int) -> None:
    for patients in make_cohort(seed).values():
        for patient in patients:
            recent = [r for r in patient.readings if NOW - WINDOW <= r.time <= NOW]
            assert bool(recent) == (patient.kind == "value")
            assert bool(patient.readings) == (patient.kind != "none")
            assert patient.latest == (recent[-1].value if recent else -1)
            assert all(r.time < NOW for r in patient.readings)


@pytest.mark.parametrize("seed", SEEDS)
def test_readings_of_a_chart_differ_and_come_in_order(seed: int) -> None:
    for patients in make_cohort(seed).values():
        for patient in patients:
            values = [r.value for r in patient.readings]
            times = [r.time for r in patient.readings]
            assert len(set(values)) == len(values)
            assert times == sorted(set(times))


def test_every_split_has_charts_with_one_and_with_several_values() -> None:
    for patients in make_cohort(0).values():
        counts = Counter(
            sum(NOW - WINDOW <= r.time <= NOW for r in p.readings)
            for p in patients
            if p.kind == "value"
        )
        assert counts[1] >= 2
        assert sum(n for size, n in counts.items() if size > 1) >= 2


def test_the_window_includes_its_start() -> None:
    edge = Reading(NOW - WINDOW, 1.5)
    before = Reading(NOW - WINDOW - timedelta(minutes=1), 2.5)
    assert Patient("S1", "value", (before, edge)).latest == 1.5
    assert Patient("S1", "older", (before,)).latest == -1


def test_the_same_seed_makes_the_same_cohort() -> None:
    assert make_cohort(7) == make_cohort(7)
    assert make_cohort(7) != make_cohort(8)
    assert list(resources(make_cohort(7))) == list(resources(make_cohort(7)))


def test_every_reading_is_filed_as_a_magnesium_of_its_patient() -> None:
    cohort = make_cohort(3)
    filed = Counter(
        (r["subject"]["reference"], r["valueQuantity"]["value"], r["effectiveDateTime"])
        for r in resources(cohort)
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "MG"
    )
    expected = Counter(
        (f"Patient/{p.mrn}", r.value, r.time.isoformat())
        for patients in cohort.values()
        for p in patients
        for r in p.readings
    )
    assert filed == expected


def test_resources_have_ids_of_their_own() -> None:
    keys = [(r["resourceType"], r["id"]) for r in resources(make_cohort(0))]
    assert len(keys) == len(set(keys))
