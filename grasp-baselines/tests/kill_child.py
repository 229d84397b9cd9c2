"""Runs a method on the toy and dies at a call: ``kill_child.py METHOD RUN_DIR ASKED LAST``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from toy import Fees, Model

from grasp import load_method, run_method
from grasp.contracts import Completion, ModelCall


class Mortal(Model):
    """Notes every call in a file before it answers; at its last call the process is killed."""

    def __init__(self, asked: Path, last: int) -> None:
        super().__init__()
        self._asked = asked.open("a", encoding="utf-8")
        self._left = last
        self._lock = threading.Lock()

    def complete(self, call: ModelCall) -> Completion:
        with self._lock:
            self._asked.write(f"{call.scope}\n")
            self._asked.flush()
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().complete(call)


def main() -> None:
    method, run_dir, asked, last = sys.argv[1:]
    run_method(
        load_method(method),
        Fees(),
        {"cycle": {"epochs": 2, "batch_size": 4, "concurrency": 4}},
        agent=Mortal(Path(asked), int(last)),
        run_dir=run_dir,
        resume=(Path(run_dir) / "config.yaml").exists(),
    )


if __name__ == "__main__":
    main()
