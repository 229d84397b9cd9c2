"""How long the commands take to start, beside a bare import and other tools.

Run it in an environment that holds all five distributions: ``nox -s startup`` makes one that
holds llm, tox, hatch and inspect too; tools that are not there are left out.
``python benchmarks/startup.py [--runs 21]``. Commands are interleaved, so that other load
on the machine falls on all of them alike; bytecode is cached for all of them alike. Beside
the wall clock stands the processor time, which other load disturbs less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SCAN = (
    "import click, pluggy, importlib.metadata as m; "
    "[e.dist.version for e in m.entry_points(group='grasp')]"
)
PYTHON = sys.executable
HERE = Path(PYTHON).parent

#: What is asked of each tool: its help, its plugins, and the help of its main command.
TOOLS = {
    "grasp": ("--help", "list-plugins", "run --help"),
    "llm": ("--help", "plugins", "prompt --help"),
    "tox": ("--help", "--version", "run --help"),  # Its --version lists its plugins.
    "hatch": ("--help", "", "run --help"),
    "inspect": ("--help", "", "eval --help"),
}
QUESTIONS = ("--help", "list-plugins", "run --help")
BARE = {
    "python -c pass": [PYTHON, "-c", "pass"],
    "python -c 'import click'": [PYTHON, "-c", "import click"],
    "python -c 'import click, pluggy'": [PYTHON, "-c", "import click, pluggy"],
    "click + pluggy + scan": [PYTHON, "-c", SCAN],
}


class Command(NamedTuple):
    """What to measure: the arguments, and variables over those of this process."""

    argv: Sequence[str]
    environ: Mapping[str, str] = {}


def commands() -> dict[str, Command]:
    """Return the commands to measure, by what the tables call them."""
    wanted = {name: Command(argv) for name, argv in BARE.items()}
    for tool, questions in TOOLS.items():
        if (HERE / tool).exists():
            for question in filter(None, questions):
                wanted[f"{tool} {question}"] = Command([str(HERE / tool), *question.split()])
    return wanted


class Took(NamedTuple):
    """Medians over the runs of a command, in milliseconds."""

    wall: float
    cpu: float


def measure(wanted: Mapping[str, Command], runs: int) -> dict[str, Took]:
    """Return what each command takes; a first round is not counted."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in wanted}
    with tempfile.TemporaryDirectory() as cache:
        environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environ["PYTHONPYCACHEPREFIX"] = cache
        for turn in range(runs + 1):
            for name, command in wanted.items():
                started, used = time.perf_counter(), _cpu()
                subprocess.run(
                    command.argv, env={**environ, **command.environ}, check=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                if turn:
                    times[name].append((time.perf_counter() - started, _cpu() - used))
    return {
        name: Took(*(statistics.median(column) * 1000 for column in zip(*rows, strict=True)))
        for name, rows in times.items()
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    took = measure(commands(), parser.parse_args().runs)
    print("medians in ms: wall (processor)\n")
    for name in BARE:
        print(f"{name:<34} {took[name].wall:5.0f} ({took[name].cpu:.0f})")

    print("\n" + " " * 10 + "".join(f"{question:>18}" for question in QUESTIONS))
    for tool, questions in TOOLS.items():
        if f"{tool} --help" in took:
            found = [took.get(f"{tool} {question}") for question in questions]
            cells = [f"{t.wall:.0f} ({t.cpu:.0f})" if t else "-" for t in found]
            print(f"{tool:<10}" + "".join(f"{cell:>18}" for cell in cells))
    print()
    for name, base, most in (
        ("grasp --help", "python -c 'import click'", 1.5),
        ("grasp list-plugins", "click + pluggy + scan", 2.0),
    ):
        wall, cpu = took[name].wall / took[base].wall, took[name].cpu / took[base].cpu
        print(f"{name} / {base}: {wall:.2f} ({cpu:.2f}), target {most}")


if __name__ == "__main__":
    main()
