"""The call store: answers survive anything, failures only once they are history."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import (
    AgentError,
    Completion,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    RunError,
    Usage,
)
from grasp.runs.callstore import CallReader, CallStore

CALL = ModelCall(({"role": "user", "content": "q"},), scope="s#0")


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_answer_comes_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, reason: str
) -> None:
    path = tmp_path_factory.mktemp("c") / "calls.sqlite"
    odd = ModelCall(({"role": "user", "content": text},), scope="x\ud83d".encode(
        "utf-8", "replace").decode())  # fmt: skip
    answer = Completion(text + "\ud83d", Usage(1, 2), ({"id": text},), reason)
    store = CallStore(path)
    store.put("k", "s", "p", odd, answer)
    store.close()
    again = CallStore(path)
    assert again.get("k", "s") == answer
    assert next(again.entries())["call"] == {"messages": [{"role": "user", "content": text}]}
    again.close()


def test_addresses(tmp_path: Path) -> None:
    store = CallStore(tmp_path / "c")
    store.put("k", "b", "p", CALL, Completion("1"))
    store.put("k", "a", "p", CALL, Completion("2"))
    store.put("k", "a", "p", CALL, Completion("never"))  # the first answer stands
    assert store.get("k", "a") == Completion("2")
    assert store.get("k", "b") == Completion("1")
    assert store.get("k", "c") is None
    assert store.get("l", "a") is None
    assert store.find("k") == Completion("2")  # the first by scope, not by time
    assert store.find("l") is None
    assert len(store) == 2
    assert [(e["scope"], e["key"], e["purpose"]) for e in store.entries()] == [
        ("a", "k", "p"), ("b", "k", "p"),
    ]  # fmt: skip
    store.close()


def test_failures_settle(tmp_path: Path) -> None:
    store = CallStore(tmp_path / "c")
    faults: list[AgentError] = [
        EndpointError("busy", kind="rate_limit"), ContextLimitError("long"),
        ContentFilterError("no"),
    ]  # fmt: skip
    for n, fault in enumerate(faults):
        store.put_failure("k", str(n), "p", fault)
    assert [store.get("k", str(n)) for n in range(3)] == [None] * 3
    store.settle()
    store.put_failure("k", "late", "p", EndpointError("x"))
    store.close()
    again = CallStore(tmp_path / "c")
    for n, fault in enumerate(faults):
        known = again.get("k", str(n))
        assert type(known) is type(fault)
        assert (known.kind, str(known)) == (fault.kind, str(fault))  # type: ignore[union-attr]
    again.settle()
    assert again.get("k", "late") is None  # the process died with it: asked again
    assert sorted(again.failures()) == ["0", "1", "2"]
    assert len(again) == 0
    again.put("k", "0", "p", CALL, Completion("late answer"))
    assert again.get("k", "0") == Completion("late answer")
    again.close()


def test_many_threads(tmp_path: Path) -> None:
    store = CallStore(tmp_path / "c")

    def work(n: int) -> None:
        store.put(f"k{n % 50}", f"s{n % 50}", "p", CALL, Completion(str(n % 50)))
        assert store.get(f"k{n % 50}", f"s{n % 50}") == Completion(str(n % 50))
        store.put_failure("f", str(n), "p", EndpointError("x"))
        assert store.find(f"k{n % 50}") is not None

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(400)))
    assert len(store) == 50
    store.close()


SCRIPT = """
import sys
from pathlib import Path
from grasp.contracts import Completion, ModelCall
from grasp.runs.callstore import CallStore
store = CallStore(Path(sys.argv[1]))
n = 0
while True:
    store.put(str(n), "s", "p", ModelCall(({"role": "user", "content": "q"},)), Completion(str(n)))
    print(n, flush=True)
    n += 1
