"""Chat completions against a fake endpoint on a real socket."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from grasp.agents.lanes import Lanes
from grasp.contracts import (
    AgentSetupError,
    Backend,
    Cancelled,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    Usage,
)

KEY = "sk-test-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


# -- what is sent and read ---------------------------------------------------------------


def test_sends_messages_parameters_and_key(endpoint, backend, ask) -> None:
    endpoint.says("hi")
    model = backend()
    assert isinstance(model, Backend)
    messages = (
        {"role": "system", "content": "be short"},
        {"role": "user", "content": "one"},
        {"role": "agent", "content": "two", "private": object},
        {"role": "user", "content": None},
    )
    answer = model.complete(ModelCall(messages, scope="never/sent"))
    assert answer.text == "hi"
    assert answer.usage == Usage(1, 10, 6, 4, 3)
    (request,) = endpoint.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be short"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": ""},
        ],
        "temperature": 0.0,
        "max_tokens": 8192,
    }


def test_identity_has_model_endpoint_and_parameters_but_no_key(backend, endpoint) -> None:
    model = backend(extra={"top_p": 0.5}, stop="END")
    assert model.identity == {
        "backend": "chat",
        "model": "m",
        "endpoint": endpoint.url,
        "parameters": {"temperature": 0.0, "max_tokens": 8192, "stop": ["END"], "top_p": 0.5},
    }
    assert KEY not in repr(model) + repr(vars(model)) + repr(model.identity)


def test_overrides_reach_the_request(endpoint, backend, ask) -> None:
    endpoint.says("x")
    backend(
        temperature="0.8", max_tokens=5, model="other", extra={"top_k": 3}, reasoning_effort="low"
    ).complete(ask())
    body = endpoint.requests[0].body
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.8, 5, "other")
    assert (body["top_k"], body["reasoning_effort"]) == (3, "low")


def test_temperature_default_sends_none(endpoint, backend, ask) -> None:
    endpoint.says("x")
    backend(temperature="default", max_tokens="default").complete(ask())
    assert not {"temperature", "max_tokens"} & set(endpoint.requests[0].body)


def test_tools_and_tool_calls_pass_through(endpoint, backend, chat) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    called = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**called, "extra_content": {"google": {"thought_signature": "abc"}}}
    endpoint.says(chat(None, message={"tool_calls": [signed]}, finish_reason="tool_calls"))
    messages = (
        {"role": "user", "content": "u"},
        {"role": "agent", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "1", "content": "r"},
    )
    answer = backend().complete(ModelCall(messages, tools=(tool,)))
    assert answer.text == ""
    assert answer.tool_calls == (signed,)
    assert answer.finish_reason == "tool_calls"
    body = endpoint.requests[0].body
    assert body["tools"] == [tool]
    assert body["messages"][1] == {"role": "assistant", "content": None, "tool_calls": [called]}
    assert body["messages"][2] == {"role": "tool", "content": "r", "tool_call_id": "1"}


def test_stop_is_sent_and_enforced(endpoint, backend, ask) -> None:
    endpoint.says("one\ntwo END three")
    answer = backend(stop=["END"]).complete(ask(stop=("\n", "")))
    assert endpoint.requests[0].body["stop"] == ["\n", "END"]
    assert (answer.text, answer.finish_reason) == ("one", "stop")


def test_an_endpoint_without_stop_gets_none_and_the_answer_is_cut(
    endpoint, backend, ask, reply
) -> None:
    endpoint.says(reply(400, error("Unsupported parameter: 'stop'")), "a|b", "c|d")
    model = backend()
    assert model.complete(ask(stop=("|",))).text == "a"
    assert model.complete(ask(stop=("|",))).text == "c"
    assert ["stop" in r.body for r in endpoint.requests] == [True, False, False]


def test_an_answer_that_begins_with_a_stop_sequence_is_empty_not_a_fault(
    endpoint, backend, ask
) -> None:
    endpoint.says("")
    assert backend().complete(ask(stop=("\n",))).text == ""


def test_schema_asks_for_structured_output(endpoint, backend, ask) -> None:
    endpoint.says("{}")
    model = backend()
    model.complete(ask(schema=SCHEMA))
    model.complete(ask(schema={"type": "object", "properties": {"a": {}}}))
    closed, open_ = (r.body["response_format"] for r in endpoint.requests)
    assert closed["type"] == "json_schema"
    assert closed["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}
    assert open_["json_schema"]["strict"] is False


def test_a_refused_schema_is_left_out_from_then_on(endpoint, backend, ask, reply) -> None:
    refused = reply(400, error("Invalid schema for response_format 'answer'"))
    endpoint.says(refused, "a", "b", "c")
    model = backend()
    texts = [model.complete(ask(schema=SCHEMA)).text for _ in range(2)]
    other = model.complete(ask(schema={"type": "string"})).text
    assert [*texts, other] == ["a", "b", "c"]
    assert ["response_format" in r.body for r in endpoint.requests] == [True, False, False, True]


def test_max_tokens_is_renamed_where_the_endpoint_asks_for_it(
    endpoint, backend, ask, reply
) -> None:
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    endpoint.says(reply(400, error(message, code="unsupported_parameter")), "a")
    assert backend().complete(ask()).text == "a"
    assert endpoint.requests[1].body["max_completion_tokens"] == 8192
    assert "max_tokens" not in endpoint.requests[1].body


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 8292 tokens "
        "(100 in the messages, 8192 in the completion). Please reduce the length.",
        "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context "
        "length is 4096 tokens and your request has 100 input tokens (8192 > 4096 - 100).",
    ],
)
def test_the_bound_shrinks_to_the_room_a_small_context_leaves(
    endpoint, backend, ask, reply, message
) -> None:
    endpoint.says(reply(400, error(message)), "fits")
    assert backend().complete(ask()).text == "fits"
    assert endpoint.requests[1].body["max_tokens"] == 3996


def test_parts_and_refusals_are_text(endpoint, backend, ask, chat) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "?"]
    endpoint.says(chat(None, message={"content": parts}))
    endpoint.says(chat(None, message={"refusal": "I can't help with that"}))
    model = backend()
    assert model.complete(ask()).text == "ab"
    assert model.complete(ask()).text == "I can't help with that"


def test_missing_usage_counts_the_call(endpoint, backend, ask, chat) -> None:
    endpoint.says(chat("x", usage=None))
    assert backend().complete(ask()).usage == Usage(calls=1)


def test_prices_give_costs(endpoint, backend, ask) -> None:
    endpoint.says("x")
    prices = {"m": {"prompt": 2, "cached": 1, "completion": 10}}
    usage = backend(prices=prices).complete(ask()).usage
    assert usage.cost == pytest.approx((4 * 2 + 6 * 1 + 4 * 10) / 1e6)


def test_lone_surrogates_do_not_break_the_request(endpoint, backend, ask) -> None:
    endpoint.says("x")
    backend().complete(ask("caf\u00e9 \ud83d!"))
    assert endpoint.requests[0].body["messages"][0]["content"] == "caf\u00e9 ?!"


# -- faults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "message", "pause"),
    [
        ({"retry-after": "7"}, "slow down", 7.0),
        ({"retry-after-ms": "1500"}, "slow down", 1.5),
        ({"retry-after": formatdate(1_700_000_020, usegmt=True)}, "slow down", 20.0),
        ({}, "Please try again in 3.5s.", 3.5),
        ({}, "slow down", 0.5),
    ],
)
def test_429_waits_as_long_as_the_endpoint_asks(
    endpoint, backend, ask, reply, sleeps, headers, message, pause
) -> None:
    endpoint.says(reply(429, error(message), headers=headers), "done")
    assert backend().complete(ask()).text == "done"
    assert sleeps == [pytest.approx(pause)]


def test_pauses_double_up_to_the_cap_and_end_after_ten_tries(
    endpoint, backend, ask, reply, sleeps
) -> None:
    endpoint.says(reply(503, error("overloaded")))
    with pytest.raises(EndpointError, match=r"HTTP 503: overloaded \(10 tries\)") as caught:
        backend().complete(ask())
    assert caught.value.kind == "server"
    assert not caught.value.fatal
    assert len(endpoint.requests) == 10
    assert sleeps == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_much_too_long_pause_is_not_waited_for(endpoint, backend, ask, reply, sleeps) -> None:
    endpoint.says(reply(429, error("tomorrow"), headers={"retry-after": "86400"}))
    with pytest.raises(EndpointError) as caught:
        backend().complete(ask())
    assert caught.value.kind == "rate_limit"
    assert (sleeps, len(endpoint.requests)) == ([], 1)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_transient_statuses_are_tried_again(endpoint, backend, ask, reply, status) -> None:
    endpoint.says(reply(status, raw=b"<html>busy</html>"), "done")
    assert backend().complete(ask()).text == "done"


def test_dropped_connections_are_tried_again(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(drop=True), reply(drop=True), "done")
    assert backend().complete(ask()).text == "done"
    endpoint.says(reply(drop=True))
    endpoint.replies = endpoint.replies[-1:]
    with pytest.raises(EndpointError) as caught:
        backend(max_retries=1).complete(ask())
    assert caught.value.kind == "connection"


def test_time_outs_are_tried_again(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(hang=True), "done")
    assert backend(timeout=0.2).complete(ask()).text == "done"


def test_a_time_out_for_good(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(hang=True))
    with pytest.raises(EndpointError, match=r"no answer within 0.1 s") as caught:
        backend(timeout=0.1, max_retries=0).complete(ask())
    assert caught.value.kind == "timeout"


def test_an_answer_that_drips_is_a_time_out(endpoint, backend, ask, reply, chat) -> None:
    endpoint.says(reply(data=chat("late"), drip=0.05), reply(data=chat("slow"), drip=0.0001))
    assert backend(timeout=1.0).complete(ask()).text == "slow"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("calls", [[5], "text", {"function": {}}, [{"function": {}}, None]])
def test_tool_calls_that_are_none_are_asked_again(endpoint, backend, ask, chat, calls) -> None:
    endpoint.says(chat(None, message={"tool_calls": calls}), "done")
    assert backend().complete(ask()).text == "done"


def test_nobody_listens(endpoint, backend, ask) -> None:
    model = backend(base_url="http://127.0.0.1:9/v1", max_retries=1)
    with pytest.raises(EndpointError, match=r"local \(http://127.0.0.1:9/v1\): no connection"):
        model.complete(ask())


@pytest.mark.parametrize(
    "answer",
    [b"{not json", b"", b'"text"', b"[]", b'{"object": "other"}', b'{"choices": []}',
     b'{"choices": [{"message": null}]}'],
)  # fmt: skip
def test_malformed_answers_are_tried_again_a_little(endpoint, backend, ask, reply, answer) -> None:
    endpoint.says(reply(raw=answer))
    with pytest.raises(EndpointError) as caught:
        backend().complete(ask())
    assert caught.value.kind == "malformed"
    assert len(endpoint.requests) == 3


def test_empty_content_is_an_error_and_never_the_json(endpoint, backend, ask, chat) -> None:
    endpoint.says(chat(None), "second")
    assert backend().complete(ask()).text == "second"
    endpoint.requests.clear()
    endpoint.replies = []
    endpoint.says(chat("  \n"))
    with pytest.raises(EndpointError, match="empty") as caught:
        backend().complete(ask())
    assert caught.value.kind == "empty"
    assert len(endpoint.requests) == 3


def test_no_answer_within_max_tokens_is_not_tried_again(endpoint, backend, ask, chat) -> None:
    endpoint.says(chat("", finish_reason="length"))
    with pytest.raises(EndpointError, match="used all its tokens") as caught:
        backend().complete(ask())
    assert (caught.value.kind, len(endpoint.requests)) == ("empty", 1)
    assert "max_tokens" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (400, error("whatever", code="context_length_exceeded")),
        (400, error("This model's maximum context length is 4096 tokens, you sent 5000")),
        (400, error("the request exceeds the available context size (2048 tokens)")),
        (400, [error("The input token count (9) exceeds the maximum number of tokens allowed")]),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (413, error("payload too large")),
        (400, error("Please reduce the length of the messages")),
        (500, error("too big", type="exceed_context_size_error")),
    ],
)
def test_context_limit(endpoint, backend, ask, reply, status, data) -> None:
    endpoint.says(reply(status, data))
    with pytest.raises(ContextLimitError) as caught:
        backend().complete(ask())
    assert caught.value.kind == "context_limit"
    assert len(endpoint.requests) == 1


def test_content_filter(endpoint, backend, ask, reply, chat) -> None:
    azure = error("refused", code="content_filter", innererror={"code": "ResponsibleAIPolicy"})
    endpoint.says(reply(400, azure), chat("par", finish_reason="content_filter"))
    model = backend()
    for _ in range(2):
        with pytest.raises(ContentFilterError):
            model.complete(ask())
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("status", "says", "hint"),
    [(401, "authentication failed", "key"), (403, "denied", "rights"), (404, "found", "model")],
)
def test_refusals_are_fatal_and_say_what_to_check(
    endpoint, backend, ask, reply, sleeps, status, says, hint
) -> None:
    endpoint.says(reply(status, error("no")))
    with pytest.raises(AgentSetupError, match=says) as caught:
        backend().complete(ask())
    assert caught.value.fatal
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message
    assert (len(endpoint.requests), sleeps) == (1, [])


def test_a_used_up_quota_is_fatal(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(429, error("You exceeded your quota", code="insufficient_quota")))
    with pytest.raises(AgentSetupError, match="quota"):
        backend().complete(ask())
    assert len(endpoint.requests) == 1


def test_a_refused_temperature_says_how_to_send_none(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(400, error("'temperature' does not support 0.0 with this model")))
    with pytest.raises(AgentSetupError) as caught:
        backend().complete(ask())
    assert "default" in caught.value.hint


def test_a_named_wrong_key_or_model_is_fatal(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(400, error("API key not valid")))
    with pytest.raises(AgentSetupError):
        backend().complete(ask())


def test_a_request_that_can_not_be_made(endpoint, backend, ask) -> None:
    endpoint.says("x")
    with pytest.raises(EndpointError) as caught:
        backend(extra={"field": object()}).complete(ask())
    assert caught.value.kind == "bad_request"


def test_an_endpoint_that_never_agrees_is_given_up(endpoint, backend, ask, reply) -> None:
    model = backend()
    model._adapt = lambda answer, request, call: call
    endpoint.says(reply(400, error("no")))
    with pytest.raises(EndpointError, match="every form"):
        model.complete(ask())


@pytest.mark.parametrize("status", [400, 405, 418, 422])
def test_other_refusals_are_not_tried_again(endpoint, backend, ask, reply, status) -> None:
    endpoint.says(reply(status, error("bad field")))
    with pytest.raises(EndpointError, match="bad field") as caught:
        backend().complete(ask())
    assert (caught.value.kind, len(endpoint.requests)) == ("bad_request", 1)


def test_an_error_inside_an_answer_with_status_200(endpoint, backend, ask, reply) -> None:
    endpoint.says(error("upstream died"), error("busy", code=429), "done")
    assert backend().complete(ask()).text == "done"
    assert len(endpoint.requests) == 3


def test_an_endpoint_that_refuses_every_schema_in_turn_ends(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(400, error("response_format: bad schema")))
    with pytest.raises(EndpointError):
        backend().complete(ask(schema=SCHEMA))
    assert len(endpoint.requests) == 2


# -- secrets -----------------------------------------------------------------------------


def test_a_key_the_endpoint_echoes_is_scrubbed(endpoint, backend, ask, reply, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    echo = error(f"bad key {KEY} in 'Bearer {KEY}'", code=KEY)
    endpoint.says(reply(503, echo), reply(401, echo))
    with pytest.raises(AgentSetupError) as caught:
        backend().complete(ask())
    said = f"{caught.value} {caught.value.hint} {caught.value!r}"
    assert KEY not in said
    assert "***" in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert KEY not in caplog.text


def test_passwords_in_the_base_url_stay_out(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(500, error("hunter2secret")))
    url = endpoint.url.replace("://", "://me:hunter2secret@") + "?sig=abcdefghij"
    model = backend(base_url=url, max_retries=0)
    assert model.identity["endpoint"] == endpoint.url
    with pytest.raises(EndpointError) as caught:
        model.complete(ask())
    assert "hunter2secret" not in str(caught.value)


# -- life --------------------------------------------------------------------------------


def test_connections_are_reused(endpoint, backend, ask) -> None:
    endpoint.says("x")
    model = backend()
    for _ in range(5):
        model.complete(ask())
    assert len({r.client for r in endpoint.requests}) == 1


def test_many_threads(endpoint, backend, reply, chat) -> None:
    def echo(request):
        return reply(data=chat(request.body["messages"][0]["content"]))

    endpoint.says(echo)
    model = backend()

    def one(i: int) -> str:
        return model.complete(ModelCall(({"role": "user", "content": f"n{i}"},))).text

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(100))) == [f"n{i}" for i in range(100)]


@pytest.mark.parametrize("preset", ["local", "gpt4"])
def test_a_wave_spreads_over_clients_and_a_small_load_stays_on_one(
    endpoint, backend, ask, preset
) -> None:
    endpoint.says("x")
    model = backend(preset)
    model._lanes._width = 2
    with ThreadPoolExecutor(8) as pool:
        assert {a.text for a in pool.map(model.complete, [ask()] * 40)} == {"x"}
    lanes = len(model._lanes._clients)
    assert 1 <= lanes <= 4
    endpoint.requests.clear()
    for _ in range(5):
        model.complete(ask())
    assert len({r.client for r in endpoint.requests}) == 1
    assert len(model._lanes._clients) == lanes
    key = "authorization" if preset == "local" else "api-key"
    assert all(r.headers[key].endswith(KEY) for r in endpoint.requests)


def test_lanes_are_lent_in_order() -> None:
    class Client:
        def __init__(self, number: int = 0) -> None:
            self.number, self.closed = number, False

        def copy(self, http_client: int) -> Client:
            return Client(http_client)

        def close(self) -> None:
            self.closed = True

    numbers = iter(range(1, 9))
    first = Client()
    lanes = Lanes(first, lambda: next(numbers), width=1)
    with lanes.client() as a, lanes.client() as b:
        assert (a.number, b.number) == (0, 1)
    with lanes.client() as c:
        assert c is first
    lanes.close()
    assert first.closed
    assert b.closed


def test_tls_is_verified() -> None:
    import ssl

    from grasp.agents.http import http_client

    client = http_client(5.0)
    context = client._transport._pool._ssl_context
    client.close()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_closing_ends_a_pause(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(503))
    model = backend()
    model._retrier.sleep = lambda seconds: model.close()
    with pytest.raises(Cancelled):
        model.complete(ask())
