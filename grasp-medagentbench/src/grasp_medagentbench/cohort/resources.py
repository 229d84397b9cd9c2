"""FHIR R4 resources of the shapes that the original's server has (spec 7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any

Resource = dict[str, Any]

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
_CPT = "http://www.ama-assn.org/go/cpt"
_UCUM = "http://unitsofmeasure.org"
_LOINC = "http://loinc.org"
#: When the first resource was stored; each later one a tenth of a second after the one before.
_STORED = datetime(2024, 12, 30, 19, 5, 40, tzinfo=timezone.utc)
_FIRST_ID = 100_001


def instant(time: datetime) -> str:
    """Return a moment with seconds and a numeric offset."""
    return time.isoformat(timespec="seconds")


def _subject(mrn: str) -> Resource:
    return {"reference": f"Patient/{mrn}", "identifier": {"value": mrn}}


def patient(
    mrn: str, given: str, family: str, birth: date, gender: str, address: Resource, phone: str
) -> Resource:
    """Return a Patient whose id and identifier are the MRN."""
    kind = {"coding": [{"system": f"{_TERMINOLOGY}/v2-0203", "code": "MR"}]}
    return {
        "resourceType": "Patient",
        "id": mrn,
        "identifier": [{"use": "usual", "type": kind, "value": mrn}],
        "name": [{"use": "official", "family": family, "given": given.split()}],
        "telecom": [{"system": "phone", "value": phone, "use": "home"}],
        "gender": gender,
        "birthDate": birth.isoformat(),
        "address": [address],
    }


def lab(mrn: str, code: str, value: float, unit: str, time: datetime) -> Resource:
    """Return a laboratory Observation under a local code, filed under LOINC's address."""
    return _observation(
        mrn,
        "laboratory",
        {"coding": [{"system": _LOINC, "code": code, "display": code}], "text": code},
        time,
        {"valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit}},
    )


def vital(mrn: str, code: str, value: str, time: datetime) -> Resource:
    """Return a vital-signs Observation, its value as text."""
    return _observation(
        mrn,
        "vital-signs",
        {"coding": [{"system": _LOINC, "code": code, "display": code}], "text": code},
        time,
        {"valueString": value},
    )


def vital_quantity(mrn: str, code: str, value: float, unit: str, time: datetime) -> Resource:
    """Return a vital-signs Observation, its value a quantity."""
    return _observation(
        mrn,
        "vital-signs",
        {"coding": [{"system": _LOINC, "code": code, "display": code}], "text": code},
        time,
        {"valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit}},
    )


def _observation(
    mrn: str, category: str, code: Resource, time: datetime, value: Resource
) -> Resource:
    system = f"{_TERMINOLOGY}/observation-category"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": system, "code": category}]}],
        "code": code,
        "subject": _subject(mrn),
        "effectiveDateTime": instant(time),
        "issued": instant(time),
        **value,
    }


def condition(mrn: str, code: str, text: str, active: bool, recorded: datetime) -> Resource:
    """Return an entry of the problem list."""
    return {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [
                {
                    "system": f"{_TERMINOLOGY}/condition-clinical",
                    "code": "active" if active else "resolved",
                }
            ]
        },
        "category": [
            {
                "coding": [
                    {
                        "system": f"{_TERMINOLOGY}/condition-category",
                        "code": "problem-list-item",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": _ICD10, "code": code, "display": text}], "text": text},
        "subject": _subject(mrn),
        "recordedDate": instant(recorded),
    }


def procedure(mrn: str, code: str, text: str, performed: datetime) -> Resource:
    """Return a completed procedure."""
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [{"system": _CPT, "code": code, "display": text}], "text": text},
        "subject": _subject(mrn),
        "performedDateTime": instant(performed),
    }


def medication_request(
    mrn: str, text: str, status: str, dose: tuple[float, str, str], authored: datetime
) -> Resource:
    """Return a medication order; ``dose`` is amount, unit and route."""
    amount, unit, route = dose
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        "category": [
            {
                "coding": [
                    {
                        "system": f"{_TERMINOLOGY}/medicationrequest-category",
                        "code": "community",
                        "display": "Community",
                    }
                ]
            }
        ],
        "medicationCodeableConcept": {"text": text},
        "subject": _subject(mrn),
        "authoredOn": instant(authored),
        "dosageInstruction": [
            {
                "route": {"text": route},
                "doseAndRate": [{"doseQuantity": {"value": amount, "unit": unit}}],
            }
        ],
    }


def service_request(mrn: str, code: str, text: str, status: str, authored: datetime) -> Resource:
    """Return an order for a service."""
    return {
        "resourceType": "ServiceRequest",
        "status": status,
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [{"system": _CPT, "code": code, "display": text}], "text": text},
        "subject": _subject(mrn),
        "authoredOn": instant(authored),
    }


def stored(resources: Iterable[Resource]) -> list[Resource]:
    """Return the resources as a server keeps them: with ids and the time of storing."""
    result = []
    for number, resource in enumerate(resources):
        time = _STORED + timedelta(milliseconds=100 * number)
        kept = {
            "resourceType": resource["resourceType"],
            "id": resource.get("id", str(_FIRST_ID + number)),
            "meta": {
                "versionId": "1",
                "lastUpdated": time.isoformat(timespec="milliseconds"),
            },
        }
        result.append({**kept, **{k: v for k, v in resource.items() if k not in kept}})
    return result
