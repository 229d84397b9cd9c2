"""The run's side of episodes that run elsewhere: it answers them, and outlives their workers."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from grasp.contracts import Agent, Rollout, RunError, Sample, Task, last_completion
from grasp.engine.ray.worker import Ask, NoTask, Raised, Refused, Reply, Said, Step, portable

log = logging.getLogger("grasp.engine")

#: Workers that may die under one episode before it is given up: it may be what kills them.
WORKERS_PER_EPISODE = 3

#: Remedy where a worker lacks something.
INSTALL = "install the same distributions on every node of the cluster"


class WorkerLost(Exception):
    """A worker died, with all its episodes."""


class Remote(Protocol):
    """A worker in another process."""

    def call(self, method: str, *args: Any) -> Step:
        """Return what the worker's method returns.

        Raises:
            WorkerLost: The worker is dead.
        """
        ...


R = TypeVar("R", bound=Remote)


class Pool(Generic[R]):
    """Lends workers, the least busy first; a dead one is replaced. Thread-safe."""

    def __init__(self, start: Callable[[], R], size: int) -> None:
        self._start = start
        self._lock = threading.Lock()
        self.workers = [start() for _ in range(size)]
        self._busy = [0] * size

    @contextlib.contextmanager
    def worker(self) -> Iterator[R]:
        """Lend a worker for an episode or a call."""
        with self._lock:
            place = min(range(len(self._busy)), key=self._busy.__getitem__)
            self._busy[place] += 1
            worker = self.workers[place]
        try:
            yield worker
        except WorkerLost as error:
            with self._lock:
                if self.workers[place] is worker:  # Several episodes may have seen it die.
                    log.warning("a worker died, its episodes begin again on another: %s", error)
                    self.workers[place] = self._start()
            raise
        finally:
            with self._lock:
                self._busy[place] -= 1


class StandIn:
    """Stands in for a task: its episodes and their grading happen on a pool's workers.

    All else is the task's own. The agent stays here, with the library, the store and the
    budget: an answer is stored before it leaves this process.
    """

    def __init__(self, task: Task, pool: Pool[Any]) -> None:
        self._task = task
        self._pool = pool
        self._numbers = itertools.count()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run an episode; one whose worker dies begins again on another.

        It is told again what it has been told, so nothing is asked or counted twice.
        """
        said: list[tuple[Ask, Reply]] = []
        rollout: Rollout = self._outlive(lambda worker: self._episode(worker, sample, agent, said))
        return rollout

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        """Score an episode."""
        score: bool | float = self._call("evaluate", sample, rollout)
        return score

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return the tags of a failed episode."""
        tags: list[str] = self._call("failure_tags", sample, rollout)
        return tags

    def _call(self, method: str, *args: Any) -> Any:
        return self._outlive(lambda worker: _value(worker.call("call", method, *args)))

    def _outlive(self, function: Callable[[Remote], Any]) -> Any:
        for _ in range(WORKERS_PER_EPISODE):
            with contextlib.suppress(WorkerLost), self._pool.worker() as worker:
                return function(worker)
        raise WorkerLost(f"{WORKERS_PER_EPISODE} workers died, one after another")

    def _episode(
        self, worker: Remote, sample: Sample, agent: Agent, said: list[tuple[Ask, Reply]]
    ) -> Any:
        number = next(self._numbers)
        step = worker.call("begin", number, sample)
        for turn in itertools.count():
            if not isinstance(step, Ask):
                return _value(step, said[:turn])
            if turn >= len(said) or said[turn][0] != step:
                del said[turn:]  # The environment took another course this time.
                said.append((step, _reply(agent, step)))
            step = worker.call("reply", number, _sent(said[turn][1]))
        raise AssertionError("unreachable")


def _reply(agent: Agent, ask: Ask) -> Reply:
    try:
        text = agent.inference(ask.history, ask.tools, **ask.options)
    except Exception as error:
        return Refused(error)  # The task may catch it.
    return Said(text, agent.usage, last_completion(agent))


def _sent(reply: Reply) -> Reply:
    return Refused(portable(reply.error)) if isinstance(reply, Refused) else reply


def _value(step: Step, said: Sequence[tuple[Ask, Reply]] = ()) -> Any:
    if isinstance(step, NoTask):
        raise RunError(f"a worker can't set up the task: {step.reason}", step.hint or INSTALL)
    if isinstance(step, Raised):
        if step.error is not None:
            raise step.error
        raise next(reply.error for _, reply in reversed(said) if isinstance(reply, Refused))
    assert not isinstance(step, Ask)
    return step.value
