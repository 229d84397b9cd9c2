from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import TaskError
from grasp_medagentbench.cohort import V1_PLAN, Cohort, build_cohort
from grasp_medagentbench.cohort.quotas import Dealer
from grasp_medagentbench.facts import DAY_AGO, NOW, YEAR_AGO
from grasp_medagentbench.fhir import EmbeddedClient, Store
from grasp_medagentbench.graders.v1.age import age_on
from grasp_medagentbench.instances import REFERRAL_TEXT, synthetic_records
from grasp_medagentbench.records import patients_of, person_of, quoted_text
from grasp_medagentbench.splits import split_records

# Words that graders of v1 or v2 look for in texts, and codes that they search.
WORDS = re.findall(
    r"\w+",
    """
    heparin enoxaparin dalteparin fondaparinux apixaban rivaroxaban dabigatran warfarin
    hydromorphone oxycodone fentanyl hydrocodone morphine naloxone narcan ondansetron
    prochlorperazine haloperidol quetiapine olanzapine risperidone ziprasidone clozapine
    chlorpromazine levothyroxine covid flu
    """,
)
CODES = {
    "IMGCT0491", "IMGIL0001", "74177", "NUR1373", "C64.2", "90686", "COVIDVACCINE", "91320",
    "HEARTRATE", "TSH", "FT4", "QTCINTERVAL", "CON417", "445118002",
}  # fmt: skip
TRACKS = ("MG", "GLU", "K", "A1C")


def cohort_of(records: list[dict[str, Any]], seed: int = 0) -> Cohort:
    return build_cohort(split_records(records), seed)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(synthetic_records())


def readings(cohort: Cohort, code: str) -> dict[str, list[tuple[datetime, float]]]:
    found: dict[str, list[tuple[datetime, float]]] = {}
    for resource in cohort.resources:
        if resource["resourceType"] != "Observation" or "valueQuantity" not in resource:
            continue
        if resource["code"]["coding"][0]["code"] == code:
            mrn = resource["subject"]["reference"].split("/")[1]
            time = datetime.fromisoformat(resource["effectiveDateTime"])
            found.setdefault(mrn, []).append((time, resource["valueQuantity"]["value"]))
    return found


def patients(cohort: Cohort) -> dict[str, dict[str, Any]]:
    return {r["id"]: r for r in cohort.resources if r["resourceType"] == "Patient"}


# -- quotas --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(V1_PLAN))
@pytest.mark.parametrize("seed", range(5))
def test_every_split_has_every_branch(kind: str, seed: int) -> None:
    splits = split_records(synthetic_records())
    mix = build_cohort(splits, seed).mix(splits)[kind]
    for counts in mix.values():
        assert set(counts) == set(V1_PLAN[kind])
        size = sum(counts.values())
        for branch, weight in V1_PLAN[kind].items():
            # Patients that inherit their branch from another type can shift it by one more.
            slack = 2.5 if kind in ("task4", "task7") else 1.5
            assert abs(counts[branch] - size * weight / 30) < slack
    total = Counter[str]()
    for counts in mix.values():
        total.update(counts)
    assert all(abs(total[b] - w) <= 2 for b, w in V1_PLAN[kind].items())


@given(
    weights=st.dictionaries(st.text(max_size=3), st.integers(1, 20), min_size=1, max_size=7),
    sizes=st.lists(st.integers(0, 40), max_size=5),
    seed=st.integers(),
)
def test_dealing_is_complete_and_fair(weights: dict[str, int], sizes: list[int], seed: int) -> None:
    dealer = Dealer(weights, random.Random(seed))
    for size in sizes:
        dealt = dealer.deal([str(n) for n in range(size)])
        assert len(dealt) == size
        if size >= len(weights):
            assert set(dealt.values()) == set(weights)


@given(inherited=st.lists(st.sampled_from("abc"), max_size=12), size=st.integers(0, 20))
def test_inherited_branches_stay(inherited: list[str], size: int) -> None:
    known = {str(n): branch for n, branch in enumerate(inherited)}
    dealt = Dealer({"a": 1, "b": 2, "c": 3}, random.Random(1)).deal(
        [str(n) for n in range(size)], known
    )
    assert len(dealt) == size
    assert all(dealt[m] == b for m, b in known.items() if m in dealt)


# -- charts --------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_charts(cohort: Cohort) -> None:
    assert cohort_of(synthetic_records()).resources == cohort.resources
    assert cohort_of(synthetic_records(), 1).resources != cohort.resources


def test_building_takes_less_than_two_seconds() -> None:
    start = time.process_time()
    Store.from_resources(cohort_of(synthetic_records()).resources)
    assert time.process_time() - start < 2


def test_nothing_is_later_than_now(cohort: Cohort) -> None:
    for resource in cohort.resources:
        for key in ("effectiveDateTime", "issued", "performedDateTime", "authoredOn"):
            if key in resource:
                assert resource[key].endswith("+00:00")
                assert datetime.fromisoformat(resource[key]) <= NOW
        assert resource["meta"]["lastUpdated"] < "2025-01-01"


