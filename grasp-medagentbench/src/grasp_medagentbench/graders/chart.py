"""Read-only access to a patient's chart, through the same requests an agent makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class ChartError(Exception):
    """The server refused a request of a grader."""


class Response(Protocol):
    """The parts of an answer that a reader needs."""

    @property
    def status(self) -> int:
        """HTTP status code."""
        ...

    @property
    def text(self) -> str:
        """The body."""
        ...


class Client(Protocol):
    """What answers FHIR requests: in this process or over HTTP."""

    def request(self, method: str, url: str, body: str | None = None) -> Response:
        """Make one request."""
        ...


@dataclass(frozen=True)
class Reading:
    """One measurement of a chart.

    ``recorded`` is the date as stored, ``time`` what it says.
    """

    value: Any
    recorded: str
    time: datetime


class Chart:
    """Searches on one server (spec 7.1).

    Args:
        client: Answers the requests.
        base_url: Address of the server, ending in ``/``.
        frozen: The server's data never change, so each search is made once.
    """

    def __init__(self, client: Client, base_url: str, *, frozen: bool = False) -> None:
        self._client = client
        self.base_url = base_url
        self._known: dict[str, list[dict[str, Any]]] | None = {} if frozen else None

    def url(self, resource: str) -> str:
        """Return the address that a new resource is posted to."""
        return f"{self.base_url}{resource}"

    def search(self, query: str) -> list[dict[str, Any]]:
        """Return the resources that fit a query such as ``Patient?identifier=S1``; read only.

        Raises:
            ChartError: The server refused.
            ValueError: The body is not JSON.
            FhirConnectionError: There is no server.
        """
        if self._known is None:
            return self._ask(query)
        if query not in self._known:
            self._known[query] = self._ask(query)
        return self._known[query]

    def _ask(self, query: str) -> list[dict[str, Any]]:
        response = self._client.request("GET", f"{self.base_url}{query}&_format=json")
        if response.status >= 400:
            raise ChartError(f"{response.status} for {query}")
        return [entry["resource"] for entry in json.loads(response.text).get("entry", [])]

    def readings(self, patient: str, code: str) -> Iterator[Reading]:
        """Yield all measurements of a code, in the server's order.

        Raises:
            KeyError: One of them has no date or no number.
        """
        for resource in self.search(f"Observation?patient={patient}&code={code}&_count=5000"):
            recorded = resource["effectiveDateTime"]
            yield Reading(resource["valueQuantity"]["value"], recorded, moment(recorded))

    def latest(self, patient: str, code: str, since: datetime | None = None) -> Reading | None:
        """Return the newest measurement, from ``since`` on; of equally new ones the first."""
        newest: Reading | None = None
        for reading in self.readings(patient, code):
            if since is not None and reading.time < since:
                continue
            if newest is None or reading.time > newest.time:
                newest = reading
        return newest


def moment(text: str) -> datetime:
    """Return the moment of a FHIR dateTime.

    Raises:
        ValueError: It is not one.
    """
    return datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)
