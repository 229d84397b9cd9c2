"""What a result looks like (spec fhir-store, 5.3)."""

# ruff: noqa: E501 - tables read better unbroken

from __future__ import annotations

import json
from typing import Any

import pytest

from grasp_medagentbench.fhir import EmbeddedClient, Store


def links(bundle: Any) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


def test_a_result_is_printed_as_hapi_prints_it() -> None:
    patient = {"resourceType": "Patient", "id": "S1", "name": [{"given": ["A", "B"]}]}
    client = EmbeddedClient(Store.from_resources([patient]))
    text = client.request("GET", client.base_url + "Patient?_id=S1&_format=json").text
    id_ = json.loads(text)["id"]
    assert text == (
        '{\n  "resourceType": "Bundle",\n'
        f'  "id": "{id_}",\n'
        '  "meta": {\n    "lastUpdated": "2025-01-02T00:00:00.000+00:00"\n  },\n'
        '  "type": "searchset",\n  "total": 1,\n'
        '  "link": [ {\n    "relation": "self",\n'
        '    "url": "http://localhost:8080/fhir/Patient?_format=json&_id=S1"\n  } ],\n'
        '  "entry": [ {\n    "fullUrl": "http://localhost:8080/fhir/Patient/S1",\n'
        '    "resource": {\n      "resourceType": "Patient",\n      "id": "S1",\n'
        '      "name": [ {\n        "given": [ "A", "B" ]\n      } ]\n    },\n'
        '    "search": {\n      "mode": "match"\n    }\n  } ]\n}'
    )


def test_entries_are_separated_as_hapi_separates_them(ask: Any) -> None:
    text = ask("Observation?code=K&_count=2").text
    assert '"mode": "match"\n    }\n  }, {\n    "fullUrl"' in text
    assert text.endswith('"mode": "match"\n    }\n  } ]\n}')


def test_the_answer_says_fhir_json(ask: Any) -> None:
    answer = ask("Patient/S1")
    assert answer.content_type == "application/fhir+json;charset=UTF-8"
    assert answer.headers["Content-Type"] == answer.content_type
    assert answer.reason == ""


def test_an_empty_result_has_a_total_and_no_entry(ask: Any) -> None:
    bundle = ask.json("Observation?patient=S1&code=NA")
    assert list(bundle) == ["resourceType", "id", "meta", "type", "total", "link"]
    assert bundle["total"] == 0


def test_a_page_has_twenty_entries_and_no_total(ask: Any) -> None:
    bundle = ask.json("Observation?patient=S2&code=GLU&_format=json")
    assert len(bundle["entry"]) == 20
    assert "total" not in bundle
    assert links(bundle) == {
        "self": "http://localhost:8080/fhir/Observation?_format=json&code=GLU&patient=S2",
        "next": f"http://localhost:8080/fhir?_getpages={bundle['id']}&_getpagesoffset=20"
        "&_count=20&_format=json&_pretty=true&_bundletype=searchset",
    }


def test_the_next_page_has_the_rest(ask: Any) -> None:
    first = ask.json("Observation?patient=S2&code=GLU&_format=json")
    # The environment puts the suffix after whatever an agent asks (clinical-mab 1.2).
    answer = ask.client.request("GET", links(first)["next"] + "&_format=json")
    second = json.loads(answer.text)
    assert [e["resource"]["id"] for e in second["entry"]] == ["220", "221", "222", "223", "224"]
    assert second["id"] == first["id"]
    assert second["total"] == 25
    assert set(links(second)) == {"self", "previous"}
    back = json.loads(ask.client.request("GET", links(second)["previous"]).text)
    assert back["entry"] == first["entry"]


def test_a_page_is_of_the_moment_of_the_search(ask: Any, order: dict[str, Any]) -> None:
    for _ in range(3):
        assert ask("ServiceRequest", "POST", order).status == 201
    first = ask.json("ServiceRequest?patient=S1&_count=2")
    assert ask("ServiceRequest", "POST", order).status == 201
    second = json.loads(ask.client.request("GET", links(first)["next"]).text)
    assert second["total"] == 3
    assert len(second["entry"]) == 1


def test_a_page_that_was_never_made_is_gone(ask: Any) -> None:
    status, text = ask.refused("?_getpages=abc&_getpagesoffset=20")
    assert status == 410
    assert text == 'HAPI-0417: Search ID "abc" does not exist and may have expired'


@pytest.mark.parametrize("mode", ["accurate", "estimate"])
def test_a_total_can_be_asked_for(ask: Any, mode: str) -> None:
    assert ask.json(f"Observation?patient=S2&code=GLU&_total={mode}")["total"] == 25


def test_a_total_can_be_left_out(ask: Any) -> None:
    assert "total" not in ask.json("Observation?code=K&_total=none")


@pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
def test_only_counting(ask: Any, query: str) -> None:
    bundle = ask.json(f"Observation?patient=S2&code=GLU&{query}")
    assert list(bundle) == ["resourceType", "id", "meta", "type", "total"]
    assert bundle["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert bundle["total"] == 25


def test_everything_about_a_patient(ask: Any) -> None:
    bundle = ask.json("Patient/S1/$everything?_count=100")
    found = [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]]
    assert found == [
        "Patient/S1",
        *(f"Observation/{n}" for n in range(100, 105)),
        *("Procedure/400", "Procedure/401", "MedicationRequest/500", "MedicationRequest/501"),
    ]
    assert bundle["total"] == 10
    some = ask.json("Patient/S1/$everything?_type=Patient,Procedure&_count=2")
    assert [e["resource"]["id"] for e in some["entry"]] == ["S1", "400"]
    rest = json.loads(ask.client.request("GET", links(some)["next"]).text)
    assert [e["resource"]["id"] for e in rest["entry"]] == ["401"]
    assert ask.refused("Patient/S9/$everything")[0] == 404


def test_self_links_are_canonical(ask: Any) -> None:
    bundle = ask.json("Observation?patient=Patient/S1&date=ge2023-11-01&code=http://loinc.org|K~")
    assert links(bundle)["self"] == (
        "http://localhost:8080/fhir/Observation?code=http%3A%2F%2Floinc.org%7CK%7E"
        "&date=ge2023-11-01&patient=Patient%2FS1"
    )


def test_the_same_question_has_the_same_answer(asks: Any) -> None:
    """Model calls are replayed by content: an answer must not hold chance or time."""
    query = "Observation?patient=S2&_format=json"
    assert asks()(query).text == asks()(query).text


def test_answers_can_be_compact(ask: Any) -> None:
    wide, narrow = ask("Patient?_id=S1&_pretty=true"), ask("Patient?_id=S1&_pretty=false")
    assert "\n" not in narrow.text
    assert '"type":"searchset","total":1,"link":[{"relation":"self"' in narrow.text
    ours, theirs = json.loads(narrow.text), json.loads(wide.text)
    assert ours["entry"] == theirs["entry"]


def test_numbers_keep_their_digits() -> None:
    resources = [
        {
            "resourceType": "Observation",
            "id": f"o{n}",
            "status": "final",
            "code": {"text": "x"},
            "valueQuantity": {"value": value},
        }
        for n, value in enumerate([1.9, 2.0, 2, 0.1, 7.25, 100, 1e-7])
    ]
    client = EmbeddedClient(Store.from_resources(resources))
    text = client.request("GET", client.base_url + "Observation").text
    for shown in ("1.9", "2.0", "2", "0.1", "7.25", "100", "1e-07"):
        assert f'"value": {shown}\n' in text


def test_a_posted_number_keeps_its_digits(ask: Any) -> None:
    body = '{"resourceType":"Observation","status":"final","valueQuantity":{"value":1.90}}'
    created = ask("Observation", "POST", body)
    assert '"value": 1.90\n' in created.text
    assert '"value": 1.90\n' in ask(f"Observation/{json.loads(created.text)['id']}").text
    assert ask.ids("Observation?value-quantity=1.90") == ["300", json.loads(created.text)["id"]]


def test_resources_come_back_as_they_were_given(store: Store, ask: Any) -> None:
    odd = {
        "resourceType": "Patient",
        "id": "odd",
        "zeta": {"kept": [1, None, {"a": []}]},
        "active": True,
        "text": {"div": '<div xmlns="x">Zoë "q" \\ \u2028 \n</div>'},
    }
    client = EmbeddedClient(Store.from_resources([odd]))
    text = client.request("GET", client.base_url + "Patient/odd").text
    assert json.loads(text) == odd
    assert list(json.loads(text)) == list(odd)
    assert "Zoë" in text


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("_elements=code", ["resourceType", "id", "meta", "status", "code"]),
        ("_elements=subject,value", ["resourceType", "id", "meta", "status", "code", "subject", "valueQuantity"]),
        ("_summary=text", ["resourceType", "id", "meta", "status", "code"]),
        ("_summary=true", ["resourceType", "id", "meta", "status", "code", "subject", "effectiveDateTime", "valueQuantity"]),
    ],
)  # fmt: skip
def test_parts_of_resources(ask: Any, query: str, keys: list[str]) -> None:
    bundle = ask.json(f"Observation?_id=300&{query}")
    [entry] = bundle["entry"]
    assert list(entry["resource"]) == keys
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert bundle["meta"]["tag"][0]["code"] == "SUBSETTED"
    alone = json.loads(ask(f"Observation/300?{query}").text)
    assert alone == entry["resource"]


def test_whole_resources_are_not_marked(ask: Any) -> None:
    [entry] = ask.json("Observation?_id=300&_summary=false")["entry"]
    assert "tag" not in entry["resource"]["meta"]
    assert "category" in entry["resource"]


def test_search_by_post(ask: Any) -> None:
    answer = ask("Observation/_search", "POST", "patient=S1&code=K&_sort=-date")
    assert json.loads(answer.text)["entry"][0]["resource"]["id"] == "102"


def test_unknown_parameters_of_the_server_are_overlooked(ask: Any) -> None:
    assert ask.ids("Patient?_id=S1&_totalMethod=count&_fancy=1") == ["S1"]


def test_metadata_tells_what_can_be_searched(ask: Any) -> None:
    statement = ask.json("metadata")
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    by_type = {entry["type"]: entry for entry in statement["rest"][0]["resource"]}
    names = {parameter["name"] for parameter in by_type["Observation"]["searchParam"]}
    assert {"code", "patient", "date", "_lastUpdated"} <= names
    assert len(by_type) > 140
