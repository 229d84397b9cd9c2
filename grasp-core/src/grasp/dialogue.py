"""The chat of one episode in which the model calls tools; for tasks to hold.

Two ways to call are offered, so that a task works with any model: ``native``, by the
endpoint's tool calls, and ``text``, by a JSON object in a reply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.contracts import Agent, ConfigError, Message, last_completion

#: How a model calls tools; the parameter ``tool_calling`` of tasks.
TOOL_CALLING = ("native", "text")

#: Why arguments that are JSON can't be read.
NO_OBJECT = "the arguments are not a JSON object"

_TEXT_CALLS = """
To call a tool, reply with nothing but one JSON object in a fence, and wait for the result:
```json
{"tool": "NAME", "arguments": {"...": "..."}}
```
""".strip()
_FENCE = re.compile(r"```(?:json|tool|tool_call)?\s*(\{.*?\})\s*```", re.DOTALL)


@dataclass(frozen=True)
class ToolCall:
    """One tool call of a model.

    Attributes:
        id: Given by the endpoint; results refer to it.
        name: The tool.
        arguments: ``None`` where they are no JSON object.
        error: Why they could not be read, else ``""``.
    """

    id: str
    name: str
    arguments: dict[str, Any] | None
    error: str = ""

    @property
    def first(self) -> Any:
        """The first argument's value, whatever it is called; ``None`` if there is none."""
        return next(iter((self.arguments or {}).values()), None)

    def __str__(self) -> str:
        return f"{self.name}({json.dumps(self.arguments, ensure_ascii=False)})"


def declare(name: str, description: str, **parameters: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool in OpenAI's form; all parameters are required.

    Args:
        name: What the model calls it by.
        description: What it does.
        parameters: Name -> what it is (a string then), or its JSON schema.
    """
    properties = {
        key: {"type": "string", "description": value} if isinstance(value, str) else dict(value)
        for key, value in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


def tools_in_text(tools: Sequence[Mapping[str, Any]]) -> str:
    """Return what a model must be told to call ``tools`` in its replies."""
    described = json.dumps([t["function"] for t in tools], indent=1)
    return f"{_TEXT_CALLS}\nThe tools:\n{described}"


def is_text(tool_calling: str) -> bool:
    """Return whether a task's parameter ``tool_calling`` asks for calls in text.

    Raises:
        ConfigError: It is neither ``native`` nor ``text``.
    """
    if tool_calling not in TOOL_CALLING:
        raise ConfigError(
            f"tool_calling is {tool_calling!r}", f"it is one of {', '.join(TOOL_CALLING)}"
        )
    return tool_calling == "text"


class Dialogue:
    """The chat of one episode, as the model gets it and as people read it.

    Args:
        agent: The model.
        opening: The first messages.
        as_text: Tools are called in the text of replies; the opening must say how
            (``tools_in_text``).
        strict: Arguments of native calls are JSON to the letter.
    """

    def __init__(
        self,
        agent: Agent,
        opening: Sequence[Message],
        *,
        as_text: bool = False,
        strict: bool = False,
    ) -> None:
        self._agent = agent
        self._as_text = as_text
        self._strict = strict
        self._sent: list[Message] = [dict(m) for m in opening]
        #: The transcript: tool calls stand in the text of the agent's turns.
        self.told: list[Message] = [dict(m) for m in opening]
        #: What the model said and called, as people read it.
        self.actions: list[str] = []

    def ask(self, tools: Sequence[Mapping[str, Any]] = ()) -> tuple[str, list[ToolCall]]:
        """Let the model take its turn; return its text and its tool calls.

        Raises:
            AgentError: The call failed for good.
        """
        if self._as_text or not tools:
            said = self._agent.inference(list(self._sent))
        else:
            said = self._agent.inference(list(self._sent), list(tools))
        text = said if isinstance(said, str) else ""
        turn: Message = {"role": "agent", "content": text}
        if self._as_text:
            calls = calls_in_text(text) if tools else []
        else:
            completion = last_completion(self._agent) if tools else None
            raw = completion.tool_calls if completion else ()
            calls = [_native(one, self._strict) for one in raw]
            if raw:
                turn["tool_calls"] = [dict(one) for one in raw]
        self._sent.append(turn)
        shown = [text] if text and not (calls and self._as_text) else []
        shown += [f"CALL {call}" for call in calls]
        self.told.append({"role": "agent", "content": "\n".join(shown)})
        self.actions += shown
        return text, calls

    def result(self, call: ToolCall, text: str) -> None:
        """Tell the model what a tool returned."""
        self.told.append({"role": "tool", "content": text})
        if self._as_text:
            self._sent.append({"role": "user", "content": f"Result of {call.name}:\n{text}"})
        else:
            self._sent.append({"role": "tool", "content": text, "tool_call_id": call.id})

    def unanswered(self, calls: Sequence[ToolCall]) -> None:
        """Tell the model that further calls of its turn were not made."""
        for call in calls:
            self.result(call, "Not run: one call at a time.")

    def say(self, text: str) -> None:
        """Tell the model something as the user."""
        for messages in (self.told, self._sent):
            messages.append({"role": "user", "content": text})


def calls_in_text(text: str) -> list[ToolCall]:
    """Return the tool calls in a reply: fenced objects, or a reply that is one object."""
    found = _FENCE.findall(text) or ([text] if text.strip().startswith("{") else [])
    calls = []
    for number, one in enumerate(found):
        data, _ = read_arguments(one.strip())
        if data and isinstance(data.get("tool"), str):
            arguments, error = read_arguments(data.get("arguments"))
            calls.append(ToolCall(str(number), data["tool"], arguments, error))
    return calls


def read_arguments(text: Any, *, strict: bool = False) -> tuple[dict[str, Any] | None, str]:
    """Return the arguments of a call, or ``None`` and why they can't be read.

    Args:
        text: As the model wrote them.
        strict: Nothing is no JSON, and strings have no line breaks.
    """
    if isinstance(text, Mapping):
        return dict(text), ""
    try:
        # Models write line breaks into strings of JSON; that is no reason to lose a turn.
        arguments = json.loads(text if strict else text or "{}", strict=strict)
    except (TypeError, ValueError, RecursionError) as error:
        return None, str(error)
    if not isinstance(arguments, dict):
        return None, NO_OBJECT
    return arguments, ""


def _native(raw: Mapping[str, Any], strict: bool) -> ToolCall:
    function = raw.get("function")
    function = function if isinstance(function, Mapping) else {}
    arguments, error = read_arguments(function.get("arguments"), strict=strict)
    return ToolCall(str(raw.get("id") or ""), str(function.get("name") or ""), arguments, error)
