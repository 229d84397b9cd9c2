"""The kinds of endpoint a preset may name, and what each can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from grasp.agents.settings import FIELDS

_CALL = frozenset({"model", "temperature", "max_tokens", "stop", "extra", "prices"})
_HTTP = _CALL | {"base_url", "api_key", "timeout", "max_retries", "retry_cap"}


@dataclass(frozen=True)
class Api:
    """One kind of endpoint.

    Attributes:
        factory: Dotted path of ``(settings) -> Backend``, imported when used.
        accepts: Fields of ``Settings`` it uses; an override of another one is an error.
        tolerates: Fields of the other kinds that change nothing here and are let pass, so
            that one run configuration fits every preset.
        needs: Module → extra of grasp-core that brings it.
        requires: Fields that must not be empty.
    """

    factory: str
    accepts: frozenset[str]
    tolerates: frozenset[str] = frozenset()
    needs: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ("model", "base_url")


APIS: Mapping[str, Api] = MappingProxyType(
    {
        "chat": Api("grasp.agents.chat:open_chat", _HTTP | {"reasoning_effort"}),
        "azure-chat": Api(
            "grasp.agents.chat:azure_chat",
            _HTTP | {"api_version", "reasoning_effort"},
            requires=("model", "base_url", "api_key", "api_version"),
        ),
        "responses": Api(
            "grasp.agents.responses:open_responses",
            _HTTP - {"temperature"} | {"reasoning_effort", "verbosity"},
            tolerates=frozenset({"temperature"}),
            requires=("model", "base_url", "api_key"),
        ),
        "vertex": Api(
            "grasp.agents.chat:vertex_chat",
            _HTTP - {"api_key"} | {"project", "location", "reasoning_effort"},
            needs={"google.auth": "gemini", "requests": "gemini"},
            requires=("model", "project", "location"),
        ),
        "llamacpp": Api(
            "grasp.agents.llamacpp:open_llamacpp",
            _CALL | {"model_path", "threads", "context", "parallel"},
            tolerates=frozenset({"timeout", "max_retries", "retry_cap"}),
            needs={"xllamacpp": "llamacpp"},
            requires=("model_path",),
        ),
        "recorded": Api(
            "grasp.agents.recorded:open_recorded",
            frozenset({"path", "model", "temperature", "max_tokens", "stop"}),
            tolerates=FIELDS,
            requires=("path",),
        ),
        "scripted": Api(
            "grasp.agents.scripted:open_scripted",
            frozenset({"policy", "model", "temperature", "max_tokens", "stop"}),
            tolerates=FIELDS,
            requires=(),
        ),
    }
)
