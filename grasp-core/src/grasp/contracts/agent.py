"""The agent a task talks to, and the backend that answers for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from grasp.contracts.rollout import Message


@dataclass(frozen=True)
class Usage:
    """Tokens and calls of one answer or a sum of many.

    ``cost`` is in the currency of the price table, 0 where there is none.
    """

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cost + other.cost,
        )


@dataclass(frozen=True)
class ModelCall:
    """Everything of one call that the answer may depend on, besides the backend's identity.

    Attributes:
        messages: The prompt. Roles ``system``, ``user``, ``agent``, ``tool``.
        tools: Tool definitions in OpenAI's form, or ``None``.
        stop: Stop sequences; the answer never contains them.
        schema: JSON schema the answer must satisfy, or ``None``. A backend that
            can't enforce it ignores it; the caller parses tolerantly.
        max_tokens: Upper bound for this answer; ``None`` = the preset's.
        scope: Where in the run the call is made (``e0/b1/probe/c2/<sample>#0``). Never
            sent; it makes deliberate repeats of one prompt different calls, whatever
            the order in which threads make them.
    """

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    max_tokens: int | None = None
    scope: str = ""


@dataclass(frozen=True)
class Completion:
    """One answer of a model.

    ``tool_calls`` are in OpenAI's form (``id``, ``type``, ``function``).
    """

    text: str
    usage: Usage = field(default_factory=Usage)
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str = "stop"


@runtime_checkable
class Backend(Protocol):
    """Answers model calls. Safe to call from many threads.

    Raises ``AgentError`` subclasses; retries transient faults itself. A backend may have
    a method ``stop_retrying()``, called when the user interrupts.
    """

    @property
    def identity(self) -> Mapping[str, Any]:
        """What the answers depend on: ``backend``, ``model``, ``endpoint``, ``parameters``.

        JSON-serialisable, stable between processes, without secrets.
        """
        ...

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class Agent(Protocol):
    """What a task drives: ``inference(history, tools=None) -> str``.

    Agents that GRASP passes to ``Task.rollout`` also take the keywords of
    ``ModelCall`` (``stop``, ``schema``, ``max_tokens``); a user's own agent
    need not. Where an agent wraps another, that one is its ``inner``.
    """

    @property
    def usage(self) -> Usage:
        """Sum of this agent's answers so far."""
        ...

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Return the agent's next turn for this history."""
        ...


def last_completion(agent: Any) -> Completion | None:
    """Return the whole of an agent's last answer, with its tool calls.

    It is found through whatever agents are wrapped around the one that knows it;
    ``None`` where none of them does.
    """
    while agent is not None:
        completion = getattr(agent, "completion", None)
        if isinstance(completion, Completion):
            return completion
        agent = getattr(agent, "inner", None)
    return None