"""


def test_what_put_returned_for_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 40:
            break
    os.kill(child.pid, signal.SIGKILL)
    confirmed = [40, *(int(x) for x in child.stdout.read().split() if x.isdigit())]
    child.wait()
    child.stdout.close()
    store = CallStore(path)
    for n in range(max(confirmed)):
        assert store.get(str(n), "s") == Completion(str(n))
    store.close()


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"not a database at all" * 100)
    with pytest.raises(RunError, match="can't open the call store"):
        CallStore(tmp_path / "c")
    with pytest.raises(RunError, match="can't open the call store") as caught:
        CallStore(tmp_path)
    assert "move it away" in caught.value.hint
    for path in (tmp_path / "c", tmp_path, tmp_path / "none"):
        with pytest.raises(RunError, match="can't read the call store") as caught:
            CallReader(path)
        assert caught.value.hint


def test_a_store_that_breaks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c"
    store = CallStore(path)
    for n in range(200):
        store.put(f"k{n}", "s", "p", CALL, Completion(f"{n}" * 100))
    store.close()
    with path.open("r+b") as file:  # All but the page of the tables' names.
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(RunError, match="can't read the call store") as caught:
        CallReader(path).calls()
    assert "restore it" in caught.value.hint


@pytest.mark.parametrize(
    "damage", ["call = x'00ff'", "call = zeroblob(9), answer = '{'", "answer = '{}'"]
)
def test_an_answer_that_is_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c"
    store = CallStore(path)
    store.put("k", "s", "p", CALL, Completion("x"))
    with sqlite3.connect(path) as writer:
        writer.execute(f"UPDATE calls SET {damage}")
    writer.close()
    readers: list[Callable[[], object]] = [lambda: list(store.entries())]
    if "answer" in damage:
        readers += [lambda: store.get("k", "s"), lambda: store.find("k")]
    if damage == "answer = '{}'":  # It can be read, and says nothing.
        readers = readers[1:]
    for read in readers:
        with pytest.raises(RunError, match="can't read the call store"):
            read()
    store.close()


@pytest.mark.parametrize("table", [False, True])
def test_a_store_whose_making_was_killed_has_no_calls(tmp_path: Path, table: bool) -> None:
    (tmp_path / "empty").touch()
    begun = sqlite3.connect(tmp_path / "begun", isolation_level=None)
    if table:
        begun.execute("CREATE TABLE other (x)")
    begun.execute("PRAGMA cache_size=1")  # So that its pages are written before it commits.
    begun.execute("BEGIN IMMEDIATE")
    begun.execute("CREATE TABLE calls (x)")
    for _ in range(200):
        begun.execute("INSERT INTO calls VALUES (randomblob(500))")
    for end in ("", "-journal"):  # What a kill leaves.
        shutil.copy(tmp_path / f"begun{end}", tmp_path / f"killed{end}")
    begun.close()
    for name in ("empty", "killed"):
        reader = CallReader(tmp_path / name)
        assert reader.calls() == []
        with pytest.raises(KeyError):
            reader.exchange("k")
        reader.close()
        store = CallStore(tmp_path / name)  # And it can be gone on with.
        store.put("k", "s", "p", CALL, Completion("x"))
        store.close()


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    store = CallStore(tmp_path / "c")
    store.put("k", "s", "p", CALL, Completion("kept"))
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for n in range(1000):
            store.put(f"k{n}", "s", "p", CALL, Completion(os.urandom(500).hex()))

    def fail() -> None:
        for n in range(1000):
            store.put_failure(f"k{n}", "s", "p", EndpointError("x" * 500))

    with pytest.raises(RunError, match="full") as caught:
        fill()
    assert "--resume" in caught.value.hint
    with pytest.raises(RunError, match="full"):
        fail()
    store.close()
    again = CallStore(tmp_path / "c")
    assert again.get("k", "s") == Completion("kept")
    again.put("more", "s", "p", CALL, Completion("fits again"))
    again.close()


@pytest.mark.parametrize("ahead", [False, True])
def test_a_store_in_a_folder_that_can_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: bool
) -> None:
    path = tmp_path / "c"
    store = CallStore(path)
    store.put("k", "s", "p", CALL, Completion("x"))
    if ahead:  # As after a kill: its answers lie beside it.
        for file in tmp_path.glob("c*"):
            shutil.copyfile(file, tmp_path / f"killed{file.name}")
        path = tmp_path / "killedc"
    store.close()
    assert path.with_name(f"{path.name}-wal").exists() is ahead
    connect = sqlite3.connect

    def read_only(database: str, **options: Any) -> Any:
        if str(database).endswith("?mode=ro"):
            return Refusing()
        return connect(database, **options)

    class Refusing:
        def execute(self, _: str) -> None:
            raise sqlite3.OperationalError("attempt to write a readonly database")

        def close(self) -> None: ...

    monkeypatch.setattr(sqlite3, "connect", read_only)
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = CallReader(path)
    assert [call.key for call in reader.calls()] == ["k"]
    reader.close()
