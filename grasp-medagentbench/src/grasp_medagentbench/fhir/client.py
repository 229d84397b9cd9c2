"""How tasks and graders talk to FHIR: one interface, embedded or over HTTP."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

import httpx

from grasp_medagentbench.fhir.errors import FhirConnectionError
from grasp_medagentbench.fhir.message import FHIR_JSON, FhirResponse
from grasp_medagentbench.fhir.parsing import Parsing
from grasp_medagentbench.fhir.service import FhirService
from grasp_medagentbench.fhir.store import Overlay, Store
from grasp_medagentbench.fhir.urls import Address, locate

#: The address that MedAgentBench tells its agents (spec clinical-mab, 1.1).
DEFAULT_BASE_URL = "http://localhost:8080/fhir/"


class FhirClient(Protocol):
    """Sends one request; safe to use from many threads."""

    @property
    def base_url(self) -> str:
        """The server's base URL, with a closing slash."""
        ...

    def request(self, method: str, url: str, body: bytes | str | None = None) -> FhirResponse:
        """Send a request to ``url``, an absolute address as an agent wrote it.

        An odd or foreign address is answered, not raised: ``status`` is then 0.

        Raises:
            FhirConnectionError: The server itself doesn't answer.
        """
        ...


class EmbeddedClient:
    """Answers in this process, without HTTP.

    Args:
        store: A store, which is then written to in an overlay of this client's own, or
            an overlay.
        base_url: The address the store pretends to live at.
        parsing: How strictly the bodies of POST and PUT are read.
    """

    def __init__(
        self,
        store: Store | Overlay,
        base_url: str = DEFAULT_BASE_URL,
        parsing: Parsing = "strict",
    ) -> None:
        self.overlay = store if isinstance(store, Overlay) else store.overlay()
        self._base_url = base_url.rstrip("/") + "/"
        self._service = FhirService(self.overlay, self._base_url, parsing)

    @property
    def base_url(self) -> str:
        """The server's base URL, with a closing slash."""
        return self._base_url

    def request(self, method: str, url: str, body: bytes | str | None = None) -> FhirResponse:
        """Answer a request; see ``FhirClient.request``."""
        address = locate(url, self._base_url)
        if not address.inside:
            return _nowhere(address)
        answer = self._service.handle(method, address.path, address.query, body)
        return FhirResponse(
            answer.status,
            answer.reason,
            answer.content_type,
            answer.text,
            answer.headers,
            address.url,
        )


class HttpClient:
    """Talks to a FHIR server over HTTP; connections are kept and reused.

    Args:
        base_url: The server's base URL.
        timeout: Seconds to wait for an answer.
        max_connections: How many requests may be under way at once.
        auth: Adds credentials to requests.
    """

    def __init__(
        self,
        base_url: str,
        timeout: float = 30.0,
        max_connections: int = 64,
        auth: httpx.Auth | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        limits = httpx.Limits(
            max_connections=max_connections, max_keepalive_connections=max_connections
        )
        self._http = httpx.Client(timeout=timeout, limits=limits, trust_env=False, auth=auth)

    @property
    def base_url(self) -> str:
        """The server's base URL, with a closing slash."""
        return self._base_url

    def request(self, method: str, url: str, body: bytes | str | None = None) -> FhirResponse:
        """Send a request; see ``FhirClient.request``.

        Raises:
            FhirConnectionError: The server itself doesn't answer.
        """
        address = locate(url, self._base_url)
        if address.problem:
            return _nowhere(address)
        headers = {"Content-Type": FHIR_JSON} if body is not None else {}
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        try:
            answer = self._http.request(method, address.url, content=data, headers=headers)
        except httpx.InvalidURL as error:
            return _nowhere(Address(address.url, problem=f"Failed to parse: {error}"))
        except httpx.TimeoutException:
            raise FhirConnectionError(
                f"The FHIR server at {self._base_url} didn't answer in time",
                "Is it overloaded, or still starting?",
            ) from None
        except httpx.RequestError as error:
            raise FhirConnectionError(
                f"The FHIR server at {self._base_url} can't be reached: {error}",
                "Start it, or leave its URL out to use the embedded store",
            ) from None
        return FhirResponse(
            answer.status_code,
            answer.reason_phrase,
            answer.headers.get("content-type", ""),
            answer.text,
            dict(answer.headers),
            address.url,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _nowhere(address: Address) -> FhirResponse:
    if address.problem:
        return FhirResponse(0, "connection error", "", address.problem, {}, address.url)
    text = "<!doctype html><title>HTTP Status 404 – Not Found</title>"
    return FhirResponse(404, "", "text/html;charset=utf-8", text, {}, address.url)
