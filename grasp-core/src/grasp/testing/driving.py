"""Agents that drive episodes: deterministic, bounded, and, on demand, in lockstep.

A *voice* answers as a pure function of what it is shown. So two episodes of one sample
and one voice differ only if the task does.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import Agent, EndpointError, Message, ModelCall, Usage

#: ``(call) -> text``.
Voice = Callable[[ModelCall], str]

#: An episode that asks for more turns than this is not going to end.
MOST_TURNS = 200

#: How long one episode waits for the others; one that holds a lock keeps them away.
_PATIENCE_S = 0.2

_REPLIES = ("ok", "", "Thought: I look first.\nAction: look", "FINISH([1])", "DONE", "[]", "42")
_COMMAND = re.compile(r"^\W{0,4}([A-Z]{2,}\b[^\n]{0,120})", re.MULTILINE)
_SHOUTED = re.compile(r"\b[A-Z]{2,}\b[^\n]{0,80}")
_QUOTED = re.compile(r"[`'\"]([^`'\"\n]{1,80})[`'\"]")


class Endless(BaseException):
    """An episode went on and on. No ``Exception``, so that a task can't swallow it."""


def parrot(salt: str, expected: Sequence[str] = ()) -> Voice:
    """Return a voice that says what the prompt itself mentions, or an expected answer.

    Which of these depends on a hash of the whole conversation: whatever leaks into one
    turn changes every turn after it.
    """

    def speak(call: ModelCall) -> str:
        shown = json.dumps([dict(m) for m in call.messages], sort_keys=True, default=str)
        digest = hashlib.sha256(f"{salt}\n{shown}".encode()).digest()
        commands, phrases = _mentioned(call)
        # What looks like a command of the environment, or like one that ends the episode
        # with the right answer, gets furthest; the rest shows how nonsense is taken.
        right = [*expected, *(_filled(c, e) for c in commands for e in expected if "(" in c)]
        kinds = [k for k in (commands, right, right, [*phrases, *_REPLIES]) if k]
        kind = kinds[digest[0] % len(kinds)]
        return kind[int.from_bytes(digest[1:5], "big") % len(kind)]

    return speak


def _mentioned(call: ModelCall) -> tuple[list[str], list[str]]:
    """Return what a prompt mentions: commands, on a line or in quotes, and other phrases."""
    text = "\n".join(str(m.get("content") or "") for m in call.messages)[-20_000:]
    quoted = [q.strip() for q in _QUOTED.findall(text)]
    commands = [*_COMMAND.findall(text), *(q for q in quoted if _SHOUTED.match(q))]
    phrases = [*_SHOUTED.findall(text), *quoted]
    return list(dict.fromkeys(commands))[:40], list(dict.fromkeys(phrases))[:40]


def _filled(command: str, answer: str) -> str:
    """Put an answer between the parentheses of a command."""
    return f"{command.partition('(')[0]}({answer})"


class Rendezvous:
    """Holds every episode at each of its turns until all others have come to one.

    So whatever episodes share is shared at every turn, and not only when threads happen
    to be switched. Episodes join before they start and leave at their end.
    """

    def __init__(self, members: int) -> None:
        self._members = members
        self._waiting = 0
        self._round = 0
        self._changed = threading.Condition()

    def arrive(self) -> None:
        """Wait for the others; not for ever."""
        with self._changed:
            self._waiting += 1
            if self._waiting >= self._members:
                self._open()
                return
            now = self._round
            if not self._changed.wait_for(lambda: self._round != now, _PATIENCE_S):
                self._open()

    def leave(self) -> None:
        """End an episode: nobody waits for it any more."""
        with self._changed:
            self._members -= 1
            if self._members and self._waiting >= self._members:
                self._open()

    def _open(self) -> None:
        self._round += 1
        self._waiting = 0
        self._changed.notify_all()


class Driver:
    """The agent an episode of the kit is run with.

    Attributes:
        prompts: The histories it was shown.
        faulty: Raise at the first turn, as an endpoint that is gone.
    """

    def __init__(
        self, agent: Agent, meeting: Rendezvous | None = None, *, faulty: bool = False
    ) -> None:
        self._agent = agent
        self._meeting = meeting
        self.faulty = faulty
        self.prompts: list[list[Message]] = []

    @property
    def usage(self) -> Usage:
        """Usage so far."""
        return self._agent.usage

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Return the voice's next turn.

        Raises:
            Endless: The episode has had too many turns.
            EndpointError: It was told to fail.
        """
        if len(self.prompts) >= MOST_TURNS:
            raise Endless
        self.prompts.append([dict(m) for m in history])
        if self.faulty:
            raise EndpointError("the conformance kit plays an endpoint that is gone")
        if self._meeting is not None:
            self._meeting.arrive()
        return self._agent.inference(history, tools, **options)


def driver(voice: Voice | Any, meeting: Rendezvous | None = None, **options: Any) -> Driver:
    """Return a driver that speaks with a voice, or with whatever a scripted policy may be."""
    from grasp.agents.scripted import ScriptedBackend

    return Driver(Session(ScriptedBackend(voice)).agent("check", "check"), meeting, **options)


def texts_in(value: Any) -> Iterable[str]:
    """Yield the texts and numbers in a JSON-like value, as text."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
