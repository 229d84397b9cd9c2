"""An OpenAI-compatible endpoint on this machine that answers as the toy model does."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from grasp.contracts import ModelCall

from .toys import act, text_of, write


class Endpoint:
    """Counts what it is asked. ``hook(body)`` runs before an answer; it may raise or wait.

    Attributes:
        asked: Requests received, by their content.
        bodies: The requests themselves, in order of arrival.
    """

    def __init__(self, noise: int = 0) -> None:
        self.noise = noise
        self.asked: Counter[str] = Counter()
        self.bodies: list[Mapping[str, Any]] = []
        self.hook: Callable[[Mapping[str, Any]], None] = lambda body: None
        self.url = ""
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        return len(self.bodies)

    def answer(self, body: Mapping[str, Any]) -> str:
        with self._lock:
            self.bodies.append(body)
            self.asked[json.dumps(body, sort_keys=True)] += 1
        self.hook(body)
        schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        if schema is None:
            return act(body["messages"], self.noise)
        return write(text_of(body["messages"]), ModelCall((), schema=schema))


@contextmanager
def serve(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Serve an endpoint on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = endpoint.answer(body)
            data = json.dumps(
                {
                    "id": "x", "object": "chat.completion", "created": 0, "model": "toy",
                    "choices": [{
                        "index": 0, "finish_reason": "stop",
                        "message": {"role": "assistant", "content": text},
                    }],
                    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
                }
            ).encode()  # fmt: skip
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # The client was killed.
                self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
