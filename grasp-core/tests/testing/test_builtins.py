"""Whatever grasp-core registers keeps its contract."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from grasp.agents.calls import call_content, completion_to_json, content_key
from grasp.agents.recorded import write_record
from grasp.agents.scripted import ScriptedBackend
from grasp.plugins import registry
from grasp.plugins.entrypoints import CORE
from grasp.testing import check_agent, check_gate, check_method, check_plugin
from grasp.testing.agent.case import CALLS


def registered(kind: str) -> list[str]:
    return [s.name for p, s in registry().offers(kind) if p.distribution == CORE]


def test_the_plugin() -> None:
    assert check_plugin("grasp-core").findings == ()


@pytest.mark.parametrize("name", registered("gates"))
def test_every_gate(name: str) -> None:
    assert check_gate(name).findings == ()


@pytest.mark.parametrize("name", registered("methods"))
def test_every_method(name: str) -> None:
    assert check_method(name).findings == ()


def test_the_scripted_agent() -> None:
    assert check_agent("scripted").findings == ()


def test_the_recorded_agent(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedBackend()
    entries = [
        {
            "scope": f"check#{n}",
            "key": content_key(model.identity, call),
            "call": call_content(call),
            "answer": completion_to_json(model.complete(call)),
        }
        for n, call in enumerate(CALLS)
    ]
    write_record(tmp_path / "r.jsonl", {"identity": dict(model.identity)}, entries)
    monkeypatch.setenv("GRASP_RECORD", str(tmp_path / "r.jsonl"))
    assert check_agent("recorded").findings == ()


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An OpenAI-compatible endpoint that repeats the last word, and stops where it is told."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            words = str(body["messages"][-1]["content"]).split()
            message = {"role": "assistant", "content": f"{''.join(words[-1:])[-20:]}\nand more"}
            data = json.dumps(
                {
                    "id": "x", "object": "chat.completion", "created": 0, "model": "echo",
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
                }
            ).encode()  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["local", "deepseek", "gptoss"])
def test_an_agent_of_an_endpoint(name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    params = {"base_url": endpoint, "model": "echo", "max_retries": 0}
    assert check_agent(name, params=params).findings == ()
