"""Makes a backend of whatever a user calls an agent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from grasp.agents.wire import cut_at
from grasp.contracts import (
    AgentError,
    Backend,
    Completion,
    ConfigError,
    EndpointError,
    ModelCall,
    Usage,
)

_OPTIONS = ("tools", "stop", "schema", "max_tokens")


def adapt(agent: Any) -> Backend:
    """Return a backend that asks ``agent``; a backend is returned as it is.

    Args:
        agent: An object with ``inference(history, tools=None)``, or a callable
            ``history -> str``. It may take the keywords ``tools``, ``stop``, ``schema``,
            ``max_tokens``, and is passed only those it takes. It may return a
            ``Completion`` instead of a text. Its ``identity`` attribute, if it has one,
            says what its answers depend on; otherwise the name of its class does.

    Raises:
        ConfigError: It can't be asked.
    """
    if callable(getattr(agent, "complete", None)) and hasattr(agent, "identity"):
        backend: Backend = agent
        return backend
    if isinstance(agent, type):
        raise ConfigError(
            f"the agent is the class {agent.__name__}, not an object", "pass an instance of it"
        )
    ask = getattr(agent, "inference", None) or agent
    if not callable(ask):
        raise ConfigError(
            f"{type(agent).__name__!r} is not an agent",
            "give it inference(history, tools=None), or pass a function history -> str",
        )
    return AdaptedBackend(agent, ask)


class AdaptedBackend:
    """A user's agent as a backend; as safe to call from many threads as the agent is."""

    def __init__(self, agent: Any, ask: Callable[..., Any]) -> None:
        self._agent = agent
        self._ask = ask
        self._name = _name(agent)
        self._takes = _keywords(ask)

    def __repr__(self) -> str:
        return f"AdaptedBackend({self._name})"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The agent's own ``identity``, or its class."""
        own = getattr(self._agent, "identity", None)
        if isinstance(own, Mapping):
            return dict(own)
        return {"backend": "custom", "model": str(own or self._name)}

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call.

        Raises:
            AgentError: Raised by the agent, or made from what it raised or returned.
        """
        given = {
            "tools": None if call.tools is None else [dict(t) for t in call.tools],
            "stop": list(call.stop) or None,
            "schema": call.schema,
            "max_tokens": call.max_tokens,
        }
        options = {k: v for k, v in given.items() if v is not None and k in self._takes}
        try:
            answer = self._ask([dict(m) for m in call.messages], **options)
        except AgentError:
            raise
        except Exception as error:
            raise EndpointError(
                f"the agent {self._name} raised {type(error).__name__}: {error}", kind="agent"
            ) from error
        if isinstance(answer, Completion):
            completion = answer
        elif isinstance(answer, str):
            completion = Completion(answer, Usage(calls=1))
        else:
            raise EndpointError(
                f"the agent {self._name} returned {type(answer).__name__}, not a text",
                "return the next turn as str, or a Completion",
                kind="agent",
            )
        text, cut = cut_at(completion.text, call.stop)
        if not cut:
            return completion
        return Completion(text, completion.usage, completion.tool_calls, "stop")

    def close(self) -> None:
        """Call the agent's ``close``, if it has one."""
        close = getattr(self._agent, "close", None)
        if callable(close):
            close()


def _name(agent: Any) -> str:
    kind = agent if inspect.isroutine(agent) else type(agent)
    return f"{kind.__module__}.{getattr(kind, '__qualname__', type(agent).__name__)}"


def _keywords(ask: Callable[..., Any]) -> frozenset[str]:
    try:
        parameters = inspect.signature(ask).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return frozenset(_OPTIONS)
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return frozenset(named & set(_OPTIONS))
