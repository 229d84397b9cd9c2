"""Which resources a search finds (spec fhir-store 5.2, clinical-mab 7.2)."""

# ruff: noqa: E501 - tables read better unbroken

from __future__ import annotations

import json
from typing import Any

import pytest

from grasp_medagentbench.fhir import EmbeddedClient, Store
from grasp_medagentbench.fhir.query import parse_query
from grasp_medagentbench.fhir.request import parse_search

K = ["100", "101", "102", "103", "104"]
GLU = [str(200 + n) for n in range(25)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        # Tokens: any system; system|code; no system; the system alone; OR; AND; exact case.
        ("Observation?code=K", K),
        ("Observation?code=http://loinc.org|K", K),
        ("Observation?code=http%3A%2F%2Floinc.org%7CK", K),
        ("Observation?code=http://other.org|K", []),
        ("Observation?code=|K", []),
        ("Observation?code=http://loinc.org|&patient=S1", K),
        ("Observation?code=k", []),
        ("Observation?code=2823-3", []),
        ("Observation?code=K,MG", [*K, "300"]),
        ("Observation?code=K&code=MG", []),
        ("Observation?code=K&code=K", K),
        ("Observation?code=K,", K),
        ("Observation?code=&patient=S1", K),
        ("Observation?code=K&status=final", K),
        ("Observation?code=K&status=preliminary", []),
        ("Observation?code=K&category=laboratory", K),
        ("Observation?code=K&category=vital-signs", []),
        ("Observation?code:not=GLU,MG", K),
        ("Observation?code:text=k LEV", K),
        ("Procedure?patient=S1&code=IMGCT0491,IMGIL0001,74177", ["400", "401"]),
        ("Patient?gender=female", ["S2", "S3"]),
        ("Patient?identifier=S2", ["S2"]),
        ("Patient?identifier=|S2", ["S2"]),
        ("Patient?telecom=555-0100", ["S2"]),
        ("Patient?email=zoe@example.org", ["S2"]),
        ("Patient?email=555-0100", []),
        ("Patient?phone=555-0100", ["S2"]),
        ("Patient?_id=S1,S3", ["S1", "S3"]),
        ("Patient?_id=S1&gender=female", []),
        # References: an id, Type/id, an absolute URL, a narrowed type.
        ("Observation?patient=S1", K),
        ("Observation?patient=Patient/S1", K),
        ("Observation?subject=S1", K),
        ("Observation?subject=Patient/S1", K),
        ("Observation?subject:Patient=S1", K),
        ("Observation?subject:Group=S1", []),
        ("Observation?patient=http://localhost:8080/fhir/Patient/S1", K),
        ("Observation?patient=S9", []),
        ("Observation?patient=s1", []),
        ("Observation?patient=S1,S9", K),
        ("MedicationRequest?medication=heparin", []),
        # Chains, forwards and backwards.
        ("Observation?patient.family=stafford&_count=50", K),
        ("Observation?subject:Patient.identifier=S1", K),
        ("Observation?patient.birthdate=1932", K),
        ("Patient?_has:Observation:patient:code=K", ["S1"]),
        ("Patient?_has:Observation:patient:code=NA", []),
        # Strings: the start of one part, whatever the case and the accents.
        ("Patient?family=stafford", ["S1", "S3"]),
        ("Patient?family=muller", ["S2"]),
        ("Patient?family=MÜLLER", ["S2"]),
        ("Patient?given=zoe", ["S2"]),
        ("Patient?given=lud", ["S1"]),
        ("Patient?name=peter", ["S1"]),
        ("Patient?name=stafford", ["S1", "S3"]),
        ("Patient?name=Peter Stafford", []),
        ("Patient?name=Peter%20Stafford", []),
        ("Patient?given=Peter&family=Stafford", ["S1"]),
        ("Patient?family=afford", []),
        ("Patient?family:contains=AFFORD", ["S1", "S3"]),
        ("Patient?family:exact=Stafford", ["S1"]),
        ("Patient?family:exact=stafford", []),
        ("Patient?family=stafford,muller", ["S1", "S2", "S3"]),
        ("Patient?address=palo", ["S2"]),
        ("Patient?address-city=Palo+Alto", ["S2"]),
        ("Patient?address-state=NV", []),
        # Dates: the whole of a partial date; a stored partial date must lie inside it.
        ("Patient?birthdate=1932-12-29", ["S1"]),
        ("Patient?birthdate=1980", ["S2", "S3"]),
        ("Patient?birthdate=1980-02-03", ["S3"]),
        ("Patient?birthdate=1980-02", ["S2", "S3"]),
        ("Patient?birthdate=lt1980", ["S1"]),
        ("Patient?birthdate=ne1980", ["S1"]),
        ("Observation?code=K&date=2023-11-13", ["102"]),
        ("Observation?code=K&date=eq2023-11-13", ["102"]),
        ("Observation?code=K&date=ge2023-11-12", ["102", "104"]),
        ("Observation?code=K&date=gt2023-11-12", ["102"]),
        ("Observation?code=K&date=lt2023-11-05", ["101"]),
        ("Observation?code=K&date=le2023-11-05", ["101", "103"]),
        ("Observation?code=K&date=sa2023-11-12", ["102"]),
        ("Observation?code=K&date=eb2023-11-05", ["101"]),
        ("Observation?code=K&date=ne2023-11-13", ["100", "101", "103", "104"]),
        ("Observation?code=K&date=ap2023-11-13", ["102"]),
        ("Observation?code=K&date=>=2023-11-12", ["102", "104"]),
        ("Observation?code=K&date=<2023-11-05", ["101"]),
        ("Observation?code=K&date=2023-11-13T10:15:00+00:00", ["102"]),
        ("Observation?code=K&date=2023-11-13T10:15:00%2B00:00", ["102"]),
        ("Observation?code=K&date=2023-11-13T10:15:00Z", ["102"]),
        ("Observation?code=K&date=2023-11-13T10:15", ["102"]),
        ("Observation?code=K&date=2023-11-13T11:15:00%2B01:00", ["102"]),
        ("Observation?code=K&date=2023-11-13T11:15:00+01:00", ["102"]),
        ("Observation?code=K&date=2023-11-13T05:15:00-05:00", ["102"]),
        ("Observation?code=K&date=gt2023-11-13T10:14:59Z", ["102"]),
        ("Observation?code=K&date=gt2023-11-13T10:15:00Z", []),
        ("Observation?code=K&date=ge2023-11-13T10:15:00Z", ["102"]),
        ("Observation?code=K&date=lt2023-11-02T10:15:00Z", []),
        ("Observation?code=K&date=le2023-11-02T10:15:00Z", ["101"]),
        ("Observation?code=K&date=ge2023-11-05&date=lt2023-11-12", ["100", "103"]),
        ("Observation?code=K&date=2023-11&_count=3", ["100", "101", "102"]),
        # Periods overlap.
        ("Procedure?date=ge2023-09-03", ["400"]),
        ("Procedure?date=2023-09-02", ["401"]),
        ("Procedure?date=le2023-09-01", ["400"]),
        ("Procedure?date=gt2023-09-03", []),
        # HAPI's MedicationRequest.date is the dosage's timing, authoredon the order's date.
        ("MedicationRequest?date=ge2023-01-01", []),
        ("MedicationRequest?authoredon=ge2023-11-02", ["501"]),
        ("MedicationRequest?patient=S1&status=active", ["500"]),
        ("MedicationRequest?_lastUpdated=gt2024-12-30T19:05:30Z", ["501"]),
        ("MedicationRequest?_lastUpdated=2024-12-30", ["500", "501"]),
        # Quantities, within half of the last digit.
        ("Observation?value-quantity=1.9", ["300"]),
        ("Observation?value-quantity=lt2", ["300"]),
        ("Observation?code=K&value-quantity=ge3.3", ["103", "104"]),
        ("Observation?value-quantity=1.9|http://unitsofmeasure.org|mmol/L", ["300"]),
        ("Observation?value-quantity=1.9||mg", []),
        ("Observation?code=K&value-quantity=3", ["100", "101", "102", "103", "104"]),
        ("Observation?code=K&value-quantity=3.0", ["100"]),
        # Types that exist but hold nothing.
        ("Immunization?patient=S1", []),
        ("DeviceUseStatement?patient=S1", []),
        ("AllergyIntolerance", []),
    ],
)
def test_finds(ask: Any, query: str, ids: list[str]) -> None:
    assert ask.ids(query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Observation?code=K", K),
        ("Observation?code=K&_sort=date", ["101", "103", "100", "104", "102"]),
        ("Observation?code=K&_sort=-date", ["102", "104", "100", "103", "101"]),
        ("Observation?code=K&_sort:desc=date", ["102", "104", "100", "103", "101"]),
        ("Observation?code=K&_sort:asc=date", ["101", "103", "100", "104", "102"]),
        ("Observation?code=K&_sort=-date&_count=1", ["102"]),
        ("Observation?code=K,MG&_sort=-code,date", ["300", "101", "103", "100", "104", "102"]),
        ("Observation?code=K&_sort=-_lastUpdated", ["104", "103", "102", "101", "100"]),
        ("Observation?code=K&_sort=-_id&_count=2", ["104", "103"]),
        ("Observation?code=K&_sort=-value-quantity&_count=1", ["104"]),
        ("Patient?_sort=family", ["S2", "S1", "S3"]),
        ("Patient?_sort=-birthdate", ["S3", "S2", "S1"]),
        ("Procedure?_sort=date", ["400", "401"]),
        ("MedicationRequest?_sort=authoredon", ["500", "501"]),
        # What has no value comes last, whichever the direction.
        ("Patient?_sort=address-city", ["S2", "S1", "S3"]),
        ("Patient?_sort=-address-city", ["S2", "S1", "S3"]),
    ],
)
def test_sorts(ask: Any, query: str, ids: list[str]) -> None:
    assert ask.ids(query) == ids


