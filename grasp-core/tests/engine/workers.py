"""Workers in this process that are spoken to only in pickles, and that can be killed."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from typing import Any

from grasp.contracts import Agent, Rollout, Sample, Task, Usage
from grasp.engine.ray.standin import Pool, StandIn, WorkerLost
from grasp.engine.ray.worker import Recipe, Step, Worker, recipe


class LocalWorker:
    """Answers one call at a time, and dies at the calls of its factory that are told."""

    def __init__(self, made_by: Recipe, dies: Callable[[], bool]) -> None:
        self.worker = Worker(pickle.loads(pickle.dumps(made_by)))
        self.dead = False
        self._dies = dies
        self._turn = threading.Lock()

    def call(self, method: str, *args: Any) -> Step:
        with self._turn:
            if self.dead:
                raise WorkerLost("it is dead")
            step: Step = getattr(self.worker, method)(*pickle.loads(pickle.dumps(args)))
            # It has done its work and dies before it can say so: the worst moment.
            self.dead = self._dies()
            if self.dead:
                raise WorkerLost("killed")
            return pickle.loads(pickle.dumps(step))  # type: ignore[no-any-return]


class LocalCluster:
    """Starts workers; the calls, counted over all of them, at which one dies."""

    def __init__(self, *deaths: int) -> None:
        self.deaths = deaths
        self.calls = 0
        self.started: list[LocalWorker] = []
        self._lock = threading.Lock()

    def place(self, task: Task, size: int = 2) -> Any:
        made_by = recipe(task)

        def start() -> LocalWorker:
            self.started.append(LocalWorker(made_by, self._dies))
            return self.started[-1]

        return StandIn(task, Pool(start, size))

    def _dies(self) -> bool:
        with self._lock:
            self.calls += 1
            return self.calls in self.deaths


class Asker:
    """An agent that answers by number, and counts what it is asked."""

    def __init__(self, answer: Callable[[int], str] = "answer {}".format) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.usage = Usage()
        self._answer = answer

    def inference(self, history: Any, tools: Any = None, **options: Any) -> str:
        self.asked.append((tuple(m["content"] for m in history), tools, options))
        self.usage += Usage(calls=1, prompt_tokens=len(self.asked))
        return self._answer(len(self.asked))


class Turns(Task):
    """Asks three times, and says what it saw of the agent."""

    def __init__(self, name: str = "turns") -> None:
        self.name = name
        self.ready = 0

    def setup(self) -> None:
        self.ready += 1

    def close(self) -> None:
        self.ready -= 1

    def samples(self, split: str) -> list[Sample]:
        return [{"id": f"{split}-{n}", "question": f"question {n}"} for n in range(4)]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        assert self.ready == 1
        history: list[dict[str, Any]] = [{"role": "user", "content": sample["question"]}]
        for turn in range(3):
            said = agent.inference(history, [{"turn": turn}], stop=("x",))
            history += [{"role": "agent", "content": said}, {"role": "user", "content": "on"}]
        return Rollout(history, answer=said, raw=agent.usage)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == "answer 3"

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        return [f"said-{rollout.answer}"]
