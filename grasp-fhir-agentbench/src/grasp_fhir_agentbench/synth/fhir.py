"""The tables as FHIR resources, in the shapes of MIMIC-IV on FHIR (spec fhiragent, 8)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.tables import (
    Admission,
    Chart,
    Charted,
    Culture,
    Lab,
    Prescription,
)

BASE = "http://mimic.mit.edu/fhir/mimic"
_ROOT = uuid.uuid5(uuid.NAMESPACE_OID, "SYNTH-MIMIC")
_UNITS = "http://unitsofmeasure.org"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_LABORATORY = {"coding": [{"system": f"{_TERMS}/observation-category", "code": "laboratory"}]}
_DIAGNOSIS = {"coding": [{"system": f"{_TERMS}/condition-category", "code": "encounter-diagnosis"}]}

Resource = dict[str, Any]


def fhir_id(name: str, key: object) -> str:
    """Return the id of a row's resource, made as MIMIC-IV on FHIR makes it."""
    return str(uuid.uuid5(_namespace(name), str(key)))


@lru_cache(maxsize=64)
def _namespace(name: str) -> uuid.UUID:
    return uuid.uuid5(_ROOT, name)


def patient_id(chart: Chart) -> str:
    """Return the id of a patient."""
    return fhir_id("Patient", chart.subject_id)


def encounter_id(hadm_id: int) -> str:
    """Return the id of a hospital visit."""
    return fhir_id("Encounter", hadm_id)


def icu_id(stay_id: int) -> str:
    """Return the id of an ICU stay."""
    return fhir_id("EncounterICU", stay_id)


def lab_id(row: Lab) -> str:
    """Return the id of a laboratory value."""
    return fhir_id("ObservationLabevents", row.labevent_id)


def vital_id(row: Charted) -> str:
    """Return the id of a charted value."""
    key = f"{row.stay_id}-{row.when:%Y-%m-%d %H:%M:%S}-{row.what.code}-{row.value:g}"
    return fhir_id("ObservationChartevents", key)


def output_id(row: Charted) -> str:
    """Return the id of a volume."""
    key = f"{row.stay_id}-{row.when:%Y-%m-%d %H:%M:%S}-{row.what.code}"
    return fhir_id("ObservationOutputevents", key)


def coded_id(kind: str, row: Any) -> str:
    """Return the id of a diagnosis (``Condition``) or a procedure (``Procedure``)."""
    return fhir_id(kind, f"{row.hadm_id}-{row.number}-{row.code.upper()}")


def prescription_id(row: Prescription) -> str:
    """Return the id of a prescription."""
    return fhir_id("MedicationRequest", row.pharmacy_id)


def culture_id(row: Culture) -> str:
    """Return the id of a microbiology test."""
    return fhir_id("ObservationMicroTest", f"{row.micro_specimen_id}-{row.test[0]}")


def specimen_id(row: Culture) -> str:
    """Return the id of a culture's specimen."""
    return fhir_id("SpecimenMicro", row.micro_specimen_id)


def organism_id(row: Culture) -> str:
    """Return the id of what grew."""
    organism = row.organism[0] if row.organism else ""
    return fhir_id("ObservationMicroOrg", f"{row.test[0]}-{row.micro_specimen_id}-{organism}")


def location_id(unit: str) -> str:
    """Return the id of a care unit."""
    return fhir_id("Location", unit)


def stamp(when: datetime) -> str:
    """Return a local time with the offset of its season."""
    return f"{when:%Y-%m-%dT%H:%M:%S}{'-04:00' if 4 <= when.month <= 10 else '-05:00'}"


def resources(charts: Sequence[Chart]) -> list[Resource]:
    """Return the resources of all charts, and what they share."""
    shared: dict[str, Resource] = {}
    found: list[Resource] = []
    for chart in charts:
        found += _of(chart, shared)
    return [*_locations(), *shared.values(), *found]


