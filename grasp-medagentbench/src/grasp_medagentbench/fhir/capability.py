"""The CapabilityStatement at ``/metadata``."""

from __future__ import annotations

from typing import Any

from grasp_medagentbench.fhir.dates import instant_text
from grasp_medagentbench.fhir.definitions import resource_types, search_parameters

_INTERACTIONS = ("create", "read", "search-type", "update", "vread")
_BASE_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def capability_statement(base_url: str, now: int) -> Any:
    """What the server can do: every R4 type with its search parameters."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "grasp-medagentbench",
        "name": "RestServer",
        "status": "active",
        "date": instant_text(now),
        "publisher": "Not provided",
        "kind": "instance",
        "software": {"name": "HAPI-compatible embedded FHIR server"},
        "implementation": {"description": "Embedded FHIR R4 server", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": [_resource(name) for name in resource_types()]}],
    }


def _resource(name: str) -> dict[str, Any]:
    return {
        "type": name,
        "profile": _BASE_DEFINITION + name,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "updateCreate": True,
        "searchParam": [
            {"name": parameter.name, "type": parameter.kind}
            for parameter in search_parameters(name).values()
        ],
    }