def test_the_graders_queries_come_in_one_page(ask: Any) -> None:
    bundle = ask.json("Observation?patient=S2&code=GLU&_count=5000&_format=json")
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == GLU
    assert bundle["total"] == 25


@pytest.mark.parametrize(
    ("query", "modes"),
    [
        ("Observation?_id=100&_include=Observation:patient", [("100", "match"), ("S1", "include")]),
        ("Observation?_id=100&_include=Observation:subject:Patient", [("100", "match"), ("S1", "include")]),
        ("Observation?_id=100&_include=Observation:subject:Group", [("100", "match")]),
        ("Observation?_id=100&_include=*", [("100", "match"), ("S1", "include")]),
        ("Observation?code=K&_count=2&_include=Observation:patient", [("100", "match"), ("101", "match"), ("S1", "include")]),
        ("Patient?_id=S1&_revinclude=Procedure:patient", [("S1", "match"), ("400", "include"), ("401", "include")]),
        ("Observation?_id=100&_include=Condition:patient", [("100", "match")]),
    ],
)  # fmt: skip
def test_includes(ask: Any, query: str, modes: list[tuple[str, str]]) -> None:
    entries = ask.json(query)["entry"]
    assert [(e["resource"]["id"], e["search"]["mode"]) for e in entries] == modes
    assert ask.json(query).get("total") in (None, sum(mode == "match" for _, mode in modes))


