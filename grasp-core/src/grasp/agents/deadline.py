"""A limit of a whole request: HTTP's own is one of each read, which an answer that drips keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

_STARTED = "grasp.started"


def deadline(seconds: float) -> dict[str, list[Callable[[Any], None]]]:
    """Return hooks for the SDK's HTTP client, by which a request takes no more than these seconds.

    It is looked at whenever something arrives; that nothing does is for the client's time-out.
    """

    def begin(request: Any) -> None:
        request.extensions = {**request.extensions, _STARTED: time.monotonic()}

    def limit(response: Any) -> None:
        ends = response.request.extensions[_STARTED] + seconds
        # The SDK's versions differ in whose client they use: httpx, or its successor.
        library = type(response).__module__.partition(".")[0]
        response.stream = _limited(library)(response.stream, ends, response.request)

    return {"request": [begin], "response": [limit]}


@cache
def _limited(library: str) -> Callable[[Any, float, Any], Any]:
    http = import_module(library)

    class Limited(http.SyncByteStream):  # type: ignore[name-defined, misc]
        """A stream of bytes that ends in a time-out when its time is over."""

        def __init__(self, stream: Any, ends: float, request: Any) -> None:
            self._stream, self._ends, self._request = stream, ends, request

        def __iter__(self) -> Iterator[bytes]:
            for data in self._stream:
                if time.monotonic() > self._ends:
                    raise http.ReadTimeout("the answer takes too long", request=self._request)
                yield data

        def close(self) -> None:
            self._stream.close()

    return Limited
