"""Runs waves of episodes and watches over the endpoint's health."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import EndpointError, Outcome, Task
from grasp.engine.executor import Executor
from grasp.engine.rollouts import Job, run_rollout

#: ``notify(kind, **facts)``: progress for people; must not raise.
Notify = Callable[..., Any]

#: Episodes that may fail in a row, with none succeeding, before a run gives up.
FAILURES_IN_A_ROW = 8


class Engine:
    """A task, a session and an executor: ``run`` turns jobs into outcomes."""

    def __init__(
        self, task: Task, session: Session, executor: Executor, notify: Notify | None = None
    ) -> None:
        self.task = task
        self.session = session
        self.executor = executor
        self._notify: Notify = notify or (lambda *_, **__: None)
        # Over all waves: with a batch size of 1 no wave would ever be long enough.
        self._health = _Health(FAILURES_IN_A_ROW)

    def run(self, jobs: Sequence[Job], label: str = "") -> list[Outcome]:
        """Run episodes concurrently; outcomes come in the order of ``jobs``.

        Raises:
            AgentError: A fault that would fail every episode, or an endpoint that has
                stopped answering. What was answered before is in the store.
        """
        self._notify("wave_started", label=label, total=len(jobs))

        def one(job: Job) -> Outcome:
            outcome = run_rollout(self.task, self.session, job)
            self._health.note(outcome)
            return outcome

        def finished(index: int, outcome: Outcome) -> None:
            self._notify("rollout_finished", label=label, outcome=outcome, job=jobs[index])

        outcomes = self.executor.map(one, jobs, finished, self.session.cancel)
        if len(outcomes) > 1 and all(o.is_error for o in outcomes):
            raise _gone(len(outcomes), outcomes[-1])
        self._notify("wave_finished", label=label, outcomes=outcomes)
        return outcomes


class _Health:
    """Stops a run whose episodes all fail for want of an endpoint."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failed = 0
        self._lock = threading.Lock()

    def note(self, outcome: Outcome) -> None:
        with self._lock:
            self._failed = self._failed + 1 if outcome.is_error else 0
            gone = self._failed >= self._limit
        if gone:
            raise _gone(self._limit, outcome)


def _gone(failed: int, last: Outcome) -> EndpointError:
    return EndpointError(
        f"{failed} episodes in a row could not be run; the last: {last.error}",
        "mend the cause, then go on where it stopped with --resume",
    )
