"""An episode of MedAgentBench: opening message, turns, how it ends (spec 1.1 to 1.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from grasp.contracts import (
    Agent,
    ContextLimitError,
    GraspError,
    Message,
    Rollout,
    Status,
)
from grasp_medagentbench.facts import NOW_TEXT

#: Turns of the agent until an episode ends without an answer.
MAX_ROUND = 8
#: Part of the first message that learned skills are written into.
SKILLS_FIELD = "behavioral_skills"

_NUDGE = (
    "If every question is answered and every requested action has been carried out, "
    "call FINISH now; otherwise continue with your next action."
)
_GET_LEAD = "Response to the GET request:"
#: What the environment's replies to actions that failed begin with.
GET_ERROR = "The GET request failed:"
POST_INVALID = "Invalid POST request"
POST_REFUSED = "The POST request was refused:"
_POST_DONE = "POST request accepted and executed successfully"


def opening(
    record: Mapping[str, Any],
    functions: Sequence[Mapping[str, Any]],
    base_url: str,
    now: str = NOW_TEXT,
) -> str:
    """Return the message that opens an episode: one JSON object."""
    context = str(record.get("context") or "")
    text = _form(json.dumps(list(functions)), base_url)
    for slot, filled in (
        (_DESCRIPTION, record["instruction"]),
        (_CONTEXT, f"{context}\n" * bool(context) + f"Current time: {now}"),
    ):
        text = text.replace(json.dumps(slot), json.dumps(filled), 1)
    return text


#: Stand in the form for what differs from record to record.
_DESCRIPTION, _CONTEXT = "\0description", "\0context"


@lru_cache(maxsize=8)  # Printing the functions takes milliseconds.
def _form(functions: str, base_url: str) -> str:
    prompt = {
        "phase": "task_execution",
        "task": {"description": _DESCRIPTION, "context": _CONTEXT},
        SKILLS_FIELD: "",
        "api": {"base_url": base_url, "functions": json.loads(functions)},
        "response_format": {
            "type": "api_action",
            "options": [
                "GET url?param_name1=param_value1&param_name2=param_value2...",
                "POST url\n[payload as one JSON object]",
                "FINISH([answer1, answer2, ...])",
            ],
            "rules": [
                "Reply with exactly one of these actions as plain text, beginning with GET, POST "
                "or FINISH: no JSON or code fence around it, no explanation.",
                "The list inside FINISH must be valid JSON; put strings in double quotes.",
            ],
        },
    }
    return json.dumps(prompt, indent=2)


@dataclass(frozen=True)
class Get:
    """Read from the server; ``url`` has the format suffix."""

    url: str


@dataclass(frozen=True)
class Post:
    """Create something; ``body`` is all that follows the first line."""

    url: str
    body: str


@dataclass(frozen=True)
class Finish:
    """End the episode with an answer, not decoded."""

    answer: str


Action = Get | Post | Finish


def clean(text: str) -> str:
    """Return an agent's text as the environment reads it: stripped, without code fences."""
    return text.strip().replace("```tool_code", "").replace("```", "").strip()


def parse(cleaned: str) -> Action | None:
    """Return the action of a cleaned text, ``None`` if it is none.

    A GET takes the whole remaining text for its address, and FINISH drops the last
    character without looking at it; both as in the original.
    """
    if cleaned.startswith("GET"):
        return Get(f"{cleaned[3:].strip()}&_format=json")
    if cleaned.startswith("POST"):
        first, _, body = cleaned.partition("\n")
        return Post(first[4:].strip(), body)
    if cleaned.startswith("FINISH("):
        return Finish(cleaned[len("FINISH(") : -1])
    return None


class Environment(Protocol):
    """What answers an agent's actions."""

    def get(self, url: str) -> str:
        """Return the body.

        Raises:
            RequestFailed: There is none; its text is shown to the agent.
        """
        ...

    def post(self, url: str, body: str, payload: Any) -> str:
        """Create a resource and return what to add to the confirmation, or ``""``.

        Raises:
            RequestFailed: It was not created; its text is shown to the agent.
        """
        ...


class RequestFailed(Exception):
    """A request of the agent failed; the text is in the words of an HTTP client."""


def run_episode(
    record: Mapping[str, Any], first: str, environment: Environment, agent: Agent, max_round: int
) -> Rollout:
    """Run one episode.

    Args:
        record: The task record.
        first: The opening message.
        environment: Answers the agent's actions.
        agent: Asked once a turn.
        max_round: Turns until the episode ends without an answer.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
        FhirConnectionError: The FHIR server doesn't answer.
    """
    history: list[Message] = [{"role": "user", "content": first}]
    actions: list[str] = []

    def ended(status: Status, answer: str | None = None) -> Rollout:
        return Rollout(history, actions, answer, status.value)

    for _ in range(max_round):
        try:
            text = agent.inference(history)
        except ContextLimitError:
            return ended(Status.CONTEXT_LIMIT)
        # An agent that says no text breaks its episode; the transcript stays one of texts.
        history.append({"role": "agent", "content": text if isinstance(text, str) else ""})
        try:
            cleaned = clean(text)
            actions.append(cleaned)
            action = parse(cleaned)
            if action is None:
                return ended(Status.INVALID_ACTION)
            if isinstance(action, Finish):
                return ended(Status.COMPLETED, action.answer)
            history.append({"role": "user", "content": _observe(action, environment)})
        except (GraspError, OSError):  # Of the infrastructure, not of the agent.
            raise
        except Exception as error:
            return ended(Status.TASK_ERROR, json.dumps({"error": str(error)}))
    return ended(Status.TASK_LIMIT)


def _observe(action: Get | Post, environment: Environment) -> str:
    if isinstance(action, Get):
        try:
            body = environment.get(action.url)
        except RequestFailed as error:
            return f"{GET_ERROR} {error}"
        return f"{_GET_LEAD}\n{body}. {_NUDGE}"
    try:
        payload = json.loads(action.body)
    except (ValueError, RecursionError):
        return POST_INVALID
    try:
        added = environment.post(action.url, action.body, payload)
    except RequestFailed as error:
        return f"{POST_REFUSED} {error}"
    return f"{_POST_DONE}{added}. {_NUDGE}"