def _of(chart: Chart, shared: dict[str, Resource]) -> Iterator[Resource]:
    yield _patient(chart)
    yield from _encounters(chart)
    yield from _coded(chart)
    for lab in chart.labs:
        yield from _lab(chart, lab)
    for vital in chart.vitals:
        yield _charted(chart, vital, vital_id(vital), _category(vital))
    for output in chart.outputs:
        yield _charted(chart, output, output_id(output), "Output")
    for culture in chart.cultures:
        yield from _culture(chart, culture)
    for prescription in chart.prescriptions:
        yield from _prescription(chart, prescription, shared)


def _reference(kind: str, id_: str) -> dict[str, str]:
    return {"reference": f"{kind}/{id_}"}


def _identifier(system: str, value: object) -> dict[str, str]:
    return {"system": f"{BASE}/identifier/{system}", "value": str(value)}


def _subject(chart: Chart) -> dict[str, str]:
    return _reference("Patient", patient_id(chart))


def _coding(system: str, code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": f"{BASE}/CodeSystem/{system}", "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def _locations() -> Iterable[Resource]:
    for unit in words.VOCABULARIES["care unit"]:
        yield {
            "resourceType": "Location",
            "id": location_id(unit),
            "status": "active",
            "name": unit,
            "physicalType": {
                "coding": [
                    {
                        "system": f"{_TERMS}/location-physical-type",
                        "code": "wa",
                        "display": "Ward",
                    }
                ]
            },
        }


def _patient(chart: Chart) -> Resource:
    number = str(chart.subject_id)
    return {
        "resourceType": "Patient",
        "id": patient_id(chart),
        "identifier": [{"system": f"{BASE}/identifier/patient", "value": number}],
        "name": [{"use": "official", "family": f"Patient_{number}"}],
        "gender": "male" if chart.gender == "M" else "female",
        "birthDate": chart.birth.isoformat(),
        "maritalStatus": {
            "coding": [{"system": f"{_TERMS}/v3-MaritalStatus", "code": chart.marital[0]}]
        },
    }


def _period(start: datetime, end: datetime | None) -> dict[str, str]:
    period = {"start": stamp(start)}
    return {**period, "end": stamp(end)} if end else period


def _encounters(chart: Chart) -> Iterator[Resource]:
    for admission in chart.admissions:
        yield _hospital(chart, admission)
    for stay in chart.emergency:
        yield {
            **_encounter(chart, fhir_id("EncounterED", stay.stay_id), "EMER"),
            "identifier": [_identifier("encounter-ed", stay.stay_id)],
            "period": _period(stay.start, stay.end),
            "partOf": _reference("Encounter", encounter_id(stay.hadm_id)),
            "location": [{"location": _reference("Location", location_id(stay.unit))}],
        }
    for stay in chart.icu:
        period = _period(stay.start, stay.end)
        yield {
            **_encounter(chart, icu_id(stay.stay_id), "ACUTE"),
            "identifier": [_identifier("encounter-icu", stay.stay_id)],
            "period": period,
            "partOf": _reference("Encounter", encounter_id(stay.hadm_id)),
            "location": [
                {"location": _reference("Location", location_id(stay.unit)), "period": period}
            ],
        }


def _encounter(chart: Chart, id_: str, kind: str) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": kind},
        "subject": _subject(chart),
    }


def _hospital(chart: Chart, admission: Admission) -> Resource:
    kinds = {"EW EMER.": "EMER", "OBSERVATION ADMIT": "OBSENC", "ELECTIVE": "SS"}
    hospitalization: dict[str, Any] = {
        "admitSource": _coding(
            "mimic-admit-source",
            "EMERGENCY ROOM" if admission.via_emergency else "PHYSICIAN REFERRAL",
        )
    }
    if admission.end:
        hospitalization["dischargeDisposition"] = _coding("mimic-discharge-disposition", "HOME")
    return {
        **_encounter(chart, encounter_id(admission.hadm_id), kinds.get(admission.kind, "AMB")),
        "identifier": [
            {"system": f"{BASE}/identifier/encounter-hosp", "value": str(admission.hadm_id)}
        ],
        "period": _period(admission.start, admission.end),
        "hospitalization": hospitalization,
        "location": [
            {
                "location": _reference("Location", location_id(t.unit)),
                "period": _period(t.start, t.end),
            }
            for t in chart.transfers
            if t.hadm_id == admission.hadm_id
        ],
    }


