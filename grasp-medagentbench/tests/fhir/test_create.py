"""What may be posted, what is made of it and what is refused."""

# ruff: noqa: E501 - tables read better unbroken

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from grasp_medagentbench.fhir import EmbeddedClient

FAILED = "HAPI-0450: Failed to parse request body as JSON resource. Error was: "
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "category": [
        {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/observation-category",
                    "code": "vital-signs",
                    "display": "Vital Signs",
                }
            ]
        }
    ],
    "code": {"text": "BP"},
    "effectiveDateTime": "2023-11-13T10:15:00+00:00",
    "status": "final",
    "valueString": "118/77 mmHg",
    "subject": {"reference": "Patient/S1"},
}
MEDICATION: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40"}],
        "text": "magnesium",
    },
    "authoredOn": "2023-11-13T10:15:00+00:00",
    "dosageInstruction": [
        {
            "route": {"text": "IV"},
            "doseAndRate": [
                {
                    "doseQuantity": {"value": 2, "unit": "g"},
                    "rateQuantity": {"value": 2, "unit": "h"},
                }
            ],
        }
    ],
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/S1"},
}


def test_a_created_resource_is_answered_and_found(ask: Any) -> None:
    answer = ask("Observation", "POST", OBSERVATION)
    assert answer.status == 201
    created = json.loads(answer.text)
    assert created["id"] == "502"
    assert created["meta"] == {"versionId": "1", "lastUpdated": "2025-01-02T00:00:01.000+00:00"}
    place = "http://localhost:8080/fhir/Observation/502/_history/1"
    assert answer.headers["Location"] == place
    assert answer.headers["ETag"] == 'W/"1"'
    assert {k: v for k, v in created.items() if k not in ("id", "meta")} == OBSERVATION
    assert list(created)[:3] == ["resourceType", "id", "meta"]
    assert ask("Observation/502").text == answer.text
    assert ask.client.request("GET", place).text == answer.text
    assert ask.ids("Observation?patient=S1&category=vital-signs") == ["502"]
    assert ask.ids("Observation?patient=S1&_sort=-_lastUpdated&_count=1") == ["502"]
    assert ask.ids("Observation?patient=S1&_sort=-date&_count=2") == ["102", "502"]


def test_ids_count_on_and_a_given_id_is_ignored(ask: Any, order: dict[str, Any]) -> None:
    first = json.loads(ask("ServiceRequest", "POST", {**order, "id": "mine"}).text)
    second = json.loads(ask("ServiceRequest", "POST", order).text)
    assert (first["id"], second["id"]) == ("502", "503")
    assert ask.ids("ServiceRequest") == ["502", "503"]


def test_the_orders_of_the_benchmark_are_accepted(ask: Any, order: dict[str, Any]) -> None:
    assert ask("MedicationRequest", "POST", MEDICATION).status == 201
    assert ask("ServiceRequest", "POST", order).status == 201
    dated = {**order, "occurrenceDateTime": "2023-11-14T08:00:00+00:00"}
    assert ask("ServiceRequest", "POST", dated).status == 201
    assert ask.ids("ServiceRequest?patient=S1&code=2823-3&status=active") == ["503", "504"]
    assert ask.ids("MedicationRequest?patient=S1&status=active") == ["500", "502"]


