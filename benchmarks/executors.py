"""What an episode costs on ``ray`` and on ``threads``: ``nox -s executors``.

Two tasks with a model that answers at once: one whose episodes do nothing but ask, and one
that computes in pure Python before each of its turns. Prints a table in Markdown. Ray's workers
run at the niceness of this process instead of Ray's 15, or whatever else the machine does would
count against them alone.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from grasp import Rollout, Task
from grasp.agents.scripted import ScriptedBackend
from grasp.agents.session import Session
from grasp.contracts import Agent, Sample
from grasp.engine import Engine, Job, place
from grasp.plugins import load_executor

TURNS = 4
CONCURRENCY = 8
ROUNDS = 3


class Busy(Task):
    """Episodes of four turns that compute for some milliseconds of CPU before each."""

    def __init__(self, ms: float, episodes: int) -> None:
        self.ms = ms
        self.episodes = episodes

    def samples(self, split: str) -> list[Sample]:
        return [{"id": f"{split}-{n}"} for n in range(self.episodes)]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        history: list[dict[str, Any]] = [{"role": "user", "content": sample["id"]}]
        for _ in range(TURNS):
            until = time.thread_time() + self.ms / 1e3
            while time.thread_time() < until:
                sum(range(1000))
            history.append({"role": "agent", "content": agent.inference(history)})
            history.append({"role": "user", "content": "on"})
        return Rollout(history, answer="ok")

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == "ok"


class Side:
    """An executor with a task, ready to run waves."""

    def __init__(self, name: str, task: Busy) -> None:
        began = time.perf_counter()
        self.task = task
        self.executor = load_executor(name, concurrency=CONCURRENCY)
        self.engine = Engine(place(self.executor, task), Session(ScriptedBackend()), self.executor)
        self.waves = 0
        self.wave()  # Workers start and set up their tasks.
        self.start_s = time.perf_counter() - began

    def wave(self) -> float:
        """Return the seconds that all episodes took."""
        self.waves += 1
        jobs = [
            Job(sample, f"{self.waves}/{sample['id']}", "rollout", lambda agent: agent)
            for sample in self.task.samples("dev")
        ]
        began = time.perf_counter()
        assert all(outcome.correct for outcome in self.engine.run(jobs))
        return time.perf_counter() - began


def main() -> None:
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (Ray spells it so)
    print(
        f"{os.cpu_count()} cores, {TURNS} turns an episode, {CONCURRENCY} at a time; "
        f"medians of {ROUNDS} waves, in turns\n"
    )
    print("| what each turn computes | threads, ms an episode | ray, ms an episode | gain |")
    print("|---|---|---|---|")
    starts = []
    for ms, episodes in ((0, 400), (5, 100), (50, 24)):
        task = Busy(ms, episodes)
        threads, ray = Side("threads", task), Side("ray", task)
        starts.append(ray.start_s)
        waves = [(threads.wave(), ray.wave()) for _ in range(ROUNDS)]
        ray.executor.close()
        here, there = (
            statistics.median(side) / episodes * 1e3 for side in zip(*waves, strict=True)
        )
        print(f"| {ms} ms of Python | {here:.2f} | {there:.2f} | {here / there:.2f}× |")
    print(f"\nray starts in {statistics.median(starts):.1f} s")


if __name__ == "__main__":
    main()
