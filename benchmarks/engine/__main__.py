"""What a run asks and how long it takes, beside the published loop.

``python -m benchmarks.engine [--latency 0 50 200] [--slots 10 100] [--noise 0 0.05] [--json]``

The published loop is not run: its calls and turns follow from the run's own decisions and
the spec. It runs every probe sample of every candidate and of the baseline in full, asks for K
proposals one after another and probes candidates one after another, also where nothing failed,
and asks again what it has asked before. Its own computing is taken to cost no time.

``own CPU`` is the median over paid calls of what the thread that made the call computed from the
request to the stored answer; ``of the run`` is all that the process computed, per paid call.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from .endpoint import HARMFUL_NAME

SETTINGS = {"epochs": 3, "grpo_k": 3, "grpo_eval_n": 8}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 50, 200], help="ms")
    parser.add_argument("--slots", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--batch", type=int, nargs="+", default=[48, 4])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0])
    parser.add_argument("--fresh", action="store_true", help="no answer is kept, noise or not")
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls with HTTP 500")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each row; medians are shown")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [
        _median(
            [
                measure(latency, slots, batch, noise, args.faults, 1 + n, fresh=args.fresh)
                for n in range(args.seeds)
            ]
        )
        for batch in args.batch
        for noise in args.noise
        for latency in args.latency
        for slots in args.slots
    ]
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    print(
        "| batch | noise | latency, ms | slots | calls | published | share "
        "| with a fresh baseline | wall, s | published "
        "| times | shortest, s | times | own CPU, ms | of the run, ms | most in flight | peak MB "
        "| harmed |"
    )
    print("|" + " ---: |" * 18)
    for r in rows:
        print(
            f"| {r['batch']} | {r['noise']:g} | {r['latency_ms']:g} | {r['slots']} "
            f"| {r['calls']} | {r['published_calls']} | {r['calls'] / r['published_calls']:.0%} "
            f"| {(r['calls'] + r['fresh_baseline']) / r['published_calls']:.0%} "
            f"| {r['wall_s']:.2f} | {r['published_s']:.2f} "
            f"| {_ratio(r['published_s'], r['wall_s'])} | {r['shortest_s']:.2f} "
            f"| {_ratio(r['wall_s'], r['shortest_s'])} | {r['call_cpu_ms']:.2f} "
            f"| {r['cpu_ms_per_call']:.2f} | {r['most_in_flight']} | {r['peak_mb']:.0f} "
            f"| {r['harmed']} of {r['seeds']} |"
        )


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of every number; in how many runs the harmful edit was accepted."""
    middle = {
        key: statistics.median_low(r[key] for r in rows)
        for key, value in rows[0].items()
        if isinstance(value, (int, float))
    }
    harmed = sum(HARMFUL_NAME in r["skills"] for r in rows)
    return {**middle, "seeds": len(rows), "harmed": harmed}


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}×" if a and b else "-"


def measure(
    latency: float,
    slots: int,
    batch: int,
    noise: float,
    faults: float,
    seed: int,
    *,
    fresh: bool = False,
) -> dict[str, Any]:
    """Run once in a fresh process, so that CPU and memory are its own."""
    endpoint = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmarks.engine.endpoint",
            str(latency),
            str(noise),
            str(faults),
            str(seed),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert endpoint.stdout is not None
        origin = f"http://127.0.0.1:{int(endpoint.stdout.readline())}"
        with tempfile.TemporaryDirectory() as folder:
            child = subprocess.run(
                [sys.executable, "-m", "benchmarks.engine.run", folder, str(slots), str(batch),
                 str(int(noise == 0 and not fresh)), str(seed)],
                env={**os.environ, "OPENAI_BASE_URL": f"{origin}/v1", "GRASP_MODEL": "policy"},
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            facts = json.loads(child.stdout.splitlines()[-1])
            events = [
                json.loads(line)
                for line in (Path(folder) / "run" / "journal.jsonl").read_text().splitlines()
            ]
        with urllib.request.urlopen(f"{origin}/stats") as answer:
            stats = json.load(answer)
    finally:
        endpoint.kill()
        endpoint.wait()
    lengths = facts.pop("lengths")
    calls, turns = published(events, slots, lengths)
    fresh_baseline = baseline_calls(events, lengths) if noise == 0 and not fresh else 0
    return {
        "batch": batch,
        "noise": noise,
        "latency_ms": latency,
        "slots": slots,
        "calls": stats["calls"],
        "fresh_baseline": fresh_baseline,
        "most_in_flight": stats["most"],
        "published_calls": calls,
        "published_turns": turns,
        "published_s": turns * latency / 1000,
        "shortest_s": facts["shortest_turns"] * latency / 1000,
        **facts,
        "cpu_ms_per_call": 1000 * facts["cpu_s"] / max(stats["calls"], 1),
    }


def published(events: list[dict[str, Any]], slots: int, lengths: dict[str, int]) -> tuple[int, int]:
    """Return calls and sequential turns of the published loop with the same decisions.

    Args:
        events: The run's journal.
        slots: Episodes at a time.
        lengths: Calls of an episode by sample; what a skill says does not change them.
    """
    k, n = SETTINGS["grpo_k"], SETTINGS["grpo_eval_n"]
    calls = turns = 0

    def wave(samples: list[str]) -> None:
        nonlocal calls, turns
        workers = [0] * slots
        for sample in samples:
            heapq.heapreplace(workers, workers[0] + lengths[sample])
        calls += sum(lengths[sample] for sample in samples)
        turns += max(workers)

    def writer(number: int) -> None:
        nonlocal calls, turns
        calls += number
        turns += number

    probe = batch = list(lengths)[:n]
    for event in events:
        kind = event["event"]
        if kind in ("validation", "batch", "test"):
            batch = [row["id"] for row in event["samples"]]
            wave(batch)
        if kind != "update":
            continue
        probe = list(event["probe"]["samples"]) if "probe" in event else probe
        candidates = len(event["candidates"]) if "candidates" in event else k
        skipped = event.get("skipped")
        writer(k if skipped else k + 2)  # Proposals, labels and diagnoses.
        for _ in range(1 + candidates):
            wave(batch[: n // 2] if skipped else probe)  # Nothing failed: the passing half.
        if "revision" in event:
            writer(1)
            wave(probe)
    return calls, turns


def baseline_calls(events: list[dict[str, Any]], lengths: dict[str, int]) -> int:
    """Return the calls of the probes' baselines, if nothing of them were answered from memory."""
    probes = [e["probe"]["samples"] for e in events if e["event"] == "update" and "probe" in e]
    return sum(lengths[sample] for probe in probes for sample in probe)


if __name__ == "__main__":
    main()