def changed(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**resource, **changes}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # Wrong shapes.
        (changed(OBSERVATION, code="BP"), "HAPI-1824: [element=\"code\"] Unknown attribute 'value' found during parse"),
        (changed(OBSERVATION, subject="Patient/S1"), "HAPI-1824: [element=\"subject\"] Unknown attribute 'value' found during parse"),
        (changed(OBSERVATION, category={"text": "x"}), "HAPI-1820: Found incorrect type for element category - Expected ARRAY and found OBJECT"),
        (changed(OBSERVATION, mood="good"), "HAPI-1825: Unknown element 'mood' found during parse"),
        (changed(OBSERVATION, code={"txt": "BP"}), "HAPI-1825: Unknown element 'txt' found during parse"),
        (changed(OBSERVATION, valueString={"a": 1}), "HAPI-1825: [element=\"valueString\"] Unknown element 'a' found during parse"),
        (changed(OBSERVATION, code=[{"text": "a"}, {"text": "b"}]), "HAPI-1823: Multiple repetitions of non-repeatable element 'code' found during parse"),
        (changed(OBSERVATION, valueString=""), 'HAPI-1821: [element="valueString"] Invalid attribute value "": Attribute value must not be empty ("")'),
        # Wrong values.
        (changed(OBSERVATION, status="done"), "HAPI-1821: [element=\"status\"] Invalid attribute value \"done\": Unknown ObservationStatus code 'done'"),
        (changed(OBSERVATION, effectiveDateTime="now"), 'HAPI-1821: [element="effectiveDateTime"] Invalid attribute value "now": Invalid date/time format: "now"'),
        (changed(OBSERVATION, effectiveDateTime="2023-11-13 10:15:00"), 'HAPI-1821: [element="effectiveDateTime"] Invalid attribute value "2023-11-13 10:15:00": Invalid date/time format: "2023-11-13 10:15:00": Expected character \'T\' at index 10 but found  '),
        (changed(OBSERVATION, effectiveDateTime="2023-11-13T10:15"), 'HAPI-1821: [element="effectiveDateTime"] Invalid attribute value "2023-11-13T10:15": Invalid date/time string (datatype DateTimeType does not support MINUTE precision): 2023-11-13T10:15'),
        (changed(OBSERVATION, valueQuantity={"value": "high"}), 'HAPI-1821: [element="value"] Invalid attribute value "high": It is not a decimal number'),
        (changed(OBSERVATION, valueBoolean="yes"), "HAPI-1821: [element=\"valueBoolean\"] Invalid attribute value \"yes\": Invalid boolean string: 'yes'"),
        (changed(OBSERVATION, valueInteger=1.5), 'HAPI-1821: [element="valueInteger"] Invalid attribute value "1.5": For input string: "1.5"'),
        # Not the resource that the address names.
        (changed(OBSERVATION, resourceType="Patient"), 'HAPI-1814: Incorrect resource type found, expected "Observation" but found "Patient"'),
        (changed(OBSERVATION, resourceType=""), "HAPI-1838: Invalid JSON content detected, missing required element: 'resourceType'"),
        ({}, "HAPI-1838: Invalid JSON content detected, missing required element: 'resourceType'"),
        ("", "HAPI-1861: Failed to parse JSON encoded FHIR content: HAPI-1857: Did not find any content to parse"),
        ("[]", "HAPI-1861: Failed to parse JSON encoded FHIR content: HAPI-1859: Content does not appear to be FHIR JSON, first non-whitespace character was: '[' (must be '{')"),
        ("hello", "HAPI-1861: Failed to parse JSON encoded FHIR content: HAPI-1859: Content does not appear to be FHIR JSON, first non-whitespace character was: 'h' (must be '{')"),
    ],
)  # fmt: skip
def test_bodies_that_are_refused(ask: Any, body: Any, text: str) -> None:
    assert ask.refused("Observation", "POST", body) == (400, FAILED + text)
    assert ask.client.overlay.writes == 0


@pytest.mark.parametrize(
    "body",
    ['{"resourceType":', "{'resourceType':'Observation'}", '{"a":NaN}', '{"a":' * 5000, "{" * 9],
)
def test_broken_json_is_refused(ask: Any, body: str) -> None:
    status, text = ask.refused("Observation", "POST", body)
    assert status == 400
    assert text.startswith(FAILED + "HAPI-1861: Failed to parse JSON encoded FHIR content")


def test_a_note_must_be_a_list(ask: Any, order: dict[str, Any]) -> None:
    """The benchmark's own schema shows an object: strict servers refuse it."""
    status, text = ask.refused("ServiceRequest", "POST", {**order, "note": {"text": "please"}})
    assert status == 400
    assert "element note - Expected ARRAY and found OBJECT" in text


def test_a_route_must_be_a_concept(ask: Any) -> None:
    body = json.loads(json.dumps(MEDICATION))
    body["dosageInstruction"][0]["route"] = "IV"
    status, text = ask.refused("MedicationRequest", "POST", body)
    assert status == 400
    assert '[element="route"]' in text


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"code": [{"text": "BP"}]}, {"code": {"text": "BP"}}),
        ({"valueString": 118}, {"valueString": "118"}),
        ({"valueQuantity": {"value": "1.90"}}, {"valueQuantity": {"value": 1.9}}),
        ({"valueBoolean": "true"}, {"valueBoolean": True}),
        ({"identifier": []}, {}),
        ({"note": [None]}, {}),
        ({"code": {}}, {}),
        ({"effectiveDateTime": "2023-11"}, {"effectiveDateTime": "2023-11"}),
        ({"_valueString": {"extension": [{"url": "u", "valueCode": "c"}]}}, {}),
        ({"extension": [{"url": "u", "extension": [{"url": "v", "valueInteger": 3}]}]}, {}),
        ({"contained": [{"resourceType": "Patient", "id": "p", "gender": "male"}]}, {}),
    ],
)
def test_bodies_that_are_accepted(ask: Any, changes: Any, kept: Any) -> None:
    answer = ask("Observation", "POST", {**OBSERVATION, **changes})
    assert answer.status == 201, answer.text
    created = json.loads(answer.text)
    for key, value in (kept or changes).items():
        if value in ([], [None], {}):
            assert key not in created
        else:
            assert created[key] == value


