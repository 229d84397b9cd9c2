"""Reading a writer's answer: any text gives JSON or one clear error, never a crash."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grasp.contracts import SkillError
from grasp.methods.grasp.answers import AnswerError, read_json, rows
from grasp.methods.grasp.prompts import read_edits
from grasp.skills import Action, Edit, Skill, SkillLibrary

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
containers = st.lists(st.dictionaries(st.text(max_size=6), values, min_size=1), min_size=1) | (
    st.dictionaries(st.text(max_size=6), values, min_size=1)
)
prose = st.text(st.characters(exclude_characters='[]{}`"', exclude_categories=["Cs"]), max_size=40)


@given(values)
def test_bare_json(value: Any) -> None:
    if isinstance(value, (dict, list)):
        assert read_json(json.dumps(value)) == value
        assert read_json(f"\n  {json.dumps(value, indent=2)}  \n") == value
    else:
        with pytest.raises(AnswerError):
            read_json(json.dumps(value) if not isinstance(value, str) else "")


@given(containers, prose, prose, st.sampled_from(["```json\n{}\n```", "```\n{}\n```", "{}"]))
def test_json_in_prose_and_fences(value: Any, before: str, after: str, frame: str) -> None:
    assert read_json(before + "\n" + frame.replace("{}", json.dumps(value)) + "\n" + after) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('Sure [1], see (a):\n[{"a": 1}] Done [2].', [{"a": 1}]),
        ('{"content": "line\nbreak\ttab"}', {"content": "line\nbreak\ttab"}),
        ("```json\n[]\n```", []),
        ("I propose nothing: []", []),
        ("I propose nothing: [ ]", []),
        ('[1, 2] then {} then {"a": []}', {"a": []}),
        ('broken {"a": 1 and good {"b": 2}', {"b": 2}),
        ('```\n{"a": "```sql\\nSELECT 1\\n```"}\n```', {"a": "```sql\nSELECT 1\n```"}),
        ('{"a": 1} {"b": 2}', {"a": 1}),
        ('<think>{x}</think>\n{"a": 1}', {"a": 1}),
    ],
)
def test_answers_as_models_give_them(text: str, value: Any) -> None:
    assert read_json(text) == value


@given(st.text(alphabet=st.sampled_from('[]{}",:`\\\n abc19-.eE\ud800'), max_size=80))
@example("[" * 3000)
@example('{"a":' * 3000)
@example("[" * 3000 + "]" * 3000)
@example("1" * 5000)
@example("[" + "1" * 5000 + "]")
@example("```json\n")
def test_no_text_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(AnswerError):
        assert isinstance(read_json(text), (dict, list))
    try:
        edits, problems = read_edits(text)
    except AnswerError:
        return
    assert all(isinstance(p, str) for p in problems)
    assert all(isinstance(e, Edit) for e in edits)


def plainly(text: str) -> Any:
    """What is read where every bracket is tried."""
    for n, letter in enumerate(text):
        if letter in "[{":
            try:
                value, _ = json.JSONDecoder(strict=False).raw_decode(text, n)
            except (ValueError, RecursionError):
                continue
            return value
    return None


@given(
    st.lists(
        st.sampled_from(["[", "]", "{", "}", '"', ",", ":", "\\", '{"a": ', '"b"', "1", " ", "x"]),
        max_size=40,
    ).map("".join)
)
@example('["a {", {"a": 1}')
@example('{"a": "\\q [1", "b": {"c": [2, {"a": 3}]}')
def test_no_bracket_is_passed_over_that_could_be_read(text: str) -> None:
    value = plainly(text)
    if isinstance(value, dict) and value:
        assert read_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30000,
        '{"a":' * 30000,
        "[1, " * 30000,
        '["b", ' * 30000,
        "[" * 30000 + "]" * 30000,
        '["' + "[" * 30000,
    ],
)
def test_a_bracket_is_not_tried_once_it_is_known_not_to_end(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    decode = json.JSONDecoder.raw_decode

    def counted(self: json.JSONDecoder, s: str, idx: int = 0) -> tuple[Any, int]:
        nonlocal tries
        tries += 1
        return decode(self, s, idx)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    with contextlib.suppress(AnswerError):
        read_json(text)
    assert tries < 300
    assert read_json(text + ' so {"b": 2}') == {"b": 2}
    assert tries < 600


def test_rows() -> None:
    a, b = {"x": 1}, {"y": 2}
    assert rows([a, 3, b, "s", None]) == [a, b]
    assert rows({"edits": [a, b]}, "edits") == [a, b]
    assert rows({"edits": a}, "edits") == [a]
    assert rows({"edits": "none", "proposals": [b]}, "edits", "proposals") == [b]
    assert rows(a, "edits") == [a]
    assert rows({}) == rows("x") == rows(None) == rows([]) == []


# -- edits ---------------------------------------------------------------------------------

odd = (
    st.none()
    | st.integers()
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4))
    | (st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
)
fields = ("action", "name", "description", "tags", "content", "reason", "rules", "when_to_use")


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                **{f: odd for f in fields},
                "action": st.sampled_from(["ADD", "modify", " Remove ", "DROP"]) | odd,
            },
        ),
        max_size=3,
    )
)
@example([{"action": "ADD", "name": "a", "content": "x\ud83d", "tags": 5}])
@example([{"action": "ADD", "name": "a", "rules": [None, {"a": 1}, "- x\ud83d"]}])
def test_every_edit_that_is_read_can_be_applied_and_stored(answer: list[dict[str, Any]]) -> None:
    edits, problems = read_edits(json.dumps(answer))
    assert len(edits) + len(problems) == len(answer)
    for edit in edits:
        edit_text = "\0".join((edit.name, edit.description, edit.body, *edit.tags, edit.reason))
        edit_text.encode("utf-8")
        assert "\r" not in edit_text
        assert all(t == t.strip().lower() and t and "," not in t for t in edit.tags)
        assert "\n" not in edit.description
        library = SkillLibrary((Skill(edit.name, "d", "b"),))
        if edit.action is Action.ADD:
            library = SkillLibrary()
        try:
            library.apply(edit)
        except SkillError as error:  # pragma: no cover - would be the bug
            pytest.fail(str(error))


def test_reading_edits() -> None:
    edits, problems = read_edits(
        json.dumps(
            {
                "edits": [
                    {
                        "action": "add",
                        "name": "Check The Window",
                        "description": " Use\n it ",
                        "tags": ["Magnesium", "last, 24 hours ", ""],
                        "content": "\n## When to use\r\nx\n",
                        "reason": "because\nof x",
                    },
                    {"action": "REMOVE", "name": "old_one"},
                    {"action": "RENAME", "name": "x"},
                    {"action": "ADD", "name": "!!"},
                    {"action": "MODIFY", "name": "m", "tags": "a, B", "body": "text"},
                    "noise",
                ]
            }
        )
    )
    assert edits == [
        Edit(
            Action.ADD,
            "check-the-window",
            "Use it",
            "## When to use\nx",
            ("magnesium", "last", "24 hours"),
            "because of x",
        ),
        Edit(Action.REMOVE, "old-one"),
        Edit(Action.MODIFY, "m", "", "text", ("a", "b")),
    ]
    assert problems == ["unknown action 'RENAME'", "ADD without a name"]


def test_reading_a_compact_edit() -> None:
    row = {
        "action": "ADD",
        "name": "filter",
        "when_to_use": "The task\nasks for rows.",
        "rules": ["- Quote names.", "", "* Use LIKE\n twice."],
    }
    edits, problems = read_edits(json.dumps({"edits": [row]}))
    assert problems == []
    assert edits == [
        Edit(
            Action.ADD,
            "filter",
            "The task asks for rows.",
            "## When to use\n\nThe task asks for rows.\n\n## Rules\n\n"
            "- Quote names.\n- Use LIKE twice.",
        )
    ]
    pairs = [
        {"when": "When a date is asked.", "wrong": "5 March", "right": "2021-03-05."},
        {"right": "NULL", "wrong": "NULL"},
        {"when": "x", "wrong": "y"},
    ]
    paired = read_edits(json.dumps([{**row, "rules": pairs}]))[0][0].body
    assert paired.endswith(
        "## Rules\n\n- When a date is asked, write 2021-03-05, not 5 March.\n- Write NULL."
    )
    assert read_edits(json.dumps([{**row, "rules": "One rule"}]))[0][0].body.endswith("- One rule")
    assert read_edits(json.dumps([{**row, "rules": []}]))[0][0].body == ""
    assert read_edits(json.dumps([{**row, "content": "c"}]))[0][0].body == "c"


def test_a_description_is_cut_to_what_a_skill_may_have() -> None:
    row = {"action": "ADD", "name": "a", "description": "d" * 2000, "content": "c"}
    assert len(read_edits(json.dumps([row]))[0][0].description) == 1024
