"""A fake endpoint on a real socket, and backends that wait without waiting."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from grasp.agents.presets import find_preset
from grasp.agents.retry import Retrier
from grasp.agents.window import Window
from grasp.contracts import ModelCall


@dataclass
class Reply:
    """One scripted answer of the endpoint."""

    status: int = 200
    data: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    drip: float = 0.0

    @property
    def body(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.data).encode()


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    client: tuple[str, int]


def chat_reply(text: str | None = "ok", **changes: Any) -> dict[str, Any]:
    """Return a chat completion."""
    message = {"role": "assistant", "content": text, **changes.pop("message", {})}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": message, "finish_reason": changes.pop("finish_reason", "stop")}
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 6},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        **changes,
    }


class Endpoint:
    """Answers in the order of ``replies``; the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[Request], Reply]] = []
        self.requests: list[Request] = []
        self.release = threading.Event()
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                body = json.loads(self.rfile.read(length) or b"{}")
                request = Request(self.path, headers, body, self.client_address)
                reply = endpoint.next(request)
                if reply.hang:
                    endpoint.release.wait(10)
                if reply.drop or reply.hang:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(reply.status)
                sent = {"content-type": "application/json", **reply.headers}
                for name, value in sent.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                if not reply.drip:
                    self.wfile.write(reply.body)
                    return
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    if endpoint.release.wait(reply.drip):
                        return

            def log_message(self, *args: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args: Any) -> None: ...

        self._server = Server(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.origin}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def next(self, request: Request) -> Reply:
        with self._lock:
            index = min(len(self.requests), len(self.replies) - 1)
            self.requests.append(request)
        reply = self.replies[index]
        return reply(request) if callable(reply) else reply

    def says(self, *replies: Any) -> None:
        """Script the answers: a ``Reply``, a text, the data of an answer, or a function."""
        for reply in replies:
            if isinstance(reply, str):
                reply = chat_reply(reply)
            self.replies.append(Reply(data=reply) if isinstance(reply, dict) else reply)

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def chat() -> Callable[..., dict[str, Any]]:
    return chat_reply


@pytest.fixture
def sleeps() -> list[float]:
    """The pauses a backend wanted to make."""
    return []


NOW = 1_700_000_000.0
KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def backend(endpoint: Endpoint, sleeps: list[float]) -> Iterator[Callable[..., Any]]:
    """Return a function that builds the backend of a preset at the fake endpoint."""
    from grasp.agents.chat import azure_chat, open_chat, vertex_chat
    from grasp.agents.responses import open_responses

    factories: dict[str, Any] = {
        "chat": open_chat,
        "azure-chat": azure_chat,
        "responses": open_responses,
        "vertex": vertex_chat,
    }
    environs = {
        "local": {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": KEY, "GRASP_MODEL": "m"},
        "gpt4": {
            "AZURE_API_BASE": endpoint.origin,
            "AZURE_API_KEY": KEY,
            "AZURE_API_VERSION": "2025-01-01",
            "GPT4_MODEL": "azure/gpt-4.1",
        },
        "gpt5": {
            "AZURE_OPENAI_BASE_URL": f"{endpoint.origin}/openai/v1/",
            "AZURE_OPENAI_API_KEY": KEY,
        },
        "gemini": {"GOOGLE_CLOUD_PROJECT": "p"},
    }
    opened: list[Any] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        clock[0] += seconds

    def build(preset: str = "local", *, token: Any = None, **overrides: Any) -> Any:
        found = find_preset(preset, environ={})
        settings = found.settings(environs[preset], overrides)
        retrier = Retrier(
            settings.max_retries,
            settings.retry_cap,
            sleep=sleep,
            now=lambda: NOW,
            jitter=lambda: 0.0,
        )
        options = {"token": token} if token is not None else {}
        opened.append(factories[found.api](settings, retrier, **options))
        opened[-1].window = Window(clock=lambda: clock[0])
        return opened[-1]

    yield build
    for one in opened:
        one.close()


@pytest.fixture
def ask() -> Callable[..., ModelCall]:
    """Return a function that makes a call of one user message."""

    def build(text: str = "hello", **options: Any) -> ModelCall:
        return ModelCall(({"role": "user", "content": text},), **options)

    return build
