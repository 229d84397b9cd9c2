"""A served page follows its run, and only this machine can read it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from grasp.contracts import RunError
from grasp.report.html.live import server
from grasp.runs.rundir import RunDirectory

from ..toys import Model, run_toy


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run_toy(tmp_path / "r", Model())
    return tmp_path / "r"


@pytest.fixture
def serving(run: Path) -> Iterator[ThreadingHTTPServer]:
    with server(RunDirectory(run)) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def get(serving: ThreadingHTTPServer, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", serving.server_port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_page_follows_the_run(run: Path, serving: ThreadingHTTPServer) -> None:
    journal = run / "journal.jsonl"
    whole = journal.read_text()
    (run / "scores.json").unlink()
    journal.write_text("".join(whole.splitlines(keepends=True)[:4]))
    before = get(serving, "/version")
    status, early = get(serving, "/")
    assert status == 200
    assert "· unfinished" in early
    assert f'data-live="{before[1]}"' in early
    assert "connect-src 'self'" in early
    journal.write_text(whole)
    assert get(serving, "/version") != before
    assert "· unfinished" not in get(serving, "/")[1]


def test_only_this_machine_may_read(serving: ThreadingHTTPServer) -> None:
    assert get(serving, "/", Host="evil.example:80")[0] == 403
    assert get(serving, "/version", Host=f"localhost:{serving.server_port}")[0] == 200
    assert get(serving, "/config.yaml")[0] == 404
    assert get(serving, "/../config.yaml")[0] == 404


def test_a_damaged_run_is_told_not_raised(run: Path, serving: ThreadingHTTPServer) -> None:
    (run / "calls.sqlite").write_text("this is no database, whatever its name says it is")
    status, text = get(serving, "/")
    assert status == 503
    assert "can't read the call store" in text


def test_a_taken_port_is_named(run: Path, serving: ThreadingHTTPServer) -> None:
    with pytest.raises(RunError, match="can't serve on port"):
        server(RunDirectory(run), serving.server_port)
