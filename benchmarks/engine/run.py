"""One measured run: ``python -m benchmarks.engine.run FOLDER SLOTS BATCH DETERMINISTIC``."""

from __future__ import annotations

import json
import math
import resource
import sqlite3
import sys
import time
from collections import defaultdict
from pathlib import Path

from grasp import load_task, run_grasp

from .__main__ import SETTINGS


def main(folder: str, slots: int, batch: int, deterministic: bool) -> None:
    task = load_task("medagentbench-magnesium")
    task.setup()  # Charts are made, and the SDK is loaded, before the clock runs.
    import openai  # noqa: F401

    config = {
        "deterministic": deterministic,
        "cycle": {**SETTINGS, "batch_size": batch, "concurrency": slots},
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
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "memoised": result.usage["calls"]["memoised"],
                "skills": result.summary()["skills"],
                "best_val": result.summary()["best_val"],
                "shortest_turns": shortest(path / "calls.sqlite", slots),
            }
        )
    )


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
            # e0/b1/probe/c2/task4_7 is of the phase e0/b1/probe, baseline/val/x of baseline/val.
            depth = 3 if parts[1].startswith("b") and len(parts) > 3 else 2
            phases["/".join(parts[:depth])][episode] += 1
    return sum(
        max(max(episodes.values()), math.ceil(sum(episodes.values()) / slots))
        for episodes in phases.values()
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bool(int(sys.argv[4])))