def _coded(chart: Chart) -> Iterator[Resource]:
    for row in chart.diagnoses:
        yield {
            "resourceType": "Condition",
            "id": coded_id("Condition", row),
            "category": [_DIAGNOSIS],
            "code": _coding("mimic-diagnosis-icd10", row.code, row.title),
            "subject": _subject(chart),
            "encounter": _reference("Encounter", encounter_id(row.hadm_id)),
        }
    for row in chart.procedures:
        day: date = row.day or chart.birth
        midnight = datetime(day.year, day.month, day.day)
        yield {
            "resourceType": "Procedure",
            "id": coded_id("Procedure", row),
            "status": "completed",
            "code": _coding("mimic-procedure-icd10", row.code, row.title),
            "subject": _subject(chart),
            "encounter": _reference("Encounter", encounter_id(row.hadm_id)),
            "performedDateTime": stamp(midnight),
        }


def _quantity(value: float, unit: str) -> dict[str, Any]:
    number: float = int(value) if float(value).is_integer() else value
    if not unit:
        return {"value": number}
    return {"value": number, "unit": unit, "system": _UNITS, "code": unit.replace(" ", "")}


def _lab(chart: Chart, row: Lab) -> Iterator[Resource]:
    specimen = fhir_id("SpecimenLab", row.labevent_id)
    resource: Resource = {
        "resourceType": "Observation",
        "id": lab_id(row),
        "status": "final",
        "category": [_LABORATORY],
        "code": _coding("mimic-d-labitems", row.what.code, row.what.name),
        "subject": _subject(chart),
        "effectiveDateTime": stamp(row.when),
        "issued": stamp(row.when),
        "valueQuantity": _quantity(row.value, row.what.unit),
        "specimen": _reference("Specimen", specimen),
        "referenceRange": [
            {
                "low": _quantity(row.what.low, row.what.unit),
                "high": _quantity(row.what.high, row.what.unit),
            }
        ],
    }
    if row.hadm_id is not None:
        resource["encounter"] = _reference("Encounter", encounter_id(row.hadm_id))
    if row.labevent_id % 5:  # Most laboratory specimens are of no interest to any question.
        del resource["specimen"]
    else:
        yield {
            "resourceType": "Specimen",
            "id": specimen,
            "type": _coding("mimic-lab-fluid", "Blood", "Blood"),
            "subject": _subject(chart),
            "collection": {"collectedDateTime": stamp(row.when)},
        }
    yield resource


def _category(row: Charted) -> str:
    return "General" if row.what in (words.WEIGHT, words.HEIGHT) else "Routine Vital Signs"


def _charted(chart: Chart, row: Charted, id_: str, category: str) -> Resource:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [_coding("mimic-observation-category", category)],
        "code": _coding("mimic-d-items", row.what.code, row.what.name),
        "subject": _subject(chart),
        "encounter": _reference("Encounter", icu_id(row.stay_id)),
        "effectiveDateTime": stamp(row.when),
        "valueQuantity": _quantity(row.value, row.what.unit),
    }


