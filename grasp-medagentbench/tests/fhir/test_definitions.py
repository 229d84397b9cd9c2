"""The distilled definitions against another project's reading of the same standard."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from grasp_medagentbench.fhir.definitions import elements, resource_types, search_parameters

TYPES = ["Patient", "Observation", "MedicationRequest", "ServiceRequest", "Condition", "Procedure"]
TYPES += ["Encounter", "MedicationAdministration", "Location", "Specimen", "AllergyIntolerance"]
TYPES += ["CodeableConcept", "Dosage", "Timing", "HumanName", "Period", "Annotation", "Extension"]


def model(name: str) -> Any:
    pytest.importorskip("fhirclient", reason="fhirclient is not installed")
    return getattr(importlib.import_module(f"fhirclient.models.{name.lower()}"), name)()


def check(instance: Any, ours: Any) -> None:
    theirs = {entry[1]: entry for entry in instance.elementProperties()}
    assert set(ours) - {"resourceType"} == set(theirs) - {"resourceType"}
    for key, (_, _, kind, repeats, _, required) in theirs.items():
        assert ours[key].repeats == repeats, key
        if "[x]" not in key and not _is_choice(instance, key):
            assert ours[key].required == required, key
        nested = elements(ours[key].type)
        assert (nested is None and ours[key].type != "Resource") == (
            kind.__module__ == "builtins"
            or kind.__name__.startswith(("FHIRDate", "FHIRInstant", "FHIRTime"))
        ), key
        if "." in ours[key].type and nested is not None and kind is not type(instance):
            check(kind(), nested)


def _is_choice(instance: Any, key: str) -> bool:
    return any(entry[1] == key and entry[4] for entry in instance.elementProperties())


@pytest.mark.parametrize("name", TYPES)
def test_elements_agree_with_fhirclient(name: str) -> None:
    check(model(name), elements(name))


def test_the_resource_types_of_r4() -> None:
    assert len(resource_types()) > 140
    assert {"Patient", "Binary", "MedicationStatement"} <= set(resource_types())
    assert not {"Parameters", "DomainResource", "Element"} & set(resource_types())
    with pytest.raises(KeyError):
        search_parameters("Toothbrush")


def test_codes_are_closed_lists() -> None:
    status = (elements("Observation") or {})["status"].codes
    assert status is not None
    assert status[0] == "ObservationStatus"
    assert {"final", "amended", "entered-in-error"} <= status[1]
    assert (elements("Observation") or {})["code"].codes is None
    gender = (elements("Patient") or {})["gender"].codes
    assert gender == ("AdministrativeGender", frozenset({"male", "female", "other", "unknown"}))
