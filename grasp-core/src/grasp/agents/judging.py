"""The model judge of a task: it grades answers, and is asked the same question once in a run.

Its calls are addressed by their content alone, not by the episode that caused them, so
two equal answers to one sample always get one verdict (the original's evaluation cache).
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from grasp.agents.calls import content_key
from grasp.contracts import Completion, Message, ModelCall, Usage

#: ``ask(purpose, call)``: answer one call, from the store or the backend.
Ask = Callable[[str, ModelCall], Completion]

#: What the calls are counted under, and where their scopes begin.
PURPOSE = "judge"


class Judging:
    """Hands out judges that ask at one place. Thread-safe."""

    def __init__(self, ask: Ask) -> None:
        self._asking = ask
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}

    def agent(self) -> JudgeAgent:
        """Return a judge for one episode; it is shown no skill."""
        return JudgeAgent(self._ask)

    def _ask(self, call: ModelCall) -> Completion:
        with self._turn(call.scope):
            return self._asking(PURPOSE, call)

    @contextlib.contextmanager
    def _turn(self, scope: str) -> Iterator[None]:
        """Let one thread ask a question: the others find the answer in the store."""
        with self._lock:
            turn = self._turns.setdefault(scope, threading.Lock())
        with turn:
            yield


class JudgeAgent:
    """The judge of one episode, used by one thread at a time.

    Asking it the same again is a new call: a judge that gave no verdict may be asked twice.
    """

    def __init__(self, ask: Callable[[ModelCall], Completion]) -> None:
        self._ask = ask
        self._asked: Counter[str] = Counter()
        self.usage = Usage()
        self.completion: Completion | None = None

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Return the judge's words; see ``SessionAgent.inference``.

        Raises:
            AgentError: The call failed for good.
        """
        call = ModelCall(
            messages=tuple(dict(m) for m in history),
            tools=None if tools is None else tuple(tools),
            **({**options, "stop": tuple(options["stop"])} if "stop" in options else options),
        )
        content = content_key({}, call)[:32]
        scope = f"{PURPOSE}/{content}#{self._asked[content]}"
        self._asked[content] += 1
        self.completion = self._ask(replace(call, scope=scope))
        self.usage += self.completion.usage
        return self.completion.text
