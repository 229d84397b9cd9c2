"""A small ward: three patients, their laboratory and vital-sign results, some orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from grasp_medagentbench.fhir import EmbeddedClient, FhirResponse, Store

LOINC = "http://loinc.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
BASE = "http://localhost:8080/fhir/"
STAMP = "2024-12-30T19:05:{:02d}.000+00:00"


def patient(id_: str, family: str, given: list[str], birth: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "meta": {"versionId": "1", "lastUpdated": STAMP.format(1)},
        "identifier": [{"use": "usual", "value": id_}],
        "name": [{"use": "official", "family": family, "given": given}],
        "birthDate": birth,
        **more,
    }


def observation(id_: str, subject: str, code: str, when: str, value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "meta": {"versionId": "1", "lastUpdated": STAMP.format(int(id_) % 60)},
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": code, "display": f"{code} level"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": when,
        "valueQuantity": {
            "value": value,
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }


def ward() -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = [
        patient("S1", "Stafford", ["Peter", "Ludwig"], "1932-12-29", gender="male"),
        patient("S2", "Müller", ["Zoë"], "1980-02", gender="female"),
        patient("S3", "Staffordshire", ["Ann"], "1980-02-03", gender="female"),
    ]
    resources[1]["address"] = [{"line": ["1 Main St"], "city": "Palo Alto", "state": "CA"}]
    resources[1]["telecom"] = [
        {"system": "phone", "value": "555-0100"},
        {"system": "email", "value": "zoe@example.org"},
    ]
    # Stored out of time order, as in the original's database (spec fhir-store, 5.3).
    days = [9, 2, 13, 5, 12]
    for n, day in enumerate(days):
        when = f"2023-11-{day:02d}T10:15:00+00:00"
        resources.append(observation(str(100 + n), "S1", "K", when, 3.0 + n / 10))
    for n in range(25):
        when = f"2023-10-{n + 1:02d}T08:00:00+00:00"
        resources.append(observation(str(200 + n), "S2", "GLU", when, 90 + n))
    resources.append(observation("300", "S2", "MG", "2023-11-12T10:15:00+00:00", 1.9))
    resources += [
        {
            "resourceType": "Procedure",
            "id": "400",
            "status": "completed",
            "code": {"coding": [{"code": "IMGCT0491"}]},
            "subject": {"reference": "Patient/S1"},
            "performedPeriod": {
                "start": "2023-09-01T10:00:00+00:00",
                "end": "2023-09-03T10:00:00+00:00",
            },
        },
        {
            "resourceType": "Procedure",
            "id": "401",
            "status": "not-done",
            "code": {"coding": [{"code": "74177"}]},
            "subject": {"reference": "Patient/S1"},
            "performedDateTime": "2023-09-02",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "500",
            "meta": {"versionId": "1", "lastUpdated": STAMP.format(30)},
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "heparin 5,000 units/mL"},
            "subject": {"reference": "Patient/S1"},
            "authoredOn": "2023-11-01T00:00:00+00:00",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "501",
            "meta": {"versionId": "1", "lastUpdated": STAMP.format(40)},
            "status": "stopped",
            "intent": "order",
            "medicationCodeableConcept": {"text": "apixaban 5 mg"},
            "subject": {"reference": "Patient/S1"},
            "authoredOn": "2023-11-02T00:00:00+00:00",
        },
    ]
    return resources


@dataclass
class Ask:
    """Sends requests below the base URL and takes the answers apart."""

    client: EmbeddedClient = field(
        default_factory=lambda: EmbeddedClient(Store.from_resources(ward()))
    )

    def __call__(self, tail: str, method: str = "GET", body: Any = None) -> FhirResponse:
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        return self.client.request(method, BASE + tail, text)

    def json(self, tail: str) -> Any:
        answer = self(tail)
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def ids(self, tail: str) -> list[str]:
        return [entry["resource"]["id"] for entry in self.json(tail).get("entry", [])]

    def refused(self, tail: str, method: str = "GET", body: Any = None) -> tuple[int, str]:
        answer = self(tail, method, body)
        outcome = json.loads(answer.text)
        assert outcome["resourceType"] == "OperationOutcome"
        [issue] = outcome["issue"]
        assert issue["severity"] == "error"
        return answer.status, issue["diagnostics"]


@pytest.fixture(scope="session")
def store() -> Store:
    return Store.from_resources(ward())


@pytest.fixture
def ask(store: Store) -> Ask:
    return Ask(EmbeddedClient(store))


@pytest.fixture
def asks(store: Store) -> Callable[[], Ask]:
    return lambda: Ask(EmbeddedClient(store))


@pytest.fixture
def order() -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "code": {"coding": [{"system": LOINC, "code": "2823-3"}]},
        "subject": {"reference": "Patient/S1"},
        "authoredOn": "2023-11-13T10:15:00+00:00",
        "note": [{"text": "please"}],
    }
