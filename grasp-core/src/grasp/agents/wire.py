"""Between GRASP's messages and what endpoints speak."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from grasp.contracts import Message, ModelCall, Usage

#: An error that holds one of these is about structured output.
SCHEMA_WORDS = (
    "response_format",
    "json_schema",
    "schema",
    "guided",
    "structured output",
    "grammar",
    "text.format",
)

_KEYS = ("name", "tool_calls", "tool_call_id")


def chat_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages as chat completions want them: the role ``agent`` is ``assistant``.

    Keys that belong to a task are left out; tool calls pass through untouched.
    """
    wire = []
    for message in messages:
        role = message.get("role", "user")
        sent: dict[str, Any] = {"role": "assistant" if role == "agent" else role}
        content = encodable(message.get("content"))
        sent["content"] = "" if content is None and not message.get("tool_calls") else content
        sent |= {k: message[k] for k in _KEYS if message.get(k)}
        wire.append(sent)
    return wire


def encodable(content: Any) -> Any:
    """Return a text without lone surrogates, which models write but UTF-8 can't carry."""
    if not isinstance(content, str) or content.isascii():
        return content
    return content.encode("utf-8", "replace").decode("utf-8")


def stops(call: ModelCall, preset: Sequence[str]) -> tuple[str, ...]:
    """Return the stop sequences of a call and of the preset, each once, none empty."""
    return tuple(dict.fromkeys(s for s in (*call.stop, *preset) if s))


def cut_at(text: str, sequences: Sequence[str]) -> tuple[str, bool]:
    """Cut ``text`` before the first stop sequence in it; say whether there was one."""
    found = [i for i in (text.find(s) for s in sequences if s) if i >= 0]
    return (text[: min(found)], True) if found else (text, False)


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``json_schema`` object that asks for structured output."""
    return {"name": "answer", "schema": dict(schema), "strict": is_closed(schema)}


def schema_mark(schema: Mapping[str, Any]) -> str:
    """Return a short name of a schema, equal for equal schemas."""
    text = json.dumps(schema, sort_keys=True)
    return "schema:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_closed(schema: Any) -> bool:
    """Whether a schema meets the rules of strict mode: no open object, nothing optional."""
    if isinstance(schema, Mapping):
        if schema.get("type") == "object":
            properties = schema.get("properties", {})
            if schema.get("additionalProperties") is not False:
                return False
            if set(schema.get("required", ())) != set(properties):
                return False
        return all(is_closed(v) for v in schema.values())
    if isinstance(schema, list):
        return all(is_closed(v) for v in schema)
    return True


def read_usage(data: Any) -> Usage:
    """Read the usage of a chat completion or of a response; what is missing is 0."""
    usage = data if isinstance(data, Mapping) else {}
    chat = "prompt_tokens" in usage or "completion_tokens" in usage
    prompt, completion = ("prompt", "completion") if chat else ("input", "output")
    return Usage(
        calls=1,
        prompt_tokens=_tokens(usage, f"{prompt}_tokens"),
        cached_tokens=_tokens(usage.get(f"{prompt}_tokens_details"), "cached_tokens"),
        completion_tokens=_tokens(usage, f"{completion}_tokens"),
        reasoning_tokens=_tokens(usage.get(f"{completion}_tokens_details"), "reasoning_tokens"),
    )


def _tokens(data: Any, key: str) -> int:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
