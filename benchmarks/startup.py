"""How long the commands take to start, beside a bare import and other tools.

Run it in an environment that holds all five distributions, llm and hatch:
``python benchmarks/startup.py [--runs 21]``. Commands are interleaved, so that other load
on the machine falls on all of them alike; bytecode is cached for all of them alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCAN = (
    "import click, pluggy, importlib.metadata as m; "
    "[e.dist.version for e in m.entry_points(group='grasp')]"
)
PYTHON = sys.executable
HERE = Path(PYTHON).parent


def commands() -> dict[str, list[str]]:
    """Return the commands to measure, by what the table calls them."""
    wanted = {
        "python -c pass": [PYTHON, "-c", "pass"],
        "python -c 'import click'": [PYTHON, "-c", "import click"],
        "python -c 'import click, pluggy'": [PYTHON, "-c", "import click, pluggy"],
        "click + pluggy + scan": [PYTHON, "-c", SCAN],
        "grasp --help": [str(HERE / "grasp"), "--help"],
        "grasp list-plugins": [str(HERE / "grasp"), "list-plugins"],
        "llm --help": [str(HERE / "llm"), "--help"],
        "hatch --version": [str(HERE / "hatch"), "--version"],
    }
    return {name: argv for name, argv in wanted.items() if Path(argv[0]).exists()}


def measure(runs: int) -> dict[str, list[float]]:
    """Return milliseconds of every run, by command; a first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in commands()}
    with tempfile.TemporaryDirectory() as cache:
        environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environ["PYTHONPYCACHEPREFIX"] = cache
        for turn in range(runs + 1):
            for name, argv in commands().items():
                started = time.perf_counter()
                subprocess.run(
                    argv, env=environ, check=True, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )  # fmt: skip
                if turn:
                    times[name].append((time.perf_counter() - started) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    times = measure(parser.parse_args().runs)
    median = {name: statistics.median(t) for name, t in times.items()}
    for name, ms in median.items():
        print(f"{name:<34} {ms:7.1f} ms  (fastest {min(times[name]):.1f})")
    for name, base, most in (
        ("grasp --help", "python -c 'import click'", 1.5),
        ("grasp list-plugins", "click + pluggy + scan", 2.0),
    ):
        print(f"{name} / {base}: {median[name] / median[base]:.2f} (target {most})")


if __name__ == "__main__":
    main()
