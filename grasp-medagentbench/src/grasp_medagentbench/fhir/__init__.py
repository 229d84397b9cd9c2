"""An embedded FHIR R4 store that answers as a HAPI FHIR JPA server does.

``Store.from_resources`` builds the base; ``EmbeddedClient`` answers in this process,
``serve`` over HTTP, ``HttpClient`` asks another server; tasks and graders know only
``FhirClient``. The same requests get the same text at every run: result ids come from
the request and the store's clock stands still, so that recorded episodes replay.

Where it knowingly differs from HAPI: it answers JSON whatever ``_format`` says; bodies
are read strictly unless ``parsing="lenient"`` (an untouched HAPI starter is lenient);
composite parameters get a 501; DELETE, PATCH and transactions are not served; a search
always sees the latest writes, where HAPI may repeat an answer for a minute.
"""

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
