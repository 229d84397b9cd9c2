"""The agent's tools: how they are declared, and what they do (spec fhiragent, 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from grasp.dialogue import declare
from grasp_fhir_agentbench.connection import FhirReader, RequestFailed, Resource
from grasp_fhir_agentbench.sandbox import Sandbox

RESOURCE_TYPES = (
    *("Patient", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation"),
    *("MedicationAdministration", "Location", "Specimen", "Medication"),
)
BY_PATIENT = "get_resources_by_patient_fhir_id"
BY_ID = "get_resources_by_resource_id"
REQUEST = "fhir_request_get"
PYTHON = "execute_python_code"

#: Types that name no patient -> types that refer to them, and so to a patient's.
_REFERRED_BY = {
    "Location": ("Encounter",),
    "Medication": ("MedicationRequest", "MedicationAdministration"),
}


_RESOURCE_TYPE = {
    "type": "string",
    "description": "Type of the resources.",
    "enum": list(RESOURCE_TYPES),
}

#: Tools in OpenAI's form, by name.
DECLARATIONS: dict[str, dict[str, Any]] = {
    BY_PATIENT: declare(
        BY_PATIENT,
        "Retrieve all FHIR resources of one type that belong to a patient.",
        resource_type=_RESOURCE_TYPE,
        patient_fhir_id="FHIR id of the patient.",
    ),
    BY_ID: declare(
        BY_ID,
        "Retrieve one FHIR resource by its id, such as one that another refers to.",
        resource_type=_RESOURCE_TYPE,
        resource_id="FHIR id of the resource.",
    ),
    REQUEST: declare(
        REQUEST,
        "Send a GET request to the FHIR server; only the first page is returned.",
        query_string="Type and parameters, for example Condition?patient=ID&_count=100",
    ),
    PYTHON: declare(
        PYTHON,
        "Run Python code on the resources retrieved so far, in the dictionary "
        "`retrieved_resources` (resource type -> list of resources). What is printed and the "
        "variable `answer` are returned. json, re, datetime, math and statistics are there, the "
        "rest of the standard library's usual modules can be imported; there are no files, no "
        "network and no other packages.",
        code="Python code.",
    ),
}
DECLARATIONS[PYTHON]["function"]["parameters"]["properties"]["timeout"] = {
    "type": "integer",
    "description": "Seconds; what is more than the sandbox allows is ignored.",
    "default": 30,
}


class Tools:
    """The tools of one episode, and what they have retrieved.

    Args:
        reader: Where resources come from.
        sandbox: Where code runs.
        replace: A second retrieval of a type replaces the first, as in the original;
            otherwise what is new is added.
    """

    def __init__(self, reader: FhirReader, sandbox: Sandbox, *, replace: bool = False) -> None:
        self._reader = reader
        self._sandbox = sandbox
        self._replace = replace
        #: What code finds: resource type -> resources.
        self.resources: dict[str, list[Resource]] = {}
        #: Everything that was ever retrieved: resource type -> ids.
        self.retrieved: dict[str, set[str]] = {}

    def retrieve(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return resource type -> resources, nothing if there are none, or ``error``.

        Raises:
            FhirConnectionError: The server doesn't answer.
        """
        try:
            found = _RETRIEVALS[name](self, arguments)
        except RequestFailed as error:
            return {"error": str(error)}
        grouped: dict[str, list[Resource]] = {}
        for resource in found:
            grouped.setdefault(str(resource.get("resourceType")), []).append(resource)
        for kind, resources in grouped.items():
            self.retrieved.setdefault(kind, set()).update(str(r.get("id")) for r in resources)
            known = [] if self._replace else self.resources.get(kind, [])
            ids = {r.get("id") for r in known}
            self.resources[kind] = known + [r for r in resources if r.get("id") not in ids]
        return grouped

    def run(self, arguments: Mapping[str, Any]) -> str:
        """Run code on what has been retrieved; return what to show of it."""
        code = arguments.get("code")
        if not isinstance(code, str):
            return str({"error": "the argument `code` is missing"})
        return self._sandbox.run(code, self.resources)

    def _by_patient(self, arguments: Mapping[str, Any]) -> Iterable[Resource]:
        kind, patient = _resource_type(arguments), _text(arguments, "patient_fhir_id")
        patient = patient.removeprefix("Patient/")
        if self._replace:
            return self._reader.search(kind, patient=patient)
        if kind == "Patient":
            return self._reader.by_ids("Patient", [patient])
        if kind in _REFERRED_BY:
            return self._reader.by_ids(kind, self._referred(kind, patient))
        return self._reader.search(kind, patient=patient)

    def _referred(self, kind: str, patient: str) -> list[str]:
        """Return the ids of resources of a type that the patient's resources refer to."""
        mark = f"{kind}/"
        ids: list[str] = []
        for referring in _REFERRED_BY[kind]:
            for resource in self._reader.search(referring, patient=patient):
                ids += [r.rpartition(mark)[2] for r in _references(resource) if mark in r]
        return ids

    def _by_id(self, arguments: Mapping[str, Any]) -> Iterable[Resource]:
        kind, id_ = _resource_type(arguments), _text(arguments, "resource_id")
        if self._replace:
            return self._reader.search(kind, id=id_)
        return self._reader.by_ids(kind, [id_.removeprefix(f"{kind}/")])

    def _request(self, arguments: Mapping[str, Any]) -> Iterable[Resource]:
        return self._reader.get(_text(arguments, "query_string"))


_RETRIEVALS: Mapping[str, Callable[[Tools, Mapping[str, Any]], Iterable[Resource]]] = {
    BY_PATIENT: Tools._by_patient,
    BY_ID: Tools._by_id,
    REQUEST: Tools._request,
}


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _resource_type(arguments: Mapping[str, Any]) -> str:
    kind = _text(arguments, "resource_type")
    if kind not in RESOURCE_TYPES:
        raise RequestFailed(f"unknown resource type {kind!r}: use {', '.join(RESOURCE_TYPES)}")
    return kind


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RequestFailed(f"the argument `{name}` is missing")
    return value.strip()
