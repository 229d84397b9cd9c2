"""Runs waves of episodes and watches over the endpoint's health."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import EndpointError, Outcome, Task
from grasp.engine.executor import Executor
from grasp.engine.needed import Front, Needed
from grasp.engine.rollouts import Job, run_rollout

#: ``notify(kind, **facts)``: progress for people; must not raise.
Notify = Callable[..., Any]

#: Episodes that may fail in a row, with none succeeding, before a run gives up.
FAILURES_IN_A_ROW = 8


@dataclass(frozen=True)
class Wave:
    """Episodes that may run at the same time.

    Attributes:
        label: Place in the run, for progress.
        jobs: The episodes.
    """

    label: str
    jobs: tuple[Job, ...]


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
        return self.run_waves([Wave(label, tuple(jobs))])[0]

    def run_waves(
        self, waves: Sequence[Wave], ended: Callable[[int, list[Outcome]], Any] | None = None
    ) -> list[list[Outcome]]:
        """Run waves that don't depend on one another, without a pause between them.

        They are told of one after another, as if they were run so.

        Args:
            waves: Episodes; those of earlier waves start first.
            ended: Called with the number of a wave and its outcomes, in order of the waves,
                as soon as that wave and all before it have ended.

        Raises:
            AgentError: As ``run``.
        """
        items = [(n, i) for n, wave in enumerate(waves) for i in range(len(wave.jobs))]
        found: list[dict[int, Outcome]] = [{} for _ in waves]
        results: list[list[Outcome]] = []

        def one(item: tuple[int, int]) -> Outcome:
            outcome = run_rollout(self.task, self.session, waves[item[0]].jobs[item[1]])
            self._health.note(outcome)
            return outcome

        def tell(wave: Wave, index: int, outcome: Outcome) -> None:
            job = wave.jobs[index]
            self._notify("rollout_finished", label=wave.label, outcome=outcome, job=job)

        def open_wave() -> None:
            wave = waves[len(results)]
            self._notify("wave_started", label=wave.label, total=len(wave.jobs))
            for index, outcome in found[len(results)].items():
                tell(wave, index, outcome)

        def close_waves() -> None:
            while len(results) < len(waves):
                wave, outcomes = waves[len(results)], found[len(results)]
                if len(outcomes) < len(wave.jobs):
                    return
                results.append([outcomes[i] for i in range(len(wave.jobs))])
                self._end(results[-1], wave.label)
                if ended is not None:
                    ended(len(results) - 1, results[-1])
                if len(results) < len(waves):
                    open_wave()

        def finished(index: int, outcome: Outcome) -> None:
            number, place = items[index]
            found[number][place] = outcome
            if number == len(results):
                tell(waves[number], place, outcome)
                close_waves()

        if waves:
            open_wave()
            close_waves()  # There may be nothing to run.
        self.executor.map(one, items, finished, self._interrupted)
        return results

    def run_needed(
        self, jobs: Sequence[Job], needed: Needed, lag: int, label: str = ""
    ) -> list[Outcome | None]:
        """Run only the episodes that are needed; ``None`` stands for the others.

        An episode may start although it turns out not to be needed, because outcomes less
        than ``lag`` places before it are not waited for; its outcome is dropped. So what is
        returned depends on neither the lag nor the executor.

        Args:
            jobs: Episodes.
            needed: Whether one is needed, from the outcomes of those before it.
            lag: Episodes that may be under way at a time.
            label: Name of the wave, for progress.

        Raises:
            AgentError: As ``run``.
        """
        front = Front(needed, lag)
        self._notify("wave_started", label=label, total=len(jobs))

        def one(item: tuple[int, Job]) -> Outcome:
            outcome = run_rollout(self.task, self.session, item[1])
            front.ended(item[0], outcome)
            self._health.note(outcome)
            return outcome

        def finished(index: int, outcome: Outcome) -> None:
            front.ended(index, outcome)  # Where it did not run in this process.
            self._notify("rollout_finished", label=label, outcome=outcome, job=jobs[index])

        self.executor.map(one, list(enumerate(jobs)), finished, self._interrupted, front.wanted)
        kept = front.kept()
        self._end(list(kept.values()), label)
        return [kept.get(index) for index in range(len(jobs))]

    def _interrupted(self) -> None:
        self.session.cancel()
        self._notify("interrupted")

    def _end(self, outcomes: Sequence[Outcome], label: str) -> None:
        if len(outcomes) > 1 and all(o.is_error for o in outcomes):
            raise _gone(len(outcomes), outcomes[-1])
        self._notify("wave_finished", label=label, outcomes=outcomes)


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
        "mend the cause; then a run goes on with --resume, and an evaluation if it has a --store",
    )
