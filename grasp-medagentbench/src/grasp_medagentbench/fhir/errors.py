"""How requests to a FHIR store fail."""

from __future__ import annotations

from grasp.contracts import GraspError


class FhirConnectionError(GraspError):
    """No FHIR server answered: nothing listens there, or it didn't answer in time."""


class ResourceError(GraspError):
    """A resource handed to a store from Python is not a FHIR R4 resource."""


class RequestRejected(Exception):
    """A request that the server answers with an OperationOutcome; never leaves the service.

    Args:
        status: The HTTP status code.
        diagnostics: The text of the only issue.
        code: The issue's type.
    """

    def __init__(self, status: int, diagnostics: str, code: str = "processing") -> None:
        super().__init__(diagnostics)
        self.status = status
        self.diagnostics = diagnostics
        self.code = code
