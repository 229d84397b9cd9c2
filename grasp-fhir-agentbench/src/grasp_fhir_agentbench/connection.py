"""Reads a FHIR server for the tools: pages followed, narrative and metadata left out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from grasp.contracts import AgentSetupError, ConfigError, TaskError
from grasp_medagentbench.fhir import FhirClient, HttpClient

#: Environment variable with a bearer token for the server.
TOKEN_VARIABLE = "FHIR_TOKEN"
GOOGLE_HOST = "healthcare.googleapis.com"

#: Resources a page; what the largest servers allow.
PAGE_SIZE = 1000
#: Pages of one search; a server that never ends is not followed further.
MOST_PAGES = 1000
#: Ids in one search by id, so that addresses stay short.
_IDS_A_SEARCH = 40

Resource = dict[str, Any]


class RequestFailed(Exception):
    """The server refused a request; the text is for the agent."""


class FhirReader:
    """Searches one server. Safe to use from many threads if the client is.

    Args:
        client: Sends requests.
    """

    def __init__(self, client: FhirClient) -> None:
        self._client = client

    def search(self, kind: str, **parameters: str) -> list[Resource]:
        """Return all resources of a type that match, over all pages.

        Args:
            kind: Resource type.
            parameters: Search parameters; ``_id`` of the FHIR search is ``id_`` here.

        Raises:
            RequestFailed: The server refuses.
            FhirConnectionError: It doesn't answer.
        """
        named = {"_id" if k == "id_" else k: v for k, v in parameters.items()}
        query = "&".join(f"{k}={quote(v, safe=',/')}" for k, v in named.items())
        address = f"{self._client.base_url}{kind}?{query}&_count={PAGE_SIZE}"
        return [r for r in self._pages(address) if r.get("resourceType") == kind]

    def by_ids(self, kind: str, ids: Iterable[str]) -> list[Resource]:
        """Return the resources with these ids, those that there are."""
        wanted = list(dict.fromkeys(ids))
        found: list[Resource] = []
        for start in range(0, len(wanted), _IDS_A_SEARCH):
            found += self.search(kind, id_=",".join(wanted[start : start + _IDS_A_SEARCH]))
        return found

    def get(self, query: str) -> list[Resource]:
        """Return the resources of the first page of any search or read below the base.

        Args:
            query: As an agent wrote it: ``Type?parameters``, ``Type/id``, with or without
                the base address.

        Raises:
            RequestFailed: It leads elsewhere, or the server refuses.
        """
        base = self._client.base_url
        path = query.strip().removeprefix("GET ").strip().removeprefix(base).lstrip("/")
        if urlsplit(path).scheme or ".." in path.split("?")[0].split("/"):
            raise RequestFailed(f"{query!r} is not an address below the server's base")
        return [_shown(r) for r in _resources(self._body(base + path))]

    def _pages(self, address: str) -> Iterator[Resource]:
        base = self._client.base_url
        for _ in range(MOST_PAGES):
            body = self._body(address)
            yield from (_shown(r) for r in _resources(body))
            links = body.get("link") or ()
            following = [link.get("url") for link in links if link.get("relation") == "next"]
            if not following:
                return
            address = _same_server(str(following[0]), base)
        raise RequestFailed(f"the search has more than {MOST_PAGES} pages")

    def _body(self, address: str) -> Mapping[str, Any]:
        response = self._client.request("GET", address)
        try:
            body = json.loads(response.text)
        except ValueError:
            body = None
        if not response.ok:
            raise RequestFailed(_reason(response.status, body) or response.error_text)
        if not isinstance(body, dict):
            raise RequestFailed("the server's answer is not a JSON object")
        return body


def _same_server(address: str, base: str) -> str:
    """Return a page's address; a token must not follow a link to another server."""
    here, there = urlsplit(base), urlsplit(address)
    if not there.netloc:
        return base + address.lstrip("/")
    if there.netloc != here.netloc:
        # A server behind a proxy may tell its inner name; its pages are below our base.
        return f"{here.scheme}://{here.netloc}{there.path}?{there.query}"
    return there._replace(scheme=here.scheme).geturl()


def _resources(body: Mapping[str, Any]) -> list[Resource]:
    if body.get("resourceType") != "Bundle":
        return [dict(body)]
    entries = body.get("entry") or ()
    return [e["resource"] for e in entries if isinstance(e.get("resource"), dict)]


def _shown(resource: Resource) -> Resource:
    return {k: v for k, v in resource.items() if k not in ("text", "meta")}


def _reason(status: int, body: Any) -> str:
    try:
        told = [str(i.get("diagnostics") or i["details"]["text"]) for i in body["issue"]]
    except (KeyError, TypeError, AttributeError):
        return ""
    return f"status {status}: {'; '.join(told)}"


class _GoogleAuth(httpx.Auth):
    """Adds the token of the application-default credentials."""

    def __init__(self) -> None:
        from grasp.agents.google import BearerToken

        self._token = BearerToken()

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers.update(self._token.headers())
        yield request


class _BearerAuth(httpx.Auth):
    """Adds a token that the user has set."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def connect(base_url: str, timeout: float = 60.0) -> HttpClient:
    """Return a client of a server: HAPI, Medplum, Google's Healthcare API or any other.

    ``FHIR_TOKEN`` is sent as a bearer token where it is set; Google's server is otherwise
    asked with the application-default credentials.

    Raises:
        ConfigError: The address is none.
        TaskError: There are no credentials for Google.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(
            f"fhir_base_url {base_url!r} is not an http address",
            "for example http://localhost:8080/fhir/",
        )
    auth: httpx.Auth | None = None
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        auth = _BearerAuth(token)
    elif parts.hostname == GOOGLE_HOST:
        try:
            auth = _GoogleAuth()
        except AgentSetupError as error:
            raise TaskError(error.message, error.hint) from None
        except ImportError:
            raise TaskError(
                "Google's Healthcare API needs the package google-auth",
                "pip install 'grasp-fhir-agentbench[google]', or set FHIR_TOKEN",
            ) from None
    return HttpClient(base_url, timeout=timeout, auth=auth)
