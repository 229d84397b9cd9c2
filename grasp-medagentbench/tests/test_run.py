"""``grasp run medagentbench…`` from the command line, against a model over real HTTP."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.cli.main import cli

NOW = datetime.fromisoformat("2023-11-13T10:15:00+00:00")

GOOD = "Answer with a list: FINISH([value])."
#: Mends every failure of patients with a value, and breaks every patient without one.
MIXED = "Answer with a list; take the last value however old."
HARMFUL = "Never answer without a value."


class Model:
    """Right about empty windows; forgets the list around a value until a skill says so."""

    def __init__(self) -> None:
        self.proposals = count()
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any]) -> str:
        texts = [m["content"] for m in body["messages"]]
        schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        if schema is None:
            return self._act("\n".join(texts))
        asked = next(iter(schema["properties"]))
        if asked == "edits":
            return self._propose()
        return json.dumps({asked: [], "new_labels": []})

    def _propose(self) -> str:
        with self._lock:
            number = next(self.proposals) % 3
        edit = {
            "action": "ADD",
            "name": ("harmful", "mixed", "good")[number],
            "description": "How to answer a question about a measurement.",
            "body": f"## When to use\n\nAlways.\n\n{(HARMFUL, MIXED, GOOD)[number]}",
        }
        return json.dumps({"edits": [edit]})

    def _act(self, text: str) -> str:
        mrn = re.findall(r"patient (S\d+)", text)[-1]
        if '"resourceType": "Bundle"' not in text and '"resourceType":"Bundle"' not in text:
            base = re.findall(r"(http://\S+?/fhir/)", text)[0]
            return f"GET {base}Observation?patient={mrn}&code=MG&_count=200&_sort=-date"
        readings = re.findall(
            r'"effectiveDateTime":\s*"([^"]+)".*?"valueQuantity":\s*{[^}]*"value":\s*([\d.]+)',
            text,
            re.DOTALL,
        )
        recent = [v for t, v in readings if datetime.fromisoformat(t) >= NOW - timedelta(hours=24)]
        if MIXED in text and readings:
            return f"FINISH([{readings[0][1]}])"
        if not recent:
            return "FINISH([])" if HARMFUL in text or MIXED in text else "FINISH([-1])"
        return f"FINISH([{recent[0]}])" if GOOD in text else f"FINISH({recent[0]} mg/dL)"


@pytest.fixture
def endpoint() -> Iterator[str]:
    model = Model()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", "content": model.answer(body)}
            data = json.dumps(
                {
                    "id": "x",
                    "object": "chat.completion",
                    "created": 0,
                    "model": body["model"],
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("task", ["medagentbench-magnesium", "medagentbench"])
def test_it_learns_and_accepts_no_harmful_edit(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint)
    monkeypatch.setenv("GRASP_MODEL", "policy")
    run_dir = tmp_path / "run"
    arguments = ["run", task, "--agent", "local", "--run-dir", str(run_dir), "--json"]
    arguments += ["--set", "cycle.epochs=1", "--set", "cycle.candidates=3"]
    if task == "medagentbench":
        arguments += ["-P", "types=[task4]"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])

    assert summary["best_val"] == 1.0
    assert 0 < summary["baseline_val"] < 1
    assert summary["skills"] == ["good"]
    (first, *rest) = summary["gate_decisions"]
    verdicts = {c["title"]: c["verdict"] for c in first["candidates"]}
    assert verdicts == {"ADD good": "accept", "ADD harmful": "reject", "ADD mixed": "reject"}
    assert all(d["accepted"] is None for d in rest)

    again = CliRunner().invoke(cli, ["replay", str(run_dir)])
    assert again.exit_code == 0, again.output
