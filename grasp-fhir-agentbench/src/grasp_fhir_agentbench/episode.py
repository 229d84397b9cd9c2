"""An episode: retrieval, computing, answering, in the benchmark's five ways (spec, 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grasp.contracts import Agent, ContextLimitError, Rollout, Status
from grasp.dialogue import Dialogue, ToolCall
from grasp_fhir_agentbench.prompts import MARKER, system_prompt, user_prompt
from grasp_fhir_agentbench.tools import (
    BY_ID,
    BY_PATIENT,
    DECLARATIONS,
    PYTHON,
    REQUEST,
    Tools,
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


class UnknownTool(Exception):
    """The model called a tool that there isn't; ends the episode as in the original."""


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
        as_text: See ``Dialogue``.
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
    talk = Dialogue(agent, opening, as_text=as_text)
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
    talk: Dialogue, tools: Tools, variant: Variant, max_iterations: int, nudge: bool
) -> str | None:
    declared = [DECLARATIONS[name] for name in variant.tools]
    for _ in range(max_iterations):
        text, calls = talk.ask(declared)
        if not calls and MARKER in text.lower():
            return text
        for call in calls:
            talk.result(call, _answer_call(call, tools, variant))
        if nudge and not calls:
            talk.say(NUDGE)
    return None


def _single_turn(talk: Dialogue, tools: Tools, variant: Variant) -> str:
    retrieving = [name for name in variant.tools if name != PYTHON]
    _, calls = talk.ask([DECLARATIONS[name] for name in retrieving])
    if not calls:
        return NO_TOOL_CALLS
    for call in calls:
        talk.result(call, _answer_call(call, tools, variant))
    if variant.code:
        _, calls = talk.ask([DECLARATIONS[PYTHON]])
        if not calls:
            return NO_TOOL_CALLS
        talk.result(calls[0], _answer_call(calls[0], tools, variant))
        talk.unanswered(calls[1:])
    return talk.ask()[0]


def _answer_call(call: ToolCall, tools: Tools, variant: Variant) -> str:
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
