"""An episode: retrieval, computing, answering, in the benchmark's five ways (spec, 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.contracts import (
    Agent,
    ContextLimitError,
    Message,
    Rollout,
    Status,
    last_completion,
)
from grasp_fhir_agentbench.prompts import MARKER, system_prompt, user_prompt
from grasp_fhir_agentbench.tools import (
    BY_ID,
    BY_PATIENT,
    DECLARATIONS,
    PYTHON,
    REQUEST,
    Tools,
    read_arguments,
)

#: Model calls of a multi-turn episode.
MAX_ITERATIONS = 30

NO_TOOL_CALLS = "No tool calls found in the response"
#: Sent where the model neither called a tool nor answered.
NUDGE = 'Go on: call a tool, or give the answer after the words "The final answer is:".'
NO_ANSWER = "No final answer reached within iteration limit."


@dataclass(frozen=True)
class Variant:
    """One of the benchmark's agents.

    Attributes:
        tools: Names of its tools.
        turns: ``multi``, or ``single``: one round of retrieval, one of code if it has that
            tool, and the answer.
    """

    tools: tuple[str, ...]
    turns: str

    @property
    def code(self) -> bool:
        """Whether data is reached by code alone, and never stands in the chat."""
        return PYTHON in self.tools


VARIANTS: Mapping[str, Variant] = {
    "multi_turn_code_resource": Variant((BY_PATIENT, BY_ID, PYTHON), "multi"),
    "multi_turn_resource": Variant((BY_PATIENT, BY_ID), "multi"),
    "single_turn_code_resource": Variant((BY_PATIENT, PYTHON), "single"),
    "single_turn_resource": Variant((BY_PATIENT,), "single"),
    "single_turn_request": Variant((REQUEST,), "single"),
}


@dataclass(frozen=True)
class Call:
    """One tool call of the model; ``arguments`` is ``None`` where they can't be read."""

    id: str
    name: str
    arguments: dict[str, Any] | None

    def __str__(self) -> str:
        return f"{self.name}({json.dumps(self.arguments, ensure_ascii=False)})"


class UnknownTool(Exception):
    """The model called a tool that there isn't; ends the episode as in the original."""


class Conversation:
    """The chat of one episode, as the model gets it and as people read it.

    Args:
        agent: The model.
        as_text: Tools are called in the text of replies.
    """

    def __init__(self, agent: Agent, opening: Sequence[Message], *, as_text: bool) -> None:
        self._agent = agent
        self._as_text = as_text
        self._sent: list[Message] = [dict(m) for m in opening]
        #: The transcript: tool calls stand in the text of the agent's turns.
        self.told: list[Message] = [dict(m) for m in opening]
        self.actions: list[str] = []

    def ask(self, tools: Sequence[str]) -> tuple[str, list[Call]]:
        """Let the model take its turn; return its text and its tool calls.

        Raises:
            AgentError: The call failed for good.
        """
        if self._as_text or not tools:
            said = self._agent.inference(list(self._sent))
        else:
            declared = [DECLARATIONS[name] for name in tools]
            said = self._agent.inference(list(self._sent), declared)
        text = said if isinstance(said, str) else ""
        turn: Message = {"role": "agent", "content": text}
        if self._as_text:
            calls = _calls_in_text(text) if tools else []
        else:
            completion = last_completion(self._agent) if tools else None
            raw = completion.tool_calls if completion else ()
            calls = [_call(one) for one in raw]
            if raw:
                turn["tool_calls"] = [dict(one) for one in raw]
        self._sent.append(turn)
        shown = [text] if text and not (calls and self._as_text) else []
        shown += [f"CALL {call}" for call in calls]
        self.told.append({"role": "agent", "content": "\n".join(shown)})
        self.actions += shown
        return text, calls

    def result(self, call: Call, text: str) -> None:
        """Tell the model what a tool returned."""
        self.told.append({"role": "tool", "content": text})
        if self._as_text:
            self._sent.append({"role": "user", "content": f"Result of {call.name}:\n{text}"})
        else:
            self._sent.append({"role": "tool", "content": text, "tool_call_id": call.id})

    def nudge(self) -> None:
        """Ask the model to go on: many endpoints refuse a chat that ends with its own turn."""
        for messages in (self.told, self._sent):
            messages.append({"role": "user", "content": NUDGE})

    def unanswered(self, calls: Sequence[Call]) -> None:
        """Tell the model that further calls of its turn were not made."""
        for call in calls:
            self.result(call, "Not run: one call at a time.")


