"""A toy whose episodes leave the number of their process."""

from __future__ import annotations

import os
from pathlib import Path

from grasp import Rollout
from grasp.contracts import Agent, Sample

from ..toys import Toy


class Marked(Toy):
    """Every episode leaves an empty file named after its process in a folder."""

    def __init__(self, folder: Path, **sizes: int) -> None:
        super().__init__(**sizes)
        self.folder = folder

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        (self.folder / str(os.getpid())).touch()
        return super().rollout(sample, agent)

    def pids(self) -> set[int]:
        return {int(file.name) for file in self.folder.iterdir()}
