"""An agent under examination, and the small calls that are made with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any

from grasp.agents.adapt import adapt
from grasp.agents.calls import completion_from_json, completion_to_json
from grasp.contracts import Backend, Completion, ModelCall, Usage
from grasp.plugins.loading import one_line
from grasp.testing.checks import Blocked


def ask(text: str, **options: Any) -> ModelCall:
    """Return a call that asks one thing."""
    return ModelCall(({"role": "user", "content": text},), scope="check#0", **options)


#: The plainest call there is.
PLAIN = ask("Answer with the single word: ready")

#: The calls whose answers are compared, alone and many at a time.
QUESTIONS = tuple(ask(f"Answer with the single word: {w}") for w in ("one", "two", "three", "four"))

#: Every role a history may hold.
CONVERSATION = ModelCall(
    (
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Say one."},
        {"role": "agent", "content": "one"},
        {"role": "user", "content": "Say two."},
    ),
    scope="check#0",
)

#: Everything else a call may hold.
OPTIONS = {
    "stop": ask("Count from one to three, each on a line.", stop=("\n",)),
    "max_tokens": ask("Say one.", max_tokens=16),
    "schema": ask(
        "Is water wet? Answer in JSON.",
        schema={
            "type": "object",
            "properties": {"wet": {"type": "boolean"}},
            "required": ["wet"],
            "additionalProperties": False,
        },
    ),
    "tools": ask(
        "What time is it?",
        tools=(
            {
                "type": "function",
                "function": {
                    "name": "clock",
                    "description": "Tell the time.",
                    "parameters": {"type": "object", "properties": {}},
                },
            },
        ),
    ),
}

#: Texts that tasks do contain; a backend may refuse them, with an ``AgentError``.
ODD = tuple(map(ask, ("", "\x00", "\ud800", "é漢🙂", "long " * 4000)))

#: All calls the kit makes, for records.
CALLS = (PLAIN, *QUESTIONS, CONVERSATION, *OPTIONS.values(), *ODD)


class AgentCase:
    """An agent as a backend.

    Args:
        build: Returns a backend or an object with ``inference``; a new one each time if
            ``rebuilds``.
        rebuilds: It was given as a name or a class.
    """

    def __init__(self, build: Callable[[], Any], *, rebuilds: bool) -> None:
        self.build = build
        self.rebuilds = rebuilds

    @cached_property
    def built(self) -> Backend | Exception:
        """The backend, or what building it raised."""
        return self.another()

    def another(self) -> Backend | Exception:
        """Build one more."""
        try:
            return adapt(self.build())
        except Exception as error:
            return error

    @property
    def backend(self) -> Backend:
        """The backend.

        Raises:
            Blocked: There is none.
        """
        if isinstance(self.built, Exception):
            raise Blocked
        return self.built

    @cached_property
    def first(self) -> Any:
        """The answer to the plain call, or what was raised."""
        return self.answer(PLAIN)

    def answer(self, call: ModelCall) -> Any:
        """Answer a copy of a call; returns what that raised if it fails."""
        return self.complete(copy.deepcopy(call))

    def complete(self, call: ModelCall) -> Any:
        """Answer a call itself, as ``answer`` does a copy of it."""
        try:
            return self.backend.complete(call)
        except Blocked:
            raise
        except Exception as error:
            return error

    def require_answers(self) -> None:
        """Block a check that needs an agent that answers at all."""
        if not isinstance(self.first, Completion) or misshapen(self.first):
            raise Blocked

    def close(self) -> None:
        """Close the backend; what that raises is a check's to say."""
        if isinstance(self.built, Exception):
            return
        try:
            self.built.close()
        except Exception:
            return


def misshapen(answer: Completion) -> str:
    """Return what an answer has that it may not have, or ``""``."""
    text: Any = answer.text
    usage: Any = answer.usage
    if not isinstance(text, str):
        return f"a {type(text).__name__} as text"
    if not isinstance(usage, Usage):
        return f"a {type(usage).__name__} as usage"
    if usage.calls != 1:
        return f"a usage of {usage.calls} calls"
    wrong = [k for k, v in vars(usage).items() if not isinstance(v, int | float) or v < 0]
    if wrong:
        return f"{getattr(usage, wrong[0])!r} as {wrong[0]}"
    try:
        same = completion_from_json(completion_to_json(answer)) == answer
    except (TypeError, ValueError) as error:
        return f"something that can't be stored: {one_line(error)}"
    return "" if same else "something that is lost when it is stored"