def run_episode(
    record: Mapping[str, Any],
    tools: Tools,
    agent: Agent,
    variant: Variant,
    *,
    as_text: bool = False,
    max_iterations: int = MAX_ITERATIONS,
    nudge: bool = True,
) -> Rollout:
    """Run one episode.

    Args:
        record: The question.
        tools: Its tools; what they retrieved becomes ``raw`` of the rollout.
        agent: The model.
        variant: Which tools it has, in which order.
        as_text: See ``Conversation``.
        max_iterations: Model calls of a multi-turn episode.
        nudge: Ask a model to go on that neither called a tool nor answered; the original
            sends it its own words again.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
        FhirConnectionError: The FHIR server doesn't answer.
    """
    declared = [DECLARATIONS[name] for name in variant.tools]
    opening = [
        {"role": "system", "content": system_prompt(declared, code=variant.code, as_text=as_text)},
        {"role": "user", "content": user_prompt(record)},
    ]
    talk = Conversation(agent, opening, as_text=as_text)
    status, answer = Status.COMPLETED, None
    try:
        if variant.turns == "single":
            answer = _single_turn(talk, tools, variant)
        else:
            answer = _multi_turn(talk, tools, variant, max_iterations, nudge)
            if answer is None:
                status, answer = Status.TASK_LIMIT, NO_ANSWER
    except ContextLimitError:
        status = Status.CONTEXT_LIMIT
    except UnknownTool as error:
        status, answer = Status.INVALID_ACTION, str(error)
    retrieved = {kind: sorted(ids) for kind, ids in tools.retrieved.items()}
    return Rollout(talk.told, talk.actions, answer, status.value, retrieved)


def _multi_turn(
    talk: Conversation, tools: Tools, variant: Variant, max_iterations: int, nudge: bool
) -> str | None:
    for _ in range(max_iterations):
        text, calls = talk.ask(variant.tools)
        if not calls and MARKER in text.lower():
            return text
        for call in calls:
            talk.result(call, _answer_call(call, tools, variant))
        if nudge and not calls:
            talk.nudge()
    return None


def _single_turn(talk: Conversation, tools: Tools, variant: Variant) -> str:
    retrieving = [name for name in variant.tools if name != PYTHON]
    _, calls = talk.ask(retrieving)
    if not calls:
        return NO_TOOL_CALLS
    for call in calls:
        talk.result(call, _answer_call(call, tools, variant))
    if variant.code:
        _, calls = talk.ask([PYTHON])
        if not calls:
            return NO_TOOL_CALLS
        talk.result(calls[0], _answer_call(calls[0], tools, variant))
        talk.unanswered(calls[1:])
    return talk.ask([])[0]


def _answer_call(call: Call, tools: Tools, variant: Variant) -> str:
    """Return what the model is told of a call."""
    if call.name not in variant.tools:
        raise UnknownTool(f"Unknown tool {call.name!r}; there are: {', '.join(variant.tools)}.")
    if call.arguments is None:
        return str({"error": "the arguments are not a JSON object"})
    if call.name == PYTHON:
        return tools.run(call.arguments)
    found = tools.retrieve(call.name, call.arguments)
    if "error" in found:
        return str(found)
    if not variant.code:
        return json.dumps(found, ensure_ascii=False)
    if not found:
        return "No such resources: nothing was added to retrieved_resources."
    return "\n".join(
        f"retrieved_resources['{kind}'] ({len(resources)} items)"
        for kind, resources in found.items()
    )


def _call(raw: Mapping[str, Any]) -> Call:
    function = raw.get("function")
    function = function if isinstance(function, Mapping) else {}
    name = str(function.get("name") or "")
    return Call(str(raw.get("id") or ""), name, read_arguments(function.get("arguments")))


_FENCE = re.compile(r"```(?:json|tool|tool_call)?\s*(\{.*?\})\s*```", re.DOTALL)


def _calls_in_text(text: str) -> list[Call]:
    """Return the tool calls in a reply: fenced objects, or a reply that is one object."""
    found = _FENCE.findall(text) or ([text] if text.strip().startswith("{") else [])
    calls = []
    for number, one in enumerate(found):
        data = read_arguments(one.strip())
        if data and isinstance(data.get("tool"), str):
            calls.append(Call(str(number), data["tool"], read_arguments(data.get("arguments"))))
    return calls
