"""The journal: appended once, recognised on resuming, whole after any crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import RunError
from grasp.runs import journal as journal_module
from grasp.runs.journal import Journal, read_journal

facts = st.dictionaries(
    st.sampled_from("abc"),
    st.integers() | st.text(max_size=5) | st.lists(st.floats(allow_nan=False), max_size=2),
    max_size=3,
)
logs = st.lists(st.tuples(st.sampled_from(["run", "batch", "update"]), facts), max_size=6)


def write(path: Path, entries: list[tuple[str, dict[str, Any]]]) -> list[bool]:
    made = Journal(path)
    new = [made.append(kind, **f) for kind, f in entries]
    made.close()
    return new


def stable(path: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in read_journal(path)]


def as_events(entries: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"event": kind, **f} for kind, f in entries]


@given(logs, st.integers(0, 6))
def test_resuming_recognises_what_stands_there(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], cut: int
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    assert write(path, entries[:cut]) == [True] * len(entries[:cut])
    before = path.read_bytes()
    assert write(path, entries) == [False] * len(entries[:cut]) + [True] * len(entries[cut:])
    assert path.read_bytes().startswith(before)
    assert stable(path) == as_events(entries)
    assert not (path.parent / "journal.superseded.jsonl").exists()
    assert [p.name for p in path.parent.iterdir()] == ["journal.jsonl"]


@given(logs.filter(bool), st.data())
def test_where_two_runs_part_the_old_rest_is_kept_aside(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    write(path, entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    other = [*entries[:at], ("other", {"a": "new"}), ("more", {})]
    assert write(path, other) == [False] * at + [True, True]
    assert stable(path) == as_events(other)
    aside = path.parent / "journal.superseded.jsonl"
    assert [{k: v for k, v in json.loads(line).items() if k != "time"}
            for line in aside.read_text().splitlines()] == as_events(entries[at:])  # fmt: skip


@given(logs.filter(bool), st.floats(0, 1))
def test_a_line_torn_at_any_byte_is_dropped(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], share: float
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    write(path, entries)
    whole = path.read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == 10]
    offset = round(share * len(whole))
    path.write_bytes(whole[:offset])
    complete = sum(end <= offset for end in ends)
    assert stable(path) == as_events(entries[:complete])
    assert write(path, entries) == [False] * complete + [True] * (len(entries) - complete)
    assert stable(path) == as_events(entries)


def test_every_offset_of_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    entries: list[Any] = [("run", {"a": "é\n"}), ("update", {"b": [1, None]}), ("x", {})]
    write(path, entries)
    whole = path.read_bytes()
    for offset in range(len(whole) + 1):
        path.write_bytes(whole[:offset])
        complete = whole[:offset].count(b"\n")
        assert stable(path) == as_events(entries[:complete])
        write(path, entries)
        assert stable(path) == as_events(entries)


@pytest.mark.parametrize("damage", [b"\xff\xfe\n", b"[1]\n", b"null\n", b"{\n", b"\0\0\0\n"])
def test_damage_ends_the_known_part(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, [("a", {})])
    path.write_bytes(path.read_bytes() + damage + b'{"event": "later"}\n')
    assert stable(path) == [{"event": "a"}]


def test_what_is_no_json_is_written_as_text_and_recognised(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    odd = [("a", {"path": tmp_path, "pair": (1, 2), "odd": {1: "x"}, "lone": "\ud83d"})]
    assert write(path, odd) == [True]
    assert write(path, odd) == [False]


def test_events_are_those_of_this_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, [("a", {}), ("b", {})])
    again = Journal(path)
    assert again.events == []
    again.append("a")
    assert [e["event"] for e in again.events] == ["a"]
    again.append("c")
    assert [e["event"] for e in again.events] == ["a", "c"]
    again.close()
    again.close()


def test_each_event_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    made = Journal(path)
    for n in range(3):
        made.append("e", n=n)
        assert len(stable(path)) == n + 1
    made.close()


def test_a_full_disk_is_one_clear_error_and_closing_adds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    made = Journal(path)
    made.append("a")

    class Full:
        def write(self, text: str) -> None: ...

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

        close = flush

    real, made._file = made._file, Full()  # type: ignore[assignment]
    with pytest.raises(RunError, match="No space left") as caught:
        made.append("b")
    assert "--resume" in caught.value.hint
    made.close()
    assert real is not None
    real.close()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module, "_rewrite", full)
    with pytest.raises(RunError, match="No space left"):
        Journal(path)
    monkeypatch.undo()
    parting = Journal(path)
    monkeypatch.setattr(journal_module, "_rewrite", full)
    with pytest.raises(RunError, match="No space left"):
        parting.append("other")
