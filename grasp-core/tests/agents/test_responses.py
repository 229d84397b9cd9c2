"""The Responses API against a fake endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from grasp.contracts import (
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    Usage,
)

KEY = "sk-test-0123456789abcdef"


def response(text: str | None = "ok", *items: Any, **changes: Any) -> dict[str, Any]:
    output: list[Any] = [{"type": "reasoning", "id": "r", "summary": []}]
    if text is not None:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        output.append({"type": "message", "role": "assistant", "content": content})
    return {
        "id": "resp",
        "object": "response",
        "status": "completed",
        "error": None,
        "output": [*output, *items],
        "usage": {
            "input_tokens": 20,
            "input_tokens_details": {"cached_tokens": 5},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": 29,
        },
        **changes,
    }


def test_sends_developer_messages_effort_and_verbosity(endpoint, backend) -> None:
    endpoint.says(response("hi"))
    model = backend("gpt5", temperature=0.9)
    messages = (
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "agent", "content": "a"},
        {"role": "user", "content": "v"},
    )
    answer = model.complete(ModelCall(messages))
    assert (answer.text, answer.finish_reason) == ("hi", "stop")
    assert answer.usage == Usage(1, 20, 5, 9, 7)
    (request,) = endpoint.requests
    assert request.path == "/openai/v1/responses"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "gpt-5.4",
        "input": [
            {"role": "developer", "content": "s"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "a"},
            {"role": "user", "content": "v"},
        ],
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"verbosity": "low"},
        "max_output_tokens": 32768,
        "store": False,
    }
    assert model.identity["parameters"] == {
        "reasoning_effort": "low",
        "verbosity": "low",
        "max_tokens": 32768,
        "store": False,
    }


def test_the_answer_is_cut_at_stop(endpoint, backend, ask) -> None:
    endpoint.says(response("one\ntwo"))
    answer = backend("gpt5").complete(ask(stop=("\n",), max_tokens=7))
    assert answer.text == "one"
    assert "stop" not in endpoint.requests[0].body
    assert endpoint.requests[0].body["max_output_tokens"] == 7


def test_schema_is_a_text_format_and_is_dropped_when_refused(endpoint, backend, ask, reply) -> None:
    refused = {"error": {"message": "Invalid schema", "param": "text.format.schema"}}
    endpoint.says(response("{}"), reply(400, refused), response("plain"))
    model = backend("gpt5")
    model.complete(ask(schema={"type": "string"}))
    assert endpoint.requests[0].body["text"]["format"] == {
        "type": "json_schema",
        "name": "answer",
        "schema": {"type": "string"},
        "strict": True,
    }
    assert model.complete(ask(schema={"type": "string"})).text == "plain"
    assert "format" not in endpoint.requests[-1].body["text"]


def test_tools_in_both_directions(endpoint, backend) -> None:
    item = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"x":1}'}
    endpoint.says(response(None, item))
    called = {"id": "c0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = (
        {"role": "user", "content": "u"},
        {"role": "agent", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c0", "content": "r"},
        {"role": "tool", "tool_call_id": "c0", "content": ["r"]},
    )
    tools = (
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
        {"type": "web_search"},
    )
    answer = backend("gpt5").complete(ModelCall(messages, tools=tools))
    function = {"name": "f", "arguments": '{"x":1}'}
    assert answer.tool_calls == ({"id": "c1", "type": "function", "function": function},)
    assert answer.finish_reason == "tool_calls"
    body = endpoint.requests[0].body
    assert body["tools"] == [
        {"type": "function", "strict": False, "name": "f", "parameters": {"type": "object"}},
        {"type": "web_search"},
    ]
    assert body["input"][1:] == [
        {"type": "function_call", "call_id": "c0", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c0", "output": "r"},
        {"type": "function_call_output", "call_id": "c0", "output": "['r']"},
    ]


def incomplete(reason: str, text: str | None) -> dict[str, Any]:
    return response(text, status="incomplete", incomplete_details={"reason": reason})


def test_incomplete_answers(endpoint, backend, ask) -> None:
    endpoint.says(
        incomplete("max_output_tokens", "half"),
        incomplete("max_output_tokens", None),
        incomplete("content_filter", "x"),
    )
    model = backend("gpt5")
    assert model.complete(ask()).finish_reason == "length"
    with pytest.raises(EndpointError, match="used all its tokens"):
        model.complete(ask())
    with pytest.raises(ContentFilterError):
        model.complete(ask())


def test_failed_responses_with_status_200(endpoint, backend, ask) -> None:
    def failed(code: str, message: str = "no") -> dict[str, Any]:
        return response(None, status="failed", error={"code": code, "message": message})

    endpoint.says(failed("server_error"), failed("rate_limit_exceeded"), response("fine"))
    model = backend("gpt5")
    assert model.complete(ask()).text == "fine"
    endpoint.replies = []
    endpoint.says(failed("invalid_prompt", "context length exceeded"))
    with pytest.raises(ContextLimitError):
        model.complete(ask())


@pytest.mark.parametrize("data", [{"output": "?"}, {"id": "x"}])
def test_malformed(endpoint, backend, ask, data) -> None:
    endpoint.says(data)
    with pytest.raises(EndpointError) as caught:
        backend("gpt5").complete(ask())
    assert caught.value.kind == "malformed"


def test_refusals_are_text_and_empty_is_an_error(endpoint, backend, ask) -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
    endpoint.says(response(None, refusal), response(None))
    model = backend("gpt5")
    assert model.complete(ask()).text == "no"
    with pytest.raises(EndpointError, match="empty"):
        model.complete(ask())
