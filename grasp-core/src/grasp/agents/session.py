"""One run's conversation with a backend: answers stored, usage counted, faults kept.

Everything a run asks a model goes through a ``Session``. It looks an answer up before
it pays for it, which is all that resuming and replaying a run need.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from grasp.agents.budget import Budget
from grasp.agents.calls import content_key
from grasp.agents.judging import Judging
from grasp.agents.ledger import Ledger
from grasp.agents.shield import shielded
from grasp.contracts import (
    AgentError,
    Backend,
    Cancelled,
    Completion,
    GraspError,
    Message,
    ModelCall,
    RunError,
    Usage,
)


class AnswerStore(Protocol):
    """Answers of earlier calls, addressed by content key and scope."""

    def get(self, key: str, scope: str) -> Completion | AgentError | None:
        """Return what this very call was answered with, or how it failed for good."""
        ...

    def find(self, key: str) -> Completion | None:
        """Return an answer to the same content under any scope."""
        ...

    def put(
        self, key: str, scope: str, purpose: str, call: ModelCall, completion: Completion
    ) -> None:
        """Store an answer before anyone sees it."""
        ...

    def put_repeat(self, key: str, scope: str, purpose: str) -> None:
        """Note that a call was answered by an earlier one's answer."""
        ...

    def put_failure(self, key: str, scope: str, purpose: str, error: AgentError) -> None:
        """Note a call that failed for good; never an answer."""
        ...


class Session:
    """A backend, the answers it gave before, and what was used. Thread-safe.

    Args:
        backend: Answers calls the store does not know.
        store: Answers of this run; ``None`` keeps none.
        memoise: Answer the same content from any scope of the run. Right only where
            the endpoint is deterministic (design, section 6).
        ledger: Shared count; a new one by default.
        budget: What the run may spend; no limit by default.
        judge: Backend of the task's model judge; the same as of the agent by default.
    """

    def __init__(
        self,
        backend: Backend,
        store: AnswerStore | None = None,
        *,
        memoise: bool = False,
        ledger: Ledger | None = None,
        budget: Budget | None = None,
        judge: Backend | None = None,
    ) -> None:
        self.backend = backend
        self.store = store
        self.memoise = memoise
        self.ledger = ledger or Ledger()
        self.budget = budget
        self.cancelled = threading.Event()
        self._identity = dict(backend.identity)
        self._pending: dict[str, Future[Completion]] = {}
        self._lock = threading.Lock()
        self._judge = self
        if judge is not None:
            self._judge = Session(judge, store, ledger=self.ledger, budget=budget)
            self._judge.cancelled = self.cancelled
        #: Judges for graders that need a model.
        self.judging = Judging(self._judge.complete)

    def agent(self, purpose: str, scope: str) -> SessionAgent:
        """Return an agent whose calls are counted under ``purpose`` and addressed by ``scope``."""
        return SessionAgent(self, purpose, scope)

    def cancel(self) -> None:
        """Send nothing more; calls in flight end, pauses before a retry are cut short."""
        self.cancelled.set()
        for backend in {id(s): s.backend for s in (self, self._judge)}.values():
            stop_retrying = getattr(backend, "stop_retrying", None)
            if stop_retrying is not None:
                stop_retrying()

    def complete(self, purpose: str, call: ModelCall) -> Completion:
        """Answer one call from the store or the backend.

        Raises:
            AgentError: The call failed for good, now or when it was first made.
        """
        key = content_key(self._identity, call)
        if self.store is not None:
            known = self.store.get(key, call.scope)
            if isinstance(known, AgentError):
                raise known
            if known is not None:
                self.ledger.add(purpose, known.usage, paid=False)
                return known
        if not self.memoise:
            return self._pay(key, purpose, call)
        return self._memoised(key, purpose, call)

    def _memoised(self, key: str, purpose: str, call: ModelCall) -> Completion:
        with self._lock:
            known = self.store.find(key) if self.store is not None else None
            pending = None if known else self._pending.get(key)
            if known is None and pending is None:
                mine: Future[Completion] = Future()
                self._pending[key] = mine
        if known is None and pending is not None:
            try:
                known = pending.result()
            except AgentError as error:
                self._note_failure(key, purpose, call, error)
                raise
        if known is not None:
            if self.store is not None:
                self.store.put_repeat(key, call.scope, purpose)
            self.ledger.add(purpose, known.usage, paid=False, memoised=True)
            return known
        try:
            completion = self._pay(key, purpose, call)
            mine.set_result(completion)
            return completion
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            if self.store is not None or mine.exception() is not None:
                with self._lock:
                    self._pending.pop(key, None)

    def _pay(self, key: str, purpose: str, call: ModelCall) -> Completion:
        if self.cancelled.is_set():
            raise Cancelled("the run is stopping")
        if self.budget is not None:
            self.budget.admit()
        try:
            return shielded(lambda: self._ask(key, purpose, call), self.cancel)
        except AgentError as error:
            self._note_failure(key, purpose, call, error)
            raise

    def _ask(self, key: str, purpose: str, call: ModelCall) -> Completion:
        completion = self.backend.complete(call)
        if self.store is not None:
            self.store.put(key, call.scope, purpose, call, completion)
        self.ledger.add(purpose, completion.usage, paid=True)
        return completion

    def _note_failure(self, key: str, purpose: str, call: ModelCall, error: AgentError) -> None:
        if self.store is not None and not error.fatal:
            self.store.put_failure(key, call.scope, purpose, error)


class SessionAgent:
    """The agent a task or a writer holds: one conversation at one place of the run.

    Used by one thread at a time. ``fault`` is the last ``AgentError`` it raised, or that
    the answer could not be stored, for tasks that swallow exceptions.
    """

    def __init__(self, session: Session, purpose: str, scope: str) -> None:
        self._session = session
        self._purpose = purpose
        self._scope = scope
        self._turn = 0
        self.usage = Usage()
        self.fault: GraspError | None = None
        self.completion: Completion | None = None

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Return the next turn; ``completion`` holds the whole answer.

        ``options`` are ``stop``, ``schema`` and ``max_tokens`` of ``ModelCall``.

        Raises:
            AgentError: The call failed for good.
            TypeError: An unknown option.
        """
        call = ModelCall(
            messages=tuple(dict(m) for m in history),
            tools=None if tools is None else tuple(tools),
            scope=f"{self._scope}#{self._turn}",
            **({**options, "stop": tuple(options["stop"])} if "stop" in options else options),
        )
        self._turn += 1
        try:
            self.completion = self._session.complete(self._purpose, call)
        except (AgentError, RunError) as error:
            self.fault = error
            raise
        self.usage += self.completion.usage
        return self.completion.text