def test_the_boundaries_of_every_branch_occur(cohort: Cohort) -> None:
    magnesium = readings(cohort, "MG")
    times = {t for history in magnesium.values() for t, _ in history}
    assert DAY_AGO in times
    assert DAY_AGO - timedelta(minutes=1) in times
    last = {
        m: max(v for v in h if v[0] >= DAY_AGO)[1]
        for m, h in magnesium.items()
        if any(t >= DAY_AGO for t, _ in h)
    }
    ordered = [last[m] for m in cohort.branches["task5"] if m in last]
    assert {1.9, 2.0, 1.5, 1.0, 1.4, 0.9} <= set(ordered)
    assert 3.5 in {max(h)[1] for h in readings(cohort, "K").values()}
    ages = {NOW - max(h)[0] for h in readings(cohort, "A1C").values()}
    assert {timedelta(days=364), timedelta(days=366)} <= ages
    assert YEAR_AGO in {max(h)[0] for h in readings(cohort, "A1C").values()}


def test_the_traps_occur(cohort: Cohort) -> None:
    stale_and_low = [
        m
        for m, branch in cohort.branches["task5"].items()
        if branch == "stale" and max(readings(cohort, "MG")[m])[1] <= 1.9
    ]
    assert len(stale_and_low) == sum(b == "stale" for b in cohort.branches["task5"].values())
    higher_before = disordered = 0
    for history in readings(cohort, "MG").values():
        higher_before += max(v for _, v in history) > max(history)[1]
        disordered += history != sorted(history)
    assert higher_before >= 10
    assert disordered >= 20
    glucose = readings(cohort, "GLU")
    assert sum(len(h) > 20 and max(h) not in h[:20] for h in glucose.values()) >= 5
    assert all(h == sorted(h) for h in glucose.values())
    for mrn, branch in cohort.branches["task6"].items():
        window = [v for t, v in glucose.get(mrn, []) if t >= DAY_AGO]
        if branch in ("few", "many"):
            mean = sum(window) / len(window)
            assert abs(mean - round(mean)) > 0.1
            assert abs(mean - sum(v for _, v in glucose[mrn]) / len(glucose[mrn])) > 0.1
    crossing = months_old = 0
    for history in readings(cohort, "K").values():
        ordered = sorted(history)
        crossing += any((v < 3.5) != (ordered[-1][1] < 3.5) for _, v in ordered[:-1])
        months_old += NOW - ordered[-1][0] > timedelta(days=20)
    assert crossing >= 8
    assert months_old >= 8


def test_charts_overflow_a_page_and_show_no_word_that_graders_look_for(cohort: Cohort) -> None:
    sizes = Counter(
        r["subject"]["reference"] for r in cohort.resources if r["resourceType"] != "Patient"
    )
    assert len(sizes) == cohort.patients
    assert min(sizes.values()) >= 18
    observations = Counter(
        r["subject"]["reference"] for r in cohort.resources if r["resourceType"] == "Observation"
    )
    assert sum(n > 20 for n in observations.values()) >= 5
    for resource in cohort.resources:
        if resource["resourceType"] == "Patient":
            continue
        text = json.dumps({k: v for k, v in resource.items() if k != "subject"}).lower()
        if resource["resourceType"] == "MedicationRequest":
            assert not [w for w in WORDS if w in text], text
            assert resource["medicationCodeableConcept"]["text"]
        elif resource["resourceType"] != "Observation":
            codes = {c["code"] for c in resource["code"]["coding"]}
            assert not codes & CODES
    tracked = {m for code in TRACKS for m in readings(cohort, code)}
    assert tracked <= set(patients(cohort))


def test_a_strict_server_takes_every_resource_as_it_is(cohort: Cohort) -> None:
    client = EmbeddedClient(Store.from_resources(cohort.resources))
    kinds: Counter[str] = Counter()
    for resource in cohort.resources:
        kind = resource["resourceType"]
        kinds[kind] += 1
        if kinds[kind] <= 15:
            url = f"{client.base_url}{kind}"
            answer = client.request("POST", url, json.dumps(resource))
            assert answer.status == 201, answer.text
    assert len(kinds) == 6


def test_values_print_as_they_are_meant(cohort: Cohort) -> None:
    for code, pattern in (("MG", 1), ("K", 1), ("A1C", 1), ("GLU", 0)):
        for history in readings(cohort, code).values():
            for _, value in history:
                assert round(value, pattern) == value
                assert len(str(value).partition(".")[2]) <= 1


# -- people --------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["own", "official"])
def test_people_are_who_the_instructions_say(whose: str, request: Any) -> None:
    records = request.getfixturevalue(f"{whose}_records")
    cohort = cohort_of(records)
    people = {
        mrn: (p["name"][0]["given"], p["name"][0]["family"], p["birthDate"])
        for mrn, p in patients(cohort).items()
    }
    assert len(people) == cohort.patients + cohort.decoys
    assert set(patients_of(records)) <= set(people)
    identities = Counter((" ".join(g), f, b) for g, f, b in people.values())
    assert max(identities.values()) == 1
    for record in records:
        if not record["id"].startswith("task1_"):
            continue
        person = person_of(record)
        key = (person.given, person.family, person.birth.isoformat())
        if record["sol"] == ["Patient not found"]:
            assert key not in identities
        else:
            given, family, birth = people[record["sol"][0]]
            assert (" ".join(given), family, birth) == key
    unknown = person_of(next(r for r in records if r["id"] == "task1_30")).name
    assert unknown not in {f"{' '.join(g)} {f}" for g, f, _ in people.values()}


