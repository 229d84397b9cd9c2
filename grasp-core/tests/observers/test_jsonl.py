"""The JSON-lines logger: every event once, whole lines, and no harm to the run."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from grasp.observers import jsonl

from ..cli.conftest import SMALL, Command
from ..toys import journal

RUN = ("run", "toy", "--agent", "toy-model", *SMALL)
LOGGED = ("--plugin", "grasp.observers.jsonl", *RUN)


def lines(path: str | Path = jsonl.DEFAULT) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(jsonl.VARIABLE, raising=False)


def test_it_is_off_by_default(grasp: Command) -> None:
    assert grasp(*RUN, "--run-dir", "r").code == 0
    assert not Path(jsonl.DEFAULT).exists()


def test_runs_share_one_file_that_says_whose_each_line_is(grasp: Command) -> None:
    for name in ("a", "b"):
        ran = grasp(*LOGGED, "--run-dir", name)
        assert (ran.code, ran.err) == (0, ""), ran.err
    found = lines()
    for name in ("a", "b"):
        mine = [e for e in found if e["run_dir"] == os.path.abspath(name)]
        names = [e["event"] for e in journal(Path(name))]
        assert [e["event"] for e in mine] == ["run_started", *names, "run_ended"]
        assert [e["time"] for e in mine] == sorted(e["time"] for e in mine)
        assert mine[-1]["summary"]["val_curve"]
        update = next(e for e in mine if e["event"] == "update")
        assert {c["verdict"] for c in update["candidates"]} >= {"accept"}


def test_a_resumed_run_repeats_nothing(grasp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jsonl.VARIABLE, "logs/deep/events.jsonl")
    assert grasp(*LOGGED, "--run-dir", "r", "--max-calls", "40").code == 3
    assert grasp(*LOGGED, "--run-dir", "r", "--resume", "--max-calls", "999").code == 0
    names = [e["event"] for e in lines("logs/deep/events.jsonl")]
    bounds = {"run_started", "run_ended"}
    assert [n for n in names if n not in bounds] == [e["event"] for e in journal(Path("r"))]
    assert [n for n in names if n in bounds] == ["run_started", "run_ended"] * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_costs_one_warning_and_nothing_else(
    grasp: Command, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = grasp(*RUN, "--run-dir", "plain", "--json")
    monkeypatch.setenv(jsonl.VARIABLE, "/dev/full")
    with caplog.at_level(logging.WARNING):
        logged = grasp(*LOGGED, "--run-dir", "logged", "--json")
    assert logged.code == plain.code == 0
    assert [r.getMessage() for r in caplog.records] == [
        "the observer of grasp.observers.jsonl failed (OSError: [Errno 28] No space left on "
        "device); its further failures are not shown"
    ]
    timeless = [
        [{k: v for k, v in e.items() if k != "time"} for e in journal(Path(name))]
        for name in ("plain", "logged")
    ]
    assert timeless[0] == timeless[1]
    keys = ("val_curve", "test", "skills", "calls")
    ends = [json.loads(ran.out) for ran in (plain, logged)]
    assert [ends[0][k] for k in keys] == [ends[1][k] for k in keys]


def test_a_line_the_disk_tore_spoils_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    jsonl.append(path, {"event": "first"})
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
    with pytest.raises(OSError, match="space") as full:
        jsonl.append(path, {"event": "torn"})
    assert full.value.errno == errno.ENOSPC
    monkeypatch.undo()
    jsonl.append(path, {"event": "after"})
    first, torn, after = path.read_text().splitlines()
    assert json.loads(first) == {"event": "first"}
    assert json.loads(after) == {"event": "after"}
    with pytest.raises(ValueError, match=r"."):
        json.loads(torn)


def test_writers_at_once_keep_lines_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"

    def write(who: int) -> None:
        for n in range(50):
            jsonl.append(path, {"event": "x" * 200, "who": who, "n": n, "path": Path("p")})

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines(path)
    assert sorted((e["who"], e["n"]) for e in found) == [
        (w, n) for w in range(4) for n in range(50)
    ]
    assert found[0]["path"] == "p", "what JSON has no form for is written as text"
