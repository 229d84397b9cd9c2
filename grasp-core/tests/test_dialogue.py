"""The chat of a tool-calling episode: both ways to call, and what the model is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Completion, ConfigError, Message, Usage
from grasp.dialogue import Dialogue, calls_in_text, declare, is_text, read_arguments, tools_in_text

TOOLS = [declare("add", "Add.", left="One.", right={"type": "integer"})]
OPENING = [{"role": "user", "content": "Go."}]


class Model:
    """Says what it was given, and keeps what it was sent."""

    usage = Usage()

    def __init__(self, *completions: Completion) -> None:
        self._completions = list(completions)
        self.sent: list[list[Message]] = []
        self.tools: list[Any] = []

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        self.sent.append(list(history))
        self.tools.append(tools)
        self.completion = self._completions.pop(0)
        return self.completion.text


def native(arguments: Any, number: int = 1) -> dict[str, Any]:
    function = {"name": "add", "arguments": arguments}
    return {"id": f"c{number}", "type": "function", "function": function}


def test_a_declaration_requires_every_parameter() -> None:
    schema = TOOLS[0]["function"]["parameters"]
    assert schema["required"] == ["left", "right"]
    assert schema["properties"]["left"] == {"type": "string", "description": "One."}


def test_native_calls() -> None:
    model = Model(
        Completion("hm", tool_calls=(native('{"left": "1", "right": 2}'),)), Completion("x")
    )
    talk = Dialogue(model, OPENING)
    text, (call,) = talk.ask(TOOLS)
    assert (text, call.name, call.first, call.error) == ("hm", "add", "1", "")
    talk.result(call, "3")
    assert talk.ask(TOOLS) == ("x", [])
    assert model.tools == [TOOLS, TOOLS]
    turn, result = model.sent[1][1:]
    assert turn["tool_calls"][0]["id"] == "c1" == result["tool_call_id"]
    assert talk.actions == ["hm", 'CALL add({"left": "1", "right": 2})', "x"]
    assert [m["role"] for m in talk.told] == ["user", "agent", "tool", "agent"]


def test_calls_in_text() -> None:
    said = 'Let me:\n```json\n{"tool": "add", "arguments": {"left": "1"}}\n```'
    model = Model(Completion(said), Completion("done"))
    talk = Dialogue(model, OPENING, as_text=True)
    _, (call,) = talk.ask(TOOLS)
    talk.result(call, "3")
    talk.say("Go on.")
    talk.ask(TOOLS)
    assert model.tools == [None, None]
    assert model.sent[1][2:] == [
        {"role": "user", "content": "Result of add:\n3"},
        {"role": "user", "content": "Go on."},
    ]


def test_a_last_turn_without_tools_has_no_calls() -> None:
    model = Model(Completion("x", tool_calls=(native("{}"),)))
    assert Dialogue(model, OPENING).ask() == ("x", [])


@pytest.mark.parametrize("bad", ["{", "[1]", "3", 7])
def test_arguments_that_are_no_object(bad: Any) -> None:
    arguments, error = read_arguments(bad)
    assert arguments is None
    assert error


def test_line_breaks_in_strings_are_read() -> None:
    assert read_arguments('{"a": "x\ny"}') == ({"a": "x\ny"}, "")
    assert read_arguments(None) == ({}, "")


@given(st.text())
def test_any_text_can_be_searched_for_calls(text: str) -> None:
    for call in calls_in_text(text):
        assert call.name in text


def test_the_words_about_tools_name_them() -> None:
    assert '"name": "add"' in tools_in_text(TOOLS)


def test_tool_calling_is_checked() -> None:
    assert is_text("text")
    assert not is_text("native")
    with pytest.raises(ConfigError, match="tool_calling is 'json'"):
        is_text("json")
