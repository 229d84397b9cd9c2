"""The right orders, in the forms that graders take and a FHIR server stores (spec 4)."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.facts import LOINC, NDC, SNOMED
from grasp_medagentbench.v2.facts import (
    CATHETER,
    COVID_BOOSTER,
    CPT,
    CT_INDICATION,
    CT_ORDER,
    ECG_SNOMED,
    FREE_T4,
    INFLUENZA_VACCINE,
    RADIOLOGY_REFERRAL,
    TSH,
)

Payload = dict[str, Any]

_TSH_LOINC, _FREE_T4_LOINC = "3016-3", "3024-7"


def ct_abdomen(mrn: str, time: str) -> Payload:
    """Return the CT of task 1, with its indication."""
    ordered = _service(mrn, time, CPT, CT_ORDER, "CT abdomen with IV contrast")
    return {**ordered, "reasonCode": [{"text": CT_INDICATION}]}


def ct_abdomen_pelvis(mrn: str, time: str) -> Payload:
    """Return the CT of task 5."""
    return _service(mrn, time, CPT, CT_ORDER, "CT abdomen/pelvis with IV contrast")


def radiology_referral(mrn: str, time: str) -> Payload:
    """Return the referral of task 5."""
    text = "Referral to interventional radiology"
    return _service(mrn, time, CPT, RADIOLOGY_REFERRAL, text)


def catheter_removal(mrn: str, time: str) -> Payload:
    """Return the order of task 4."""
    return _service(mrn, time, CPT, CATHETER, "Remove urinary catheter")


def thyroid_tests(mrn: str, time: str) -> list[Payload]:
    """Return the two tests of task 6."""
    return [
        _service(mrn, time, LOINC, _TSH_LOINC, f"{TSH}, serum"),
        _service(mrn, time, LOINC, _FREE_T4_LOINC, f"{FREE_T4}, serum"),
    ]


def ecg(mrn: str, time: str) -> Payload:
    """Return the ECG of task 7."""
    return _service(mrn, time, SNOMED, ECG_SNOMED, "12-lead ECG")


def heparin(mrn: str, time: str) -> Payload:
    """Return the prophylaxis of task 2."""
    return _medication(mrn, time, "heparin 5000 units SC q8h", (5000, "units", "Subcutaneous"))


def levothyroxine(mrn: str, time: str) -> Payload:
    """Return the drug of task 6."""
    return _medication(mrn, time, "levothyroxine 25 mcg PO daily", (25, "mcg", "Oral"))


def naloxone(mrn: str, time: str) -> Payload:
    """Return the drug of task 8."""
    return _medication(mrn, time, "naloxone 4 mg nasal spray", (4, "mg", "Nasal"))


def influenza_vaccine(mrn: str, time: str) -> Payload:
    """Return the vaccine of task 9."""
    text = "influenza vaccine, quadrivalent, preservative-free"
    coding = {"system": CPT, "code": INFLUENZA_VACCINE, "display": text}
    return _medication(mrn, time, text, (0.5, "mL", "IM"), coding)


def covid_vaccine(mrn: str, time: str) -> Payload:
    """Return the vaccine of task 10."""
    text = "COVID-19 vaccine booster, single dose"
    coding = {"system": CPT, "code": COVID_BOOSTER, "display": text}
    return _medication(mrn, time, text, (0.5, "mL", "IM"), coding)


def stop(mrn: str, time: str, text: str) -> Payload:
    """Return what discontinues an order of a drug (tasks 2 and 7)."""
    return {**_medication(mrn, time, text, None), "status": "stopped"}


def _service(mrn: str, time: str, system: str, code: str, text: str) -> Payload:
    return {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": system, "code": code, "display": text}]},
        "authoredOn": time,
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": {"reference": f"Patient/{mrn}"},
    }


def _medication(
    mrn: str,
    time: str,
    text: str,
    dose: tuple[float, str, str] | None,
    coding: Payload | None = None,
) -> Payload:
    """Return an order; ``dose`` is amount, unit and route."""
    order: Payload = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {
            "coding": [coding or {"system": NDC, "display": text}],
            "text": text,
        },
        "authoredOn": time,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{mrn}"},
    }
    if dose is not None:
        amount, unit, route = dose
        order["dosageInstruction"] = [
            {
                "route": {"text": route},
                "doseAndRate": [{"doseQuantity": {"value": amount, "unit": unit}}],
            }
        ]
    return order
