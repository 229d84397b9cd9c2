"""Checks of an agent's answers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from grasp.contracts import AgentError, Completion, ModelCall
from grasp.engine import ThreadExecutor
from grasp.plugins.loading import one_line
from grasp.testing.agent.case import CONVERSATION, ODD, OPTIONS, QUESTIONS, AgentCase, misshapen
from grasp.testing.checks import Broken

#: Calls in flight.
CONCURRENCY = 8

_AGENT_ERROR = (
    "raise an AgentError of the fitting kind (EndpointError, ContextLimitError, ...): the engine "
    "tells faults of the infrastructure by it"
)


def answers(case: AgentCase) -> Iterator[Broken]:
    """``complete`` returns a ``Completion`` with a text and its usage."""
    found: Any = case.first
    if isinstance(found, AgentError):
        yield Broken(
            f"the plainest call failed: {found.message}", found.hint or "'grasp doctor' may help"
        )
    elif isinstance(found, Exception):
        yield Broken(f"the plainest call raised {one_line(found)}", _AGENT_ERROR)
    elif not isinstance(found, Completion):
        yield Broken(
            f"complete() returned a {type(found).__name__}",
            "return a grasp.contracts.Completion with text and usage",
        )
    else:
        problem = misshapen(found)
        if problem:
            yield Broken(
                f"the answer has {problem}",
                "text is a str; usage counts one call and tokens as numbers of 0 or more",
            )


def only_agent_errors(case: AgentCase) -> Iterator[Broken]:
    """Whatever a call holds, ``complete`` answers or raises an ``AgentError``."""
    case.require_answers()
    named = {"a conversation": CONVERSATION}
    named |= {f"the option {name}": call for name, call in OPTIONS.items()}
    named |= {f"the text {_short(call)}": call for call in ODD}
    for name, call in named.items():
        found = case.answer(call)
        if isinstance(found, Exception) and not isinstance(found, AgentError):
            yield Broken(f"a call with {name} raised {one_line(found)}", _AGENT_ERROR)


def _short(call: ModelCall) -> str:
    text = str(call.messages[0]["content"])
    return repr(text) if len(text) < 20 else f"of {len(text)} characters"


def stop_kept_out(case: AgentCase) -> Iterator[Broken]:
    """An answer never contains a stop sequence."""
    case.require_answers()
    call = OPTIONS["stop"]
    found = case.answer(call)
    if isinstance(found, Completion) and any(s in found.text for s in call.stop):
        yield Broken(
            f"an answer goes on after the stop sequence {call.stop[0]!r}: {found.text[:60]!r}",
            "pass stop to the endpoint and cut what it lets through "
            "(grasp.agents.wire.cut_at does it)",
        )


def calls_unchanged(case: AgentCase) -> Iterator[Broken]:
    """``complete`` does not change the call."""
    case.require_answers()
    for call in (CONVERSATION, OPTIONS["tools"]):
        mine = copy.deepcopy(call)
        case.complete(mine)
        if mine != call:
            yield Broken(
                "complete() changed the messages or tools of its call",
                "copy what you change: the call's content is its address in the store",
            )
            return


def many_at_once(case: AgentCase) -> Iterator[Broken]:
    """Calls that are made at the same time get their own answers."""
    case.require_answers()
    alone = [case.answer(call) for call in QUESTIONS]
    again = [case.answer(call) for call in QUESTIONS]
    calls = [call for call in QUESTIONS for _ in range(CONCURRENCY // len(QUESTIONS))]
    together = ThreadExecutor(CONCURRENCY).map(case.answer, calls)
    for index, found in enumerate(together):
        if isinstance(found, Exception) and not isinstance(found, AgentError):
            yield Broken(
                f"one of {CONCURRENCY} calls at a time raised {one_line(found)}",
                "make complete() safe to call from many threads",
            )
            return
        before = alone[index * len(QUESTIONS) // len(calls)]
        # Answers that vary by themselves can't be compared.
        if _text(alone) == _text(again) and _text([found]) != _text([before]):
            yield Broken(
                f"among {CONCURRENCY} calls at a time, {calls[index].messages[0]['content']!r} "
                f"was answered {_text([found])[0]!r}, alone {_text([before])[0]!r}",
                "keep what belongs to a call in local variables of complete(), not in self",
            )
            return


def _text(answers: list[Any]) -> list[str]:
    return [a.text if isinstance(a, Completion) else repr(a) for a in answers]


CHECKS = (
    answers,
    only_agent_errors,
    stop_kept_out,
    calls_unchanged,
    many_at_once,
)
