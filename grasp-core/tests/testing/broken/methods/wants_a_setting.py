"""It needs a setting that runs do not have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from broken.good_method import Notes
from grasp import GraspError, Task

BREAKS = "run-completes"
SAYS = "a small run failed: no notebook is set"
MEND = "set notebook"


class Broken(Notes):
    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        if "notebook" not in config:
            raise GraspError("no notebook is set", "set notebook")