def _culture(chart: Chart, row: Culture) -> Iterator[Resource]:
    yield {
        "resourceType": "Specimen",
        "id": specimen_id(row),
        "type": _coding("mimic-spec-type-desc", *row.specimen),
        "subject": _subject(chart),
        "collection": {"collectedDateTime": stamp(row.when)},
    }
    test: Resource = {
        "resourceType": "Observation",
        "id": culture_id(row),
        "status": "final",
        "category": [_LABORATORY],
        "code": _coding("mimic-microbiology-test", *row.test),
        "subject": _subject(chart),
        "encounter": _reference("Encounter", encounter_id(row.hadm_id)),
        "effectiveDateTime": stamp(row.when),
        "specimen": _reference("Specimen", specimen_id(row)),
    }
    if row.organism is None:
        yield {**test, "valueString": "NO GROWTH."}
        return
    yield {**test, "hasMember": [_reference("Observation", organism_id(row))]}
    code, drug = words.ANTIBIOTICS[row.micro_specimen_id % len(words.ANTIBIOTICS)]
    tested = fhir_id("ObservationMicroSusc", f"{row.micro_specimen_id}-{code}")
    # What grew names no encounter, as in the original.
    grown: Resource = {
        "resourceType": "Observation",
        "id": organism_id(row),
        "status": "final",
        "category": test["category"],
        "code": _coding("mimic-microbiology-organism", *row.organism),
        "subject": _subject(chart),
        "effectiveDateTime": stamp(row.when),
        "derivedFrom": [_reference("Observation", culture_id(row))],
        "hasMember": [_reference("Observation", tested)],
        "valueString": row.organism[1],
    }
    yield grown
    yield {
        "resourceType": "Observation",
        "id": tested,
        "status": "final",
        "category": test["category"],
        "code": _coding("mimic-microbiology-antibiotic", code, drug),
        "subject": _subject(chart),
        "effectiveDateTime": stamp(row.when),
        "derivedFrom": [_reference("Observation", organism_id(row))],
        "valueCodeableConcept": _coding(
            "mimic-microbiology-interpretation", "SIR"[row.micro_specimen_id % 3]
        ),
    }


def _prescription(
    chart: Chart, row: Prescription, shared: dict[str, Resource]
) -> Iterator[Resource]:
    request: Resource = {
        "resourceType": "MedicationRequest",
        "id": prescription_id(row),
        "identifier": [
            {
                "system": f"{BASE}/identifier/medication-request-phid",
                "value": str(row.pharmacy_id),
            }
        ],
        "status": "completed",
        "intent": "order",
        "subject": _subject(chart),
        "encounter": _reference("Encounter", encounter_id(row.hadm_id)),
        "authoredOn": stamp(row.start),
        "dosageInstruction": [
            {
                "route": _coding("mimic-medication-route", row.route),
                "doseAndRate": [{"doseQuantity": _quantity(row.dose, row.drug.unit)}],
            }
        ],
        "dispenseRequest": {"validityPeriod": {"start": stamp(row.start), "end": stamp(row.stop)}},
    }
    if row.pharmacy_id % 10 == 0:
        request["medicationCodeableConcept"] = _coding(
            "mimic-medication-name", row.name.strip(), row.name.strip()
        )
    else:
        id_ = fhir_id("MedicationPrescriptions", row.name)
        shared.setdefault(id_, _medication(id_, row.name))
        request["medicationReference"] = _reference("Medication", id_)
    yield request
    if row.pharmacy_id % 3 == 0:
        yield {
            "resourceType": "MedicationAdministration",
            "id": fhir_id("MedicationAdministration", row.pharmacy_id),
            "status": "completed",
            "medicationCodeableConcept": _coding(
                "mimic-medication-name", row.name.strip(), row.name.strip()
            ),
            "subject": _subject(chart),
            "context": _reference("Encounter", encounter_id(row.hadm_id)),
            "effectiveDateTime": stamp(row.start),
            "request": _reference("MedicationRequest", prescription_id(row)),
        }


def _medication(id_: str, name: str) -> Resource:
    """A drug: its code is a number, its name stands in an identifier alone."""
    number = str(int(uuid.UUID(id_).int % 10**11)).zfill(11)
    return {
        "resourceType": "Medication",
        "id": id_,
        "identifier": [
            {"system": f"{BASE}/CodeSystem/mimic-medication-ndc", "value": number},
            {"system": f"{BASE}/CodeSystem/mimic-medication-name", "value": name},
        ],
        "code": _coding("mimic-medication-ndc", number),
        "status": "active",
    }
