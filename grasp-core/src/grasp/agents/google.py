"""Vertex AI: its address and the token that application-default credentials give."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from grasp.contracts import AgentSetupError, EndpointError

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_LOGIN = "gcloud auth application-default login"


def endpoint(project: str, location: str) -> str:
    """Return the base URL of the OpenAI-compatible endpoint of a project and region."""
    host = "aiplatform.googleapis.com"
    if location != "global":
        host = f"{location}-{host}"
    return f"https://{host}/v1/projects/{project}/locations/{location}/endpoints/openapi"


def _default_credentials() -> Any:
    import google.auth

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    return credentials


def _errors() -> tuple[type[Exception], ...]:
    try:
        from google.auth.exceptions import GoogleAuthError
    except ImportError:  # credentials of one's own need no extra
        return ()
    return (GoogleAuthError,)


def _request() -> Any:
    from google.auth.transport.requests import Request

    return Request()


class BearerToken:
    """A token that is renewed before it expires. Thread-safe.

    Args:
        credentials: Anything with ``token``, ``valid`` and ``refresh(request)``; the
            application-default credentials otherwise.
        request: Makes the transport for ``refresh``.

    Raises:
        AgentSetupError: There are no application-default credentials.
    """

    def __init__(self, credentials: Any = None, request: Callable[[], Any] = _request) -> None:
        self._errors = _errors()
        self._request = request
        self._lock = threading.Lock()
        try:
            self._credentials = credentials or _default_credentials()
        except self._errors as error:
            raise AgentSetupError(
                f"no application-default credentials of Google Cloud: {_line(error)}", _LOGIN
            ) from None

    def __repr__(self) -> str:
        return "BearerToken()"

    def headers(self) -> Mapping[str, str]:
        """Return the authorization header, with a token that is valid now.

        Raises:
            AgentSetupError: The credentials are refused.
            EndpointError: The token could not be renewed for now.
        """
        with self._lock:
            if not self._credentials.valid:
                try:
                    self._credentials.refresh(self._request())
                except self._errors as error:
                    raise self._failed(error) from None
            return {"Authorization": f"Bearer {self._credentials.token}"}

    def _failed(self, error: Exception) -> AgentSetupError | EndpointError:
        if getattr(error, "retryable", False):
            return EndpointError(f"Google Cloud gives no token: {_line(error)}", kind="auth")
        return AgentSetupError(f"Google Cloud refuses the credentials: {_line(error)}", _LOGIN)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