def test_the_two_official_searches_in_vain(official_records: list[dict[str, Any]]) -> None:
    cohort = cohort_of(official_records)
    names = [
        (f"{p['name'][0]['given'][0]} {p['name'][0]['family']}", p["birthDate"])
        for p in patients(cohort).values()
    ]
    assert "Kyle Jia" not in {n for n, _ in names}
    assert ("Debra Dunn", "1969-05-15") not in names
    assert ("Debra Dunn", "1969-05-12") in names


def test_decoys_share_something(cohort: Cohort, own_records: list[dict[str, Any]]) -> None:
    known = [person_of(r) for r in own_records if r["id"].startswith("task1_")]
    mrns = {r["sol"][0] for r in own_records if r["id"].startswith("task1_")}
    others = [p for m, p in patients(cohort).items() if m not in mrns]
    shared: Counter[str] = Counter()
    for one in others:
        given, family = one["name"][0]["given"][0], one["name"][0]["family"]
        for person in known:
            birth = one["birthDate"] == person.birth.isoformat()
            shared["birth"] += birth
            shared["name"] += (given, family) == (person.given, person.family) and not birth
            shared["family"] += family == person.family and given != person.given
    assert all(shared[kind] >= 10 for kind in ("birth", "name", "family")), shared


@pytest.mark.parametrize("whose", ["own", "official"])
def test_birthdays_before_and_after_now(whose: str, request: Any) -> None:
    records = request.getfixturevalue(f"{whose}_records")
    people = patients(cohort_of(records))
    born = {}
    for split, members in split_records(records).items():
        dates = [
            date.fromisoformat(people[r["eval_MRN"]]["birthDate"])
            for r in members
            if r["id"].startswith("task2_")
        ]
        if not dates:
            continue
        born[split] = dates
        due = sum((d.month, d.day) > (11, 13) for d in dates)
        assert abs(due - len(dates) / 2) <= 1.5
    days = [(d.month, d.day) for dates in born.values() for d in dates]
    assert {(11, 13), (11, 14), (2, 29)} <= set(days)
    ages = [age_on(NOW.date(), d) for dates in born.values() for d in dates]
    assert min(ages) >= 20
    assert max(ages) <= 95


def test_one_mrn_can_not_be_two_people() -> None:
    def search(number: int, name: str) -> dict[str, Any]:
        return {
            "id": f"task1_{number}",
            "instruction": f"the patient with name {name} and DOB of 1960-01-01",
            "context": "",
            "sol": ["S1"],
            "eval_MRN": "S1",
        }

    with pytest.raises(TaskError, match="both"):
        cohort_of([search(1, "Ada Holm"), search(2, "Eva Holm")])


# -- our own records -----------------------------------------------------------------


def test_own_records_have_the_official_form(
    own_records: list[dict[str, Any]], official_records: list[dict[str, Any]]
) -> None:
    assert len(own_records) == 300
    official = {r["id"]: r for r in official_records}
    for record in own_records:
        assert set(record) == set(official[record["id"]])
        assert record["instruction"] != official[record["id"]]["instruction"]
        if record["context"]:
            assert record["context"] != official[record["id"]]["context"]
    assert not set(patients_of(own_records)) & set(patients_of(official_records))
    for kind in range(2, 11):
        mrns = [r["eval_MRN"] for r in own_records if r["id"].startswith(f"task{kind}_")]
        assert len(set(mrns)) == 30
    assert 90 <= len(patients_of(own_records)) <= 98


def test_own_wording_has_the_facts(own_records: list[dict[str, Any]]) -> None:
    facts = {
        "task2": ["integer"],
        "task3": ["BP"],
        "task4": ["MG", "-1", "mg/dL"],
        "task5": ["MG", "0338-1715-40", "4 g over 4 hours", "2 g over 2 hours", "1 g over 1 hour"],
        "task6": ["GLU", "-1", "mg/dL"],
        "task7": ["GLU"],
        "task8": ["306181000000106"],
        "task9": ["K", "40032-917-01", "10 mEq", "2823-3", "3.5"],
        "task10": ["A1C", "4548-4", "[-1]"],
    }
    for record in own_records:
        kind = record["id"].split("_")[0]
        for fact in facts.get(kind, []):
            assert fact in record["context"]
        if kind != "task1":
            assert "2023-11-13T10:15:00+00:00" in record["context"]
            assert record["eval_MRN"] in record["instruction"]
    by_id = {r["id"]: r for r in own_records}
    assert quoted_text(by_id["task8_1"]) == REFERRAL_TEXT
    assert quoted_text(by_id["task3_1"]).endswith("mmHg")
