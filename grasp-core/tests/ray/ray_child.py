"""Runs the toy against an endpoint: ``ray_child.py URL RUN_DIR EXECUTOR [--resume]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toys import CYCLE, Toy

from grasp import run_grasp


def main() -> None:
    url, run_dir, executor, *options = sys.argv[1:]
    os.environ.update(OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-toy", GRASP_MODEL="toy")
    run_grasp(
        Toy(dev=18),
        {"cycle": {**CYCLE, "concurrency": 4}, "agent": "local", "executor": executor},
        run_dir=run_dir,
        resume="--resume" in options,
    )


if __name__ == "__main__":
    main()
