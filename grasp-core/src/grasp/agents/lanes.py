"""Spreads many concurrent requests over a few clients.

An HTTP pool looks through all its connections for each request. With hundreds of them
that takes longer than the request itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: Concurrent requests of one client before another is used.
WIDTH = 32


class Lanes:
    """Clients made as they are needed; the first with room is used. Thread-safe.

    Few concurrent requests stay on the first client, so connections are reused.

    Args:
        first: A client with ``copy(http_client=...)`` and ``close()``.
        http_client: Makes the HTTP client of each further one.
        width: Requests at a time per client.
    """

    def __init__(self, first: Any, http_client: Callable[[], Any], width: int = WIDTH) -> None:
        self._clients = [first]
        self._busy = [0]
        self._http_client = http_client
        self._width = width
        self._lock = threading.Lock()

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Lend a client for one request."""
        with self._lock:
            lane = next((i for i, n in enumerate(self._busy) if n < self._width), None)
            if lane is None:
                lane = len(self._clients)
                self._clients.append(self._clients[0].copy(http_client=self._http_client()))
                self._busy.append(0)
            self._busy[lane] += 1
            client = self._clients[lane]
        try:
            yield client
        finally:
            with self._lock:
                self._busy[lane] -= 1

    def close(self) -> None:
        """Close every client."""
        with self._lock:
            for client in self._clients:
                client.close()