def test_elements_come_in_the_definitions_order(ask: Any) -> None:
    created = json.loads(ask("Observation", "POST", OBSERVATION).text)
    assert list(created) == [
        "resourceType", "id", "meta", "status", "category", "code", "subject",
        "effectiveDateTime", "valueString",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ("Patient/S1", 201),
        ("Patient/S9", 400),
        ("Group/S1", 400),
        ("http://elsewhere.org/fhir/Patient/S9", 201),
        ("#p", 201),
    ],
)
def test_references_must_lead_somewhere(ask: Any, subject: str, status: int) -> None:
    answer = ask("Observation", "POST", {**OBSERVATION, "subject": {"reference": subject}})
    assert answer.status == status
    if status == 400:
        text = f"HAPI-1094: Resource {subject} not found, specified in path: Observation.subject"
        assert json.loads(answer.text)["issue"][0]["diagnostics"] == text


def test_a_reference_to_what_was_just_created(ask: Any, order: dict[str, Any]) -> None:
    id_ = json.loads(ask("ServiceRequest", "POST", order).text)["id"]
    based = {**OBSERVATION, "basedOn": [{"reference": f"ServiceRequest/{id_}"}]}
    assert ask("Observation", "POST", based).status == 201
    assert ask("Observation?based-on=ServiceRequest/" + id_).text.count('"match"') == 1


class TestLenient:
    """An untouched JPA starter logs wrong shapes and drops what it can't place."""

    @pytest.fixture
    def post(self, store: Any) -> Any:
        client = EmbeddedClient(store, parsing="lenient")
        url = client.base_url + "Observation"
        return lambda body: client.request("POST", url, json.dumps(body))

    @pytest.mark.parametrize(
        ("changes", "kept"),
        [
            ({"code": "BP"}, {"code": None}),
            ({"mood": "good"}, {"mood": None}),
            ({"category": {"text": "x"}}, {"category": [{"text": "x"}]}),
            ({"code": [{"text": "a"}, {"text": "b"}]}, {"code": {"text": "a"}}),
            ({"valueString": ""}, {"valueString": None}),
            ({"valueString": {"a": 1}}, {"valueString": None}),
            ({"contained": ["x"]}, {"contained": None}),
        ],
    )
    def test_wrong_shapes_are_dropped(self, post: Any, changes: Any, kept: Any) -> None:
        answer = post({**OBSERVATION, **changes})
        assert answer.status == 201, answer.text
        created = json.loads(answer.text)
        assert {key: created.get(key) for key in kept} == kept

    @pytest.mark.parametrize(
        "changes",
        [{"status": "done"}, {"effectiveDateTime": "now"}, {"valueQuantity": {"value": "high"}}],
    )
    def test_wrong_values_are_refused(self, post: Any, changes: Any) -> None:
        assert post({**OBSERVATION, **changes}).status == 400


def test_an_id_in_the_address_is_refused(ask: Any) -> None:
    status, text = ask.refused("Observation/9", "POST", OBSERVATION)
    assert status == 400
    assert text.startswith('HAPI-0365: Can not create resource with ID "9"')


def test_updates(ask: Any) -> None:
    body = {"resourceType": "Patient", "id": "S1", "gender": "other"}
    answer = ask("Patient/S1", "PUT", body)
    assert answer.status == 200
    assert json.loads(answer.text)["meta"]["versionId"] == "2"
    assert ask.ids("Patient?gender=other") == ["S1"]
    assert ask.ids("Patient?gender=male") == []
    assert ask.ids("Patient?family=stafford") == ["S3"]
    assert json.loads(ask("Patient/S1", "PUT", body).text)["meta"]["versionId"] == "3"
    assert ask.ids("Patient?gender=other") == ["S1"]
    assert ask.ids("Patient") == ["S2", "S3", "S1"]


def test_updates_that_are_new_or_refused(ask: Any) -> None:
    new = {"resourceType": "Patient", "id": "S7", "gender": "male"}
    assert ask("Patient/S7", "PUT", new).status == 201
    assert ask.refused("Patient/S8", "PUT", new)[0] == 400
    assert ask.refused("Patient/99", "PUT", {**new, "id": "99"})[0] == 400


def test_the_codes_of_orders_are_the_definitions(ask: Any, order: dict[str, Any]) -> None:
    for key, name in (("status", "ServiceRequestStatus"), ("intent", "ServiceRequestIntent")):
        _, text = ask.refused("ServiceRequest", "POST", {**order, key: "Active"})
        assert re.search(rf"Unknown {name} code 'Active'", text)
