"""``python -m benchmarks.gate_study [--updates 4000] [--runs 2000] [--pages-only]``.

Writes results/gate-study/ and what docs/gate.md shows of it. One process; a few minutes.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "gate-study"


def simulate(updates: int, runs: int, seed: int) -> None:
    """Measure everything and write it down."""
    from .study import measure, measure_runs, run_settings, settings

    started = time.monotonic()
    rows = [row for setting in settings() for row in measure(setting, updates, seed)]
    print(
        f"{len(rows)} rows of single updates after {time.monotonic() - started:.0f} s", flush=True
    )
    run_rows = [row for case in run_settings() for row in measure_runs(*case, runs, seed)]
    print(
        f"{len(run_rows)} rows of whole runs after {time.monotonic() - started:.0f} s", flush=True
    )
    RESULTS.mkdir(parents=True, exist_ok=True)
    _write("updates", rows)
    _write("runs", run_rows)
    about = {"updates": updates, "runs": runs, "seed": seed}
    (RESULTS / "about.json").write_text(json.dumps(about, indent=2) + "\n")


def _write(name: str, rows: Sequence[Any]) -> None:
    with (RESULTS / f"{name}.csv").open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(asdict(rows[0]))
        writer.writerows([_short(v) for v in asdict(row).values()] for row in rows)


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return value


def main() -> None:
    """Simulate, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=4000, help="per setting")
    parser.add_argument("--runs", type=int, default=2000, help="per setting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages-only", action="store_true", help="from the results at hand")
    options = parser.parse_args()
    if not options.pages_only:
        simulate(options.updates, options.runs, options.seed)
    from .pages import write_pages

    write_pages(RESULTS, ROOT / "docs")


if __name__ == "__main__":
    main()
