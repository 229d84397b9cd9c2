"""Records: written, read, served; and what a missing answer says."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.agents.calls import call_content, completion_from_json, completion_to_json, content_key
from grasp.agents.difference import equal_start, first_difference
from grasp.agents.loader import load_backend
from grasp.agents.recorded import RecordedBackend, read_record, write_record
from grasp.contracts import AgentSetupError, Backend, Completion, ModelCall, Usage

IDENTITY = {
    "backend": "chat",
    "model": "m",
    "endpoint": "http://h/v1",
    "parameters": {"temperature": 0.0, "max_tokens": 64},
}
HEADER = {"identity": IDENTITY, "made": "2026-01-01", "settings": {"seed": 1}}


def call(*texts: str, scope: str = "", **options: Any) -> ModelCall:
    roles = ("user", "agent")
    messages = tuple({"role": roles[i % 2], "content": t} for i, t in enumerate(texts))
    return ModelCall(messages, scope=scope, **options)


def entry(asked: ModelCall, answer: str | Completion, identity: Any = IDENTITY) -> dict[str, Any]:
    completion = Completion(answer) if isinstance(answer, str) else answer
    return {
        "scope": asked.scope,
        "key": content_key(identity, asked),
        "call": call_content(asked),
        "answer": completion_to_json(completion),
    }


def test_answers_by_scope_then_under_the_lowest_scope() -> None:
    entries = [entry(call("q", scope=s), f"at {s}") for s in ("c", "a", "b")]
    model = RecordedBackend(HEADER, entries)
    assert isinstance(model, Backend)
    assert model.identity == IDENTITY
    assert model.complete(call("q", scope="b")).text == "at b"
    assert model.complete(call("q", scope="elsewhere")).text == "at a"
    model.close()


def test_the_writers_entries_are_found_by_scope_and_by_temperature() -> None:
    warm = {**IDENTITY, "parameters": {**IDENTITY["parameters"], "temperature": 0.8}}
    entries = [entry(call("q", scope="x"), "cold"), entry(call("p", scope="w"), "warm", warm)]
    assert RecordedBackend(HEADER, entries).complete(call("p", scope="w")).text == "warm"
    writer = RecordedBackend(HEADER, entries, {"temperature": 0.8})
    assert writer.identity == warm
    assert writer.complete(call("p", scope="other")).text == "warm"
    with pytest.raises(AgentSetupError):
        RecordedBackend(HEADER, entries).complete(call("p", scope="other"))
    with pytest.raises(AgentSetupError, match="only the model or its parameters differ"):
        writer.complete(call("q", scope="x"))


def test_the_preset_takes_a_path_and_overrides(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    warm = {**IDENTITY, "model": "n"}
    warm["parameters"] = {"temperature": 1.0, "max_tokens": 9, "stop": ["E"]}
    write_record(path, HEADER, [entry(call("q", scope="s"), "hot", warm)])
    model = load_backend("recorded", environ={"GRASP_RECORD": str(path)})
    assert model.identity == IDENTITY
    other = load_backend(
        "recorded", path=path, temperature=1, max_tokens=9, stop="E", model="n", timeout=3
    )
    assert other.identity == warm
    assert other.complete(call("q", scope="s")).text == "hot"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (call("the cat sat", "x", scope="s"), "message 0 (user) differs at character 4: "
         "recorded 'the dog sat', now 'the cat sat'"),
        (call("the dog sat", "y", scope="s"), "message 1 (agent) differs at character 0"),
        (call("the dog sat", scope="s"), "the record has 2 messages, this call 1"),
        (call("the dog sat", "x", scope="s", stop=("\n",)), "stop differs at character 0"),
        (call("the dog sat", "x", scope="s", schema={"type": "object"}), "schema differs"),
        (call("the dog sat", "x", scope="s", tools=({"a": 1},)), "tools differs"),
        (call("the dog sit", "x", scope="z"), "the nearest, 's': message 0 (user) differs at "
         "character 9"),
    ],
)  # fmt: skip
def test_a_miss_names_the_first_difference(asked: ModelCall, says: str) -> None:
    entries = [
        entry(call("something else entirely", scope="a"), "no"),
        entry(call("the dog sat", "x", scope="s"), "yes"),
        entry(call("the", "dog", "sat", scope="t"), "no"),
    ]
    with pytest.raises(AgentSetupError) as caught:
        RecordedBackend(HEADER, entries).complete(asked)
    assert says in caught.value.message
    assert asked.scope in caught.value.message
    assert "record again" in caught.value.hint
    assert (caught.value.kind, caught.value.fatal) == ("not_recorded", True)
    assert "\n" not in caught.value.message


def test_a_long_difference_is_shown_around_its_place() -> None:
    old, new = "a" * 100 + "X" + "b" * 100, "a" * 100 + "Y" + "b" * 100
    with pytest.raises(AgentSetupError) as caught:
        RecordedBackend(HEADER, [entry(call(old), "x")]).complete(call(new))
    assert "at character 100" in caught.value.message
    assert f"'…{'a' * 24}Y{'b' * 23}…'" in caught.value.message


def test_other_message_differences_have_words() -> None:
    def content(**message: Any) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": "x", **message}]}

    assert "has the role 'agent', in the record 'user'" in first_difference(
        content(), content(role="agent")
    )
    assert "differs in name" in first_difference(content(), content(name="n"))
    assert "differs at character" in first_difference(content(content=["a"]), content(content="b"))
    assert first_difference(content(), content()) == ""


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_equal_start(start: str, one: str, other: str) -> None:
    n = equal_start(start + one, start + other)
    assert n >= len(start)
    assert (start + one)[:n] == (start + other)[:n]
    assert (start + one)[n : n + 1] != (start + other)[n : n + 1] or n == len(start + one)


def test_an_empty_record_says_so() -> None:
    with pytest.raises(AgentSetupError, match="which is empty"):
        RecordedBackend(HEADER, []).complete(call("q"))


TEXTS = st.text(st.characters(), max_size=20)
COMPLETIONS = st.builds(
    Completion,
    text=TEXTS,
    usage=st.builds(Usage, calls=st.integers(0, 3), cost=st.floats(0, 9)),
    tool_calls=st.lists(st.fixed_dictionaries({"id": TEXTS}), max_size=2).map(tuple),
    finish_reason=st.sampled_from(["stop", "length"]),
)


@given(st.lists(st.tuples(TEXTS, TEXTS, COMPLETIONS), max_size=5), st.booleans())
def test_what_is_written_is_read_and_answered(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any], packed: bool
) -> None:
    folder = tmp_path_factory.mktemp("record")
    path = folder / ("r.jsonl.gz" if packed else "r.jsonl")
    entries = [
        entry(call(text, scope=f"{n}/{scope}"), answer)
        for n, (text, scope, answer) in enumerate(items)
    ]
    write_record(path, HEADER, entries)
    header, read = read_record(path)
    assert header == {"grasp_record": 1, **HEADER}
    assert read == entries
    model = RecordedBackend(header, read)
    for n, (text, scope, answer) in enumerate(items):
        found = model.complete(call(text, scope=f"{n}/{scope}"))
        assert found == completion_from_json(completion_to_json(answer))


def test_the_same_record_has_the_same_bytes(tmp_path: Path) -> None:
    entries = [entry(call("q", scope="s"), "a")]
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_record(tmp_path / "new" / name, HEADER, entries)
    one, other = ((tmp_path / "new" / n).read_bytes() for n in ("a.jsonl.gz", "b.jsonl.gz"))
    assert one == other
    assert one[4:8] == b"\0\0\0\0"
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["a.jsonl.gz", "b.jsonl.gz"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("grasp.agents.recorded.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_record(tmp_path / "r.jsonl", HEADER, [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a record"),
        (b'{"grasp_record": 2}\n', "not a record of this version"),
        (b'{"other": 1}\n', "not a record"),
        (b'{"grasp_record": 1}\nnot json\n', "line 2"),
        (b'{"grasp_record": 1}\n[1]\n', "line 2"),
        (gzip.compress(b"x" * 999, mtime=0)[:20], "can't be read"),
        (b"\xff\xfe", "can't be read"),
    ],
)
def test_bad_files(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    with pytest.raises(AgentSetupError, match=says):
        read_record(path)


def test_bad_records(tmp_path: Path) -> None:
    with pytest.raises(AgentSetupError, match="can't be read"):
        load_backend("recorded", path=tmp_path / "absent")
    with pytest.raises(AgentSetupError, match="no identity"):
        RecordedBackend({}, [])
    good = entry(call("q"), "a")
    for bad in ({}, {**good, "answer": {}}, {**good, "call": {}}, {**good, "call": None}):
        with pytest.raises(AgentSetupError, match="entry 2 of the record is not valid"):
            RecordedBackend(HEADER, [good, bad])


def test_lines_break_only_at_newlines(tmp_path: Path) -> None:
    """Other line separators in a text, written by any JSON tool, are part of the text."""
    path = tmp_path / "r.jsonl"
    text = "a\u2028b\x85c"
    good = entry(call(text), text)
    lines = [json.dumps({"grasp_record": 1, **HEADER}), json.dumps(good, ensure_ascii=False)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert read_record(path)[1] == [good]


def test_many_threads() -> None:
    entries = [entry(call(f"q{i}", scope=f"s{i}"), f"a{i}") for i in range(50)]
    model = RecordedBackend(HEADER, entries)
    assert "50 answers" in repr(model)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda i: model.complete(call(f"q{i}", scope=f"s{i}")).text, range(50))
        assert list(answers) == [f"a{i}" for i in range(50)]
