"""Chat completions: OpenAI and what is compatible, Azure, and Vertex AI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grasp.agents import wire
from grasp.agents.faults import Refusal
from grasp.agents.google import BearerToken, endpoint
from grasp.agents.http import HttpBackend, http_client
from grasp.agents.retry import Retrier
from grasp.agents.settings import Settings
from grasp.contracts import Completion, ContentFilterError, ModelCall

#: Less room than this for an answer means that the prompt is too long.
_LEAST_ROOM = 256

_WINDOW = re.compile(r"(?i)maximum context length (?:is|of) (\d+)")
_PROMPT = re.compile(r"(?i)(\d+) (?:input tokens|in the messages|in the prompt)")


class ChatBackend(HttpBackend):
    """Answers calls through ``/chat/completions`` (spec: backends)."""

    path = "/chat/completions"

    def _parameters(self) -> dict[str, Any]:
        return self._settings.parameters("temperature", "max_tokens", "reasoning_effort")

    def _request(self, call: ModelCall) -> dict[str, Any]:
        settings = self._settings
        request: dict[str, Any] = {
            "model": settings.model,
            "messages": wire.chat_messages(call.messages),
        }
        if settings.temperature is not None:
            request["temperature"] = settings.temperature
        limit = call.max_tokens or settings.max_tokens
        if limit:
            longer_name = "max_tokens" in self._without
            request["max_completion_tokens" if longer_name else "max_tokens"] = limit
        if settings.reasoning_effort:
            request["reasoning_effort"] = settings.reasoning_effort
        if call.tools:
            request["tools"] = [dict(tool) for tool in call.tools]
        sequences = wire.stops(call, settings.stop)
        if sequences and "stop" not in self._without:
            request["stop"] = list(sequences)
        schema = self._schema(call)
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def _adapt(self, answer: Refusal, request: dict[str, Any], call: ModelCall) -> ModelCall | None:
        renamed = answer.mentions("max_completion_tokens") and answer.mentions("support", "instead")
        if "max_tokens" in request and renamed:
            self._without.add("max_tokens")
            return call
        fitting = _fitting(answer, request, call)
        if fitting is not None:
            return fitting
        if "stop" in request and re.search(r"(?i)\bstop\b", f"{answer.code} {answer.text}"):
            self._without.add("stop")
            return call
        return super()._adapt(answer, request, call)

    def _read(self, data: Mapping[str, Any], call: ModelCall) -> Completion:
        choices = data.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, Mapping) else None
        if choice is None or not isinstance(message, Mapping):
            raise self._malformed("has no message")
        reason = str(choice.get("finish_reason") or "stop")
        if reason == "content_filter":
            raise ContentFilterError(f"{self._where}: the answer was stopped by a filter")
        text = _text(message.get("content")) or _text(message.get("refusal"))
        tool_calls = self._tool_calls(message)
        sequences = wire.stops(call, self._settings.stop)
        cut, stopped = wire.cut_at(text, sequences)
        # With stop sequences an answer may rightly be empty: it began with one of them.
        if not text.strip() and not tool_calls and not (sequences and reason == "stop"):
            raise self._empty(reason)
        usage = wire.read_usage(data.get("usage"))
        return Completion(cut, usage, tool_calls, "stop" if stopped else reason)

    def _tool_calls(self, message: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        """Return a message's tool calls.

        Raises:
            Transient: There is something else in their place.
        """
        found = message.get("tool_calls") or ()
        if not (isinstance(found, list | tuple) and all(isinstance(c, Mapping) for c in found)):
            raise self._malformed("has tool calls that are none")
        return tuple(found)


def _fitting(answer: Refusal, request: Mapping[str, Any], call: ModelCall) -> ModelCall | None:
    """Return the call with the room that is left, where only the answer's bound is too large.

    vLLM refuses a prompt that fits if ``max_tokens`` on top of it would not, so that a
    preset's bound would make a model with a small context useless.
    """
    window, prompt = _WINDOW.search(answer.text), _PROMPT.search(answer.text)
    asked = request.get("max_tokens") or request.get("max_completion_tokens")
    if window is None or prompt is None or not asked:
        return None
    room = int(window.group(1)) - int(prompt.group(1))
    return replace(call, max_tokens=room) if _LEAST_ROOM <= room < asked else None


def _text(content: Any) -> str:
    """Return the text of a content, which some endpoints send in parts."""
    if isinstance(content, list):
        return "".join(_text(p.get("text")) for p in content if isinstance(p, Mapping))
    return content if isinstance(content, str) else ""


def open_chat(settings: Settings, retrier: Retrier | None = None) -> ChatBackend:
    """Build the backend of an OpenAI-compatible endpoint."""
    import openai

    client = openai.OpenAI(
        api_key=settings.api_key or "EMPTY",
        base_url=settings.base_url,
        max_retries=0,
        http_client=http_client(settings.timeout),
    )
    return ChatBackend(settings, client, retrier=retrier)


def azure_chat(settings: Settings, retrier: Retrier | None = None) -> ChatBackend:
    """Build the backend of an Azure deployment; the model is the deployment's name."""
    import openai

    settings = replace(settings, model=settings.model.removeprefix("azure/"))
    client = openai.AzureOpenAI(
        api_key=settings.api_key,
        azure_endpoint=settings.base_url.rstrip("/"),
        api_version=settings.api_version,
        max_retries=0,
        http_client=http_client(settings.timeout),
    )
    return ChatBackend(settings, client, retrier=retrier)


def vertex_chat(
    settings: Settings, retrier: Retrier | None = None, token: BearerToken | None = None
) -> ChatBackend:
    """Build the backend of Vertex AI's OpenAI-compatible endpoint.

    Raises:
        AgentSetupError: There are no application-default credentials.
    """
    import openai

    model = settings.model.removeprefix("vertex_ai/")
    settings = replace(settings, model=model if "/" in model else f"google/{model}")
    base_url = settings.base_url or endpoint(settings.project, settings.location)
    token = token or BearerToken()
    client = openai.OpenAI(
        api_key="EMPTY",
        base_url=base_url,
        max_retries=0,
        http_client=http_client(settings.timeout),
    )
    return ChatBackend(settings, client, retrier=retrier, headers=token.headers, endpoint=base_url)
