"""One measured run: ``python -m benchmarks.engine.run FOLDER SLOTS BATCH DETERMINISTIC SEED``."""

from __future__ import annotations

import json
import math
import resource
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from grasp import load_agent, load_method, load_task, run_grasp
from grasp.agents.adapt import adapt
from grasp.agents.session import Session

from .__main__ import SETTINGS


def main(folder: str, slots: int, batch: int, deterministic: bool, seed: int) -> None:
    task = load_task("medagentbench-magnesium")
    task.setup()
    # Charts are made, and modules loaded, before the clock runs: that is the same for every run,
    # and the published loop is not charged for it either.
    load_method("grasp")
    adapt(load_agent("local")).close()

    own = _watch_calls()
    config = {
        "deterministic": deterministic,
        "cycle": {**SETTINGS, "batch_size": batch, "concurrency": slots, "seed": seed},
    }
    path = Path(folder) / "run"
    before, started = _cpu(), time.monotonic()
    result = run_grasp(task, config, "local", run_dir=path)
    wall, cpu = time.monotonic() - started, _cpu() - before
    print(
        json.dumps(
            {
                "wall_s": wall,
                "cpu_s": cpu,
                "call_cpu_ms": 1000 * statistics.median(own),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "memoised": result.usage["calls"]["memoised"],
                "skills": result.summary()["skills"],
                "best_val": result.summary()["best_val"],
                "shortest_turns": shortest(path / "calls.sqlite", slots),
                "lengths": lengths(path / "calls.sqlite"),
            }
        )
    )


def _watch_calls() -> list[float]:
    """Return a list that gets the CPU seconds of every paid call's thread."""
    seconds: list[float] = []
    pay = Session._pay

    def watched(self: Session, *args: Any) -> Any:
        before = time.thread_time()
        try:
            return pay(self, *args)
        finally:
            seconds.append(time.thread_time() - before)

    Session._pay = watched  # type: ignore[method-assign]
    return seconds


def shortest(calls: Path, slots: int) -> int:
    """Return the turns of the shortest schedule of the calls that were paid.

    Phases follow one another; a phase takes as many turns as its longest episode, and as
    its calls need on so many slots.
    """
    phases: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with sqlite3.connect(calls) as store:
        for (scope,) in store.execute("SELECT scope FROM calls"):
            episode = scope.split("#")[0]
            parts = episode.split("/")
            phases[_phase(parts)][episode] += 1
    return sum(
        max(max(episodes.values()), math.ceil(sum(episodes.values()) / slots))
        for episodes in phases.values()
    )


def lengths(calls: Path) -> dict[str, int]:
    """Return the calls of an episode, by sample."""
    found: dict[str, int] = defaultdict(int)
    with sqlite3.connect(calls) as store:
        for (scope,) in store.execute("SELECT scope FROM calls"):
            place, _, number = scope.rpartition("#")
            first, _, sample = place.rpartition("/")
            if first.endswith(("/dev", "/val")):
                found[sample] = max(found[sample], int(number) + 1)
    return dict(found)


def _phase(parts: list[str]) -> str:
    """Return the phase of a scope: e0/b1/probe/c2/task4_7 is of e0/b1/probe.

    A validation and the batch that follows it are one: neither needs the other.
    """
    if parts[1] == "val":
        return f"e{0 if parts[0] == 'baseline' else int(parts[0][1:]) + 1}/b0/dev"
    return "/".join(parts[: 3 if parts[1].startswith("b") and len(parts) > 3 else 2])


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bool(int(sys.argv[4])), int(sys.argv[5]))
