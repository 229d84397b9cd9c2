"""The nine FHIR interactions advertised to the agent (spec 2), in our own words.

Names, parameters, types and required lists are those of the official ``funcs_v1.json``,
which is used instead where it has been pulled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]


def _text(about: str) -> Schema:
    return {"type": "string", "description": about}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _function(
    name: str, about: str, required: Iterable[str], properties: Mapping[str, Schema]
) -> Schema:
    method, _, resource = name.partition(" ")
    return {
        "name": f"{method} {{api_base}}/{resource}",
        "description": about,
        "parameters": {
            "type": "object",
            "properties": dict(properties),
            "required": list(required),
        },
    }


def _coding(system: str, code: str, display: str) -> Schema:
    return _list(_object(system=_text(system), code=_text(code), display=_text(display)))


def _quantity(unit: str) -> Schema:
    return _object(value={"type": "number"}, unit=_text(unit))


def _subject(what: str) -> Schema:
    return _object(reference=_text(f"FHIR reference of the patient {what}."))


_PATIENT = _text("The patient whose chart is searched.")

#: The nine descriptions, in the order in which the agent sees them.
FUNCTIONS: tuple[Schema, ...] = (
    _function(
        "GET Condition",
        "Condition.Search (Problems): the entries of a patient's problem list, over all "
        "encounters. History that was documented elsewhere, and diagnoses nobody has "
        "confirmed yet, are not part of it.",
        ["patient"],
        {
            "category": _text('"problem-list-item"; there is no other category here.'),
            "patient": _PATIENT,
        },
    ),
    _function(
        "GET Observation",
        "Observation.Search (Labs): laboratory results, one resource for each component.",
        ["code", "patient"],
        {
            "code": _text("Base name of the result."),
            "date": _text("When the specimen was taken."),
            "patient": _PATIENT,
        },
    ),
    _function(
        "GET Observation",
        "Observation.Search (Vitals): vital signs and other flowsheet values, over all "
        "encounters. Flowsheet IDs are specific to an organization and its environment.",
        ["category", "patient"],
        {
            "category": _text('"vital-signs" for vital signs.'),
            "date": _text("Range of dates in which the value was taken."),
            "patient": _PATIENT,
        },
    ),
    _function(
        "POST Observation",
        "Observation.Create (Vitals): files a value, such as a vital sign, to a flowsheet.",
        [
            "resourceType",
            "category",
            "code",
            "effectiveDateTime",
            "status",
            "valueString",
            "subject",
        ],
        {
            "resourceType": _text('"Observation".'),
            "category": _list(
                _object(
                    coding=_coding(
                        '"http://hl7.org/fhir/observation-category"',
                        '"vital-signs"',
                        '"Vital Signs"',
                    )
                )
            ),
            "code": _object(text=_text("What was measured: the flowsheet ID.")),
            "effectiveDateTime": _text("When it was measured, in ISO format."),
            "status": _text('"final"; nothing preliminary can be filed.'),
            "valueString": _text("The measured value."),
            "subject": _subject("who was measured"),
        },
    ),
    _function(
        "GET MedicationRequest",
        "MedicationRequest.Search (Signed Medication Order): a patient's medication orders, "
        "to be narrowed by status or category. They include orders for inpatients, what was "
        "given in clinics, and what the patient or other institutions reported; resources "
        "of the last kind have reportedBoolean set to true.",
        ["patient"],
        {
            "category": _text(
                "Inpatient, Outpatient (given in the clinic), Community (prescriptions) or "
                "Discharge; all of them by default."
            ),
            "date": _text(
                "When the medication is given. Orders without a start and an end inside the "
                "range are left out, so active ones can be missed."
            ),
            "patient": _text("FHIR ID of the patient."),
        },
    ),
    _function(
        "POST MedicationRequest",
        "MedicationRequest.Create: orders a medication.",
        [
            "resourceType",
            "medicationCodeableConcept",
            "authoredOn",
            "dosageInstruction",
            "status",
            "intent",
            "subject",
        ],
        {
            "resourceType": _text('"MedicationRequest".'),
            "medicationCodeableConcept": _object(
                coding=_coding(
                    'Address of the coding system, for example "http://hl7.org/fhir/sid/ndc"',
                    "The code",
                    "Name of the medication",
                ),
                text=_text("Name of the medication as it is shown in the order."),
            ),
            "authoredOn": _text("When the order is written."),
            "dosageInstruction": _list(
                _object(
                    route=_object(text=_text("How the medication is given.")),
                    doseAndRate=_list(
                        _object(
                            doseQuantity=_quantity('Unit of the dose, for example "g"'),
                            rateQuantity=_quantity('Unit of the rate, for example "h"'),
                        )
                    ),
                )
            ),
            "status": _text('"active".'),
            "intent": _text('"order".'),
            "subject": _subject("the medication is for"),
        },
    ),
    _function(
        "GET Procedure",
        "Procedure.Search (Orders): what was done for a patient, from operations and biopsies "
        "to counseling, in summary. Only completed procedures are found.",
        ["date", "patient"],
        {
            "code": _text("CPT code of the procedure."),
            "date": _text("Date or period of the procedure, as a FHIR date parameter."),
            "patient": _PATIENT,
        },
    ),
    _function(
        "POST ServiceRequest",
        "ServiceRequest.Create: orders a test, a procedure or a referral.",
        ["resourceType", "code", "authoredOn", "status", "intent", "priority", "subject"],
        {
            "resourceType": _text('"ServiceRequest".'),
            "code": {
                "type": "object",
                "description": "What is ordered, in a standard terminology such as LOINC, "
                "SNOMED or CPT.",
                "properties": {
                    "coding": _coding(
                        'Address of the coding system, for example "http://loinc.org"',
                        "The code",
                        "What it means",
                    )
                },
            },
            "authoredOn": _text("The instant at which the order is signed."),
            "status": _text('"active".'),
            "intent": _text('"order".'),
            "priority": _text('"stat".'),
            "subject": _subject("the request is for"),
            "note": _object(text=_text("Free text.")),
            "occurrenceDateTime": _text("When it is to be done, in ISO format."),
        },
    ),
    _function(
        "GET Patient",
        "Patient.Search: finds patients by what is known of them, with their demographic data.",
        [],
        {
            "address": _text("Street of the patient's address."),
            "address-city": _text("City of the home address."),
            "address-postalcode": _text("Postal code of the home address."),
            "address-state": _text("State of the home address."),
            "birthdate": _text("Date of birth, YYYY-MM-DD."),
            "family": _text("Family name."),
            "gender": _text("Legal sex; legal-sex is preferred."),
            "given": _text("Given name; first and middle names can be included."),
            "identifier": _text("An identifier of the patient."),
            "legal-sex": _text("Legal sex; counts more than gender."),
            "name": _text("Any part of the name; ignored beside family or given."),
            "telecom": _text("Phone number or e-mail address."),
        },
    ),
)
