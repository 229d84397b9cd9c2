"""An embedded FHIR R4 store that answers as a HAPI FHIR JPA server does."""

from __future__ import annotations

from grasp_medagentbench.fhir.client import (
    DEFAULT_BASE_URL,
    EmbeddedClient,
    FhirClient,
    HttpClient,
)
from grasp_medagentbench.fhir.errors import FhirConnectionError, ResourceError
from grasp_medagentbench.fhir.message import FhirResponse
from grasp_medagentbench.fhir.server import FhirServer, serve
from grasp_medagentbench.fhir.store import DEFAULT_NOW, Overlay, Store

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_NOW",
    "EmbeddedClient",
    "FhirClient",
    "FhirConnectionError",
    "FhirResponse",
    "FhirServer",
    "HttpClient",
    "Overlay",
    "ResourceError",
    "Store",
    "serve",
]
