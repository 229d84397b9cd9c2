"""The content address of a model call, and its JSON form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage


def call_content(call: ModelCall) -> dict[str, Any]:
    """Return what the model sees of a call as JSON data: everything but the scope."""
    content: dict[str, Any] = {"messages": [dict(m) for m in call.messages]}
    if call.tools is not None:
        content["tools"] = [dict(t) for t in call.tools]
    if call.stop:
        content["stop"] = list(call.stop)
    if call.schema is not None:
        content["schema"] = call.schema
    if call.max_tokens is not None:
        content["max_tokens"] = call.max_tokens
    return content


def content_key(identity: Mapping[str, Any], call: ModelCall) -> str:
    """Hash a backend's identity and a call's content (SHA-256, 64 hex digits).

    Two calls with one key differ at most in their scope.
    """
    text = json.dumps(
        {"identity": identity, **call_content(call)},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def completion_to_json(completion: Completion) -> dict[str, Any]:
    """Return a completion as JSON data."""
    usage = completion.usage
    data: dict[str, Any] = {
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "usage": {k: v for k, v in vars(usage).items() if v},
    }
    if completion.tool_calls:
        data["tool_calls"] = [dict(t) for t in completion.tool_calls]
    return data


def completion_from_json(data: Mapping[str, Any]) -> Completion:
    """Build a completion from ``completion_to_json``'s data."""
    return Completion(
        text=data["text"],
        usage=Usage(**data.get("usage", {})),
        tool_calls=tuple(data.get("tool_calls", ())),
        finish_reason=data.get("finish_reason", "stop"),
    )
