"""The right orders, in the forms that graders take (spec 3)."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import (
    BLOOD_PRESSURE,
    HBA1C_LOINC,
    LOINC,
    MAGNESIUM_NDC,
    NDC,
    NOW_TEXT,
    ORTHOPEDICS_SNOMED,
    POTASSIUM_LOINC,
    POTASSIUM_NDC,
    SNOMED,
    TOMORROW_AT_8,
    VITAL_SIGNS,
)

Payload = dict[str, Any]


def blood_pressure(mrn: str, value: str) -> Payload:
    """Return the Observation of task 3."""
    return {
        "resourceType": "Observation",
        "category": [{"coding": [VITAL_SIGNS]}],
        "code": {"text": BLOOD_PRESSURE},
        "effectiveDateTime": NOW_TEXT,
        "status": "final",
        "valueString": value,
        "subject": _subject(mrn),
    }


def magnesium(mrn: str, dose: float, *, strict: bool = False) -> Payload:
    """Return the order of task 5; ``strict`` gives the route the form of FHIR."""
    amounts = {
        "doseQuantity": {"value": dose, "unit": "g"},
        "rateQuantity": {"value": dose, "unit": "h"},
    }
    route = {"text": "IV"} if strict else "IV"
    return _medication(mrn, MAGNESIUM_NDC, "IV magnesium", route, amounts)


def potassium(mrn: str, dose: float) -> Payload:
    """Return the drug order of task 9."""
    amounts = {"doseQuantity": {"value": dose, "unit": "mEq"}}
    return _medication(mrn, POTASSIUM_NDC, "oral potassium", {"text": "oral"}, amounts)


def potassium_test(mrn: str) -> Payload:
    """Return the test order of task 9."""
    return {
        **_service(mrn, LOINC, POTASSIUM_LOINC, "Serum potassium"),
        "occurrenceDateTime": f"{TOMORROW_AT_8}00:00+00:00",
    }


def hba1c_test(mrn: str) -> Payload:
    """Return the test order of task 10."""
    return _service(mrn, LOINC, HBA1C_LOINC, "HbA1c")


def referral(mrn: str, text: str, *, strict: bool = False) -> Payload:
    """Return the referral of task 8; ``strict`` gives the note the form of FHIR."""
    note = {"text": text}
    return {
        **_service(mrn, SNOMED, ORTHOPEDICS_SNOMED, "Referral to orthopedic surgery"),
        "note": [note] if strict else note,
    }


def _subject(mrn: str) -> Payload:
    return {"reference": f"Patient/{mrn}"}


def _medication(mrn: str, code: str, text: str, route: Any, amounts: Payload) -> Payload:
    return {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {
            "coding": [{"system": NDC, "code": code, "display": text}],
            "text": text,
        },
        "authoredOn": NOW_TEXT,
        "dosageInstruction": [{"route": route, "doseAndRate": [amounts]}],
        "status": "active",
        "intent": "order",
        "subject": _subject(mrn),
    }


def _service(mrn: str, system: str, code: str, text: str) -> Payload:
    return {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": system, "code": code, "display": text}]},
        "authoredOn": NOW_TEXT,
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": _subject(mrn),
    }
