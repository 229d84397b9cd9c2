"""Many episodes in flight: ``python -m benchmarks.engine.flight [--slots 500] [--latency 2000]``.

Every episode asks once. Shown are the most calls the endpoint had at a time, how much longer the
wave took than calls of that latency in so many slots must take, and how busy a core was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from grasp.agents.session import Session
from grasp.contracts import Agent, Rollout, Sample, Status, Task
from grasp.engine import Engine, Job, ThreadExecutor
from grasp.plugins import load_agent
from grasp.runs.callstore import CallStore

PROMPT = '"Bundle" patient S1 ' + "lorem ipsum " * 300


class OneQuestion(Task):
    """Asks once and is content with any answer."""

    name = "one-question"
    updater_task_family = "one question"

    def samples(self, split: str) -> Sequence[Sample]:
        return []

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        text = agent.inference([{"role": "user", "content": f"{PROMPT} {sample['id']}"}])
        return Rollout([], [text], text, Status.COMPLETED.value)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--latency", type=float, default=2000, help="ms")
    parser.add_argument("--rounds", type=int, default=5, help="episodes for each slot")
    args = parser.parse_args()
    endpoint = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.engine.endpoint", str(args.latency), "0", "0", "1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert endpoint.stdout is not None
        origin = f"http://127.0.0.1:{int(endpoint.stdout.readline())}"
        os.environ |= {"OPENAI_BASE_URL": f"{origin}/v1", "GRASP_MODEL": "policy"}
        with tempfile.TemporaryDirectory() as folder:
            _fly(Path(folder), origin, args.slots, args.latency / 1000, args.rounds)
    finally:
        endpoint.kill()
        endpoint.wait()


def _fly(folder: Path, origin: str, slots: int, latency: float, rounds: int) -> None:
    session = Session(load_agent("local"), CallStore(folder / "calls.sqlite"))
    engine = Engine(OneQuestion(), session, ThreadExecutor(slots))
    number = slots * rounds
    jobs = [Job({"id": str(n)}, str(n), "rollout", lambda agent: agent) for n in range(number)]
    cpu, start = time.process_time(), time.monotonic()
    outcomes = engine.run(jobs)
    wall, cpu = time.monotonic() - start, time.process_time() - cpu
    with urllib.request.urlopen(f"{origin}/stats") as answer:
        most = json.load(answer)["most"]
    print(
        f"{number} episodes, {sum(o.correct for o in outcomes)} ended well; most in flight {most}; "
        f"{wall:.1f} s, {wall / (rounds * latency):.2f}x the shortest; "
        f"{cpu / wall:.0%} of a core, {1000 * cpu / number:.2f} ms a call"
    )


if __name__ == "__main__":
    main()
