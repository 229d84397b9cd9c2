"""The Responses API, as Azure serves it for reasoning models (spec: backends, ``gpt5``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grasp.agents import wire
from grasp.agents.faults import refusal
from grasp.agents.http import HttpBackend, http_client
from grasp.agents.retry import Retrier
from grasp.agents.settings import Settings
from grasp.contracts import Completion, ContentFilterError, Message, ModelCall

_ROLES = {"agent": "assistant", "system": "developer"}

#: Codes of a failed response, and the HTTP status each stands for.
_STATUS = {"rate_limit_exceeded": 429, "server_error": 500, "invalid_prompt": 400}


class ResponsesBackend(HttpBackend):
    """Answers calls through ``/responses``.

    No temperature is sent: the models behind it take none. The API has no stop
    sequences, so the answer is cut here.
    """

    path = "/responses"

    def _parameters(self) -> dict[str, Any]:
        return self._settings.parameters("reasoning_effort", "verbosity", "max_tokens")

    def _request(self, call: ModelCall) -> dict[str, Any]:
        settings = self._settings
        request: dict[str, Any] = {
            "model": settings.model,
            "input": input_items(call.messages),
        }
        if settings.reasoning_effort:
            request["reasoning"] = {"effort": settings.reasoning_effort, "summary": "auto"}
        text: dict[str, Any] = {}
        if settings.verbosity:
            text["verbosity"] = settings.verbosity
        schema = self._schema(call)
        if schema is not None:
            text["format"] = {"type": "json_schema", **schema}
        if text:
            request["text"] = text
        limit = call.max_tokens or settings.max_tokens
        if limit:
            request["max_output_tokens"] = limit
        if call.tools:
            request["tools"] = [_tool(tool) for tool in call.tools]
        return request

    def _read(self, data: Mapping[str, Any], call: ModelCall) -> Completion:
        output = data.get("output")
        if not isinstance(output, list):
            raise self._malformed("has no output")
        reason = _finish_reason(data)
        if reason == "content_filter":
            raise ContentFilterError(f"{self._where}: the answer was stopped by a filter")
        items = [item for item in output if isinstance(item, Mapping)]
        text = "".join(_texts(item) for item in items if item.get("type") == "message")
        tool_calls = tuple(_tool_call(i) for i in items if i.get("type") == "function_call")
        sequences = wire.stops(call, self._settings.stop)
        cut, stopped = wire.cut_at(text, sequences)
        if not text.strip() and not tool_calls:
            raise self._empty(reason)
        if tool_calls and reason == "stop":
            reason = "tool_calls"
        usage = wire.read_usage(data.get("usage"))
        return Completion(cut, usage, tool_calls, "stop" if stopped else reason)

    def _failure(self, data: Mapping[str, Any]) -> Exception:
        error = data["error"]
        code = str(error.get("code") or "") if isinstance(error, Mapping) else ""
        status = _STATUS.get(code, 400 if data.get("status") == "failed" else 502)
        return refusal(status, data, {}, self._secrets())


def _finish_reason(data: Mapping[str, Any]) -> str:
    if data.get("status") != "incomplete":
        return "stop"
    details = data.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    return "length" if reason == "max_output_tokens" else str(reason or "length")


def _texts(item: Mapping[str, Any]) -> str:
    parts = [p for p in item.get("content") or () if isinstance(p, Mapping)]
    return "".join(str(p.get("text") or p.get("refusal") or "") for p in parts)


def _tool_call(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function call in the form of chat completions."""
    return {
        "id": item.get("call_id"),
        "type": "function",
        "function": {"name": item.get("name"), "arguments": item.get("arguments", "")},
    }


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool definition of chat completions in the flat form of this API."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return dict(tool)
    return {"type": "function", "strict": False, **function}


def input_items(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages as input items: ``system`` is ``developer``, tools are items of their own."""
    items: list[dict[str, Any]] = []
    for message in messages:
        role, content = message.get("role", "user"), wire.encodable(message.get("content"))
        if role == "tool":
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": message.get("tool_call_id", ""),
                    "output": content if isinstance(content, str) else str(content or ""),
                }
            )
            continue
        tool_calls = message.get("tool_calls") or ()
        if content or not tool_calls:
            items.append({"role": _ROLES.get(role, role), "content": content or ""})
        items += [
            {
                "type": "function_call",
                "call_id": c.get("id", ""),
                "name": c["function"]["name"],
                "arguments": c["function"].get("arguments", ""),
            }
            for c in tool_calls
        ]
    return items


def open_responses(settings: Settings, retrier: Retrier | None = None) -> ResponsesBackend:
    """Build the backend of a Responses endpoint (base URL ends in ``/openai/v1/``)."""
    import openai

    client = openai.OpenAI(
        api_key=settings.api_key,
        base_url=settings.base_url,
        max_retries=0,
        http_client=http_client(settings.timeout),
    )
    return ResponsesBackend(settings, client, retrier=retrier)
