"""It returns its own list as state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from broken.good_method import Notes
from grasp import Task

BREAKS = "states-are-values"
SAYS = "a state changed after it was returned"
MEND = "immutable value or a copy"


class Broken(Notes):
    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self.notes = []  # type: ignore[assignment]

    def take(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)  # type: ignore[attr-defined]
