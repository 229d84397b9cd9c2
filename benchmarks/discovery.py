"""How the cost of discovery grows with the number of plugins that are installed.

``python benchmarks/discovery.py [--plugins 0 25 50 100 200 400] [--runs 9]``, in an environment
with grasp-core: ``nox -s discovery``. Each plugin is a generated distribution of its own with a
task, a method and a command; one more holds the task that is loaded. The bare scan imports
click, pluggy and ``importlib.metadata`` and reads entry points and versions; the second also
imports every plugin's module, as ``list-plugins`` does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from startup import HERE, PYTHON, SCAN, Command, measure

sys.path.insert(0, str(Path(__file__).parents[1] / "grasp-core" / "tests" / "plugins"))
from generated import generate

LOAD = SCAN.replace("e.dist.version", "(e.dist.version, e.load())")
TASK = "from grasp import load_task; load_task('asked-000')"
MEASURED = {
    "scan": [PYTHON, "-c", SCAN],
    "scan + import": [PYTHON, "-c", LOAD],
    "--help": [str(HERE / "grasp"), "--help"],
    "list-plugins": [str(HERE / "grasp"), "list-plugins"],
    "load_task": [PYTHON, "-c", TASK],
}
#: 200 plugins are listed in less.
TARGET, AT = 1000.0, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugins", type=int, nargs="+", default=[0, 25, 50, 100, 200, 400])
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        one = generate(Path(folder) / "one", 1, "asked")
        wanted = {}
        for count in args.plugins:
            site = generate(Path(folder) / f"of{count}", count)
            path = {"PYTHONPATH": f"{one}{os.pathsep}{site}"}
            for name, argv in MEASURED.items():
                wanted[f"{name} {count}"] = Command(argv, path)
        took = measure(wanted, args.runs)

    print("medians in ms: wall (times the bare scan)")
    print(f"{'plugins':>7}" + "".join(f"{name:>17}" for name in MEASURED))
    for count in args.plugins:
        row = [(took[f"{n} {count}"].wall, took[f"scan {count}"].wall) for n in MEASURED]
        print(f"{count:>7}" + "".join(f"{f'{ms:.0f} ({ms / scan:.2f})':>17}" for ms, scan in row))

    print("\nlist-plugins, processor time")
    longest = max(took[f"list-plugins {n}"].cpu for n in args.plugins)
    for count in args.plugins:
        ms = took[f"list-plugins {count}"].cpu
        print(f"{count:>7}  {'#' * round(50 * ms / longest)} {ms:.0f} ms")

    if len(set(args.plugins)) > 2:
        print("\na straight line through the processor times")
        for name in MEASURED:
            used = [took[f"{name} {n}"].cpu for n in args.plugins]
            slope, start = statistics.linear_regression(args.plugins, used)
            off = max(
                abs(ms / (start + slope * n) - 1) for n, ms in zip(args.plugins, used, strict=True)
            )
            print(f"{name:>15}: {start:.0f} ms + {slope:.2f} ms a plugin, off by {off:.0%} at most")
    if AT in args.plugins:
        wall = took[f"list-plugins {AT}"].wall
        print(f"\n{AT} plugins: {wall:.0f} ms (target {TARGET:.0f})")


if __name__ == "__main__":
    main()
