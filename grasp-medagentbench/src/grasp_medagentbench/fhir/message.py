"""What a FHIR client gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FHIR_JSON = "application/fhir+json;charset=UTF-8"


@dataclass(frozen=True)
class FhirResponse:
    """An HTTP answer.

    ``status`` is 0 where nothing answered at that address; ``text`` then says why.
    ``url`` is the address as it went over the wire.
    """

    status: int
    reason: str
    content_type: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request succeeded (2xx or 3xx)."""
        return 200 <= self.status < 400

    @property
    def error_text(self) -> str:
        """What the Python library ``requests`` would raise; empty where all is well."""
        if self.ok:
            return ""
        if self.status == 0:
            return self.text
        side = "Client" if self.status < 500 else "Server"
        return f"{self.status} {side} Error: {self.reason} for url: {self.url}"
