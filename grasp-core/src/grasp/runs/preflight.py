"""A look at the endpoint before a run starts, so that a wrong address fails at once."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

from grasp.agents.recorded import RecordedBackend
from grasp.contracts import Backend, EndpointError

_TIMEOUT_S = 5.0
_TRIES = 3
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def check_endpoint(backend: Backend) -> None:
    """Open and close a connection to a backend's endpoint; sends nothing.

    Does nothing for backends without an HTTP endpoint, for recorded answers, or behind a
    proxy.

    Raises:
        EndpointError: Nobody answers there.
    """
    if isinstance(backend, RecordedBackend):
        return
    url = urlsplit(str(backend.identity.get("endpoint") or ""))
    if url.scheme not in ("http", "https") or not url.hostname:
        return
    if any(os.environ.get(n) or os.environ.get(n.lower()) for n in _PROXIES):
        return
    port = url.port or (443 if url.scheme == "https" else 80)
    last: OSError | None = None
    for _ in range(_TRIES):
        try:
            socket.create_connection((url.hostname, port), _TIMEOUT_S).close()
            return
        except OSError as error:
            last = error
    reason = (last.strerror if last else None) or str(last)
    raise EndpointError(
        f"no answer from the endpoint {url.scheme}://{url.hostname}:{port}: {reason}",
        "start the server or correct the address; 'grasp doctor' shows where it comes from",
    )