def test_whole_days_are_those_written_in_the_resource() -> None:
    """HAPI compares days by their digits, moments by the clock."""
    late = {
        "resourceType": "Observation",
        "id": "late",
        "status": "final",
        "code": {"text": "x"},
        "effectiveDateTime": "2023-11-13T23:30:00-05:00",
    }
    client = EmbeddedClient(Store.from_resources([late]))

    def total(date: str) -> int:
        url = f"{client.base_url}Observation?date={date}"
        return int(json.loads(client.request("GET", url).text)["total"])

    assert total("2023-11-13") == total("ge2023-11-13") == total("2023-11-14T04:30:00Z") == 1
    assert total("2023-11-14") == total("gt2023-11-13") == total("2023-11-13T23:30:00Z") == 0


def test_searches_use_indexes(store: Any) -> None:
    """A search must not read a whole table: that is what keeps it below a millisecond."""
    seen: list[str] = []
    [segment] = store._segments()
    query = segment.query

    def explained(sql: str, values: Any) -> Any:
        seen.extend(str(row[3]) for row in query("EXPLAIN QUERY PLAN " + sql, values))
        return query(sql, values)

    segment.query = explained
    try:
        for text in (
            "patient=S1&code=K&_sort=-date",
            "patient=S1&date=ge2023-11-01&category=laboratory",
            "code=K&value-quantity=gt3",
        ):
            store.search(parse_search("Observation", parse_query(text)))
        store.search(parse_search("Patient", parse_query("family=sta&birthdate=1980")))
    finally:
        del segment.query
    assert seen
    assert not [line for line in seen if line.startswith("SCAN") and "json_each" not in line]
