"""Answers an agent's actions from a FHIR client (spec 1.2)."""

from __future__ import annotations

import json
from typing import Any

from grasp_medagentbench.fhir.client import FhirClient
from grasp_medagentbench.fhir.message import FhirResponse
from grasp_medagentbench.graders.episode import ACCEPTED
from grasp_medagentbench.protocol import RequestFailed


class Reading:
    """Reads for real; posts are confirmed whatever they say, and nothing is stored.

    Args:
        client: Answers the reads.
        as_python: Show a body whose type is exactly ``application/json`` as Python prints
            it, as the original does.
    """

    def __init__(self, client: FhirClient, *, as_python: bool = False) -> None:
        self._client = client
        self._as_python = as_python

    def get(self, url: str) -> str:
        """Return the body; see ``protocol.Environment``."""
        response = self._client.request("GET", url)
        if not response.ok:
            raise RequestFailed(response.error_text)
        if self._as_python and response.content_type == "application/json":
            return str(json.loads(response.text))
        return response.text

    def post(self, url: str, body: str, payload: Any) -> str:
        """Confirm; see ``protocol.Environment``."""
        return ""


class Writing(Reading):
    """Posts for real, to a client whose store belongs to this episode alone."""

    def post(self, url: str, body: str, payload: Any) -> str:
        """Create the resource and name it; see ``protocol.Environment``."""
        response = self._client.request("POST", url, body)
        if not response.ok:
            raise RequestFailed(_refusal(response))
        if response.status != 201:  # A search by POST, for example.
            raise RequestFailed(f"status {response.status}: it created nothing")
        created = json.loads(response.text)
        return f" (201 Created: {created['resourceType']}/{created['id']})"


def _refusal(response: FhirResponse) -> str:
    """Return the error and the server's reasons, never with the marker of acceptance."""
    text = response.error_text
    try:
        issues = json.loads(response.text)["issue"]
        text += "".join(f"\n{issue['diagnostics']}" for issue in issues)
    except (ValueError, KeyError, TypeError):
        pass
    return text.replace(ACCEPTED, "POST request [...]")
