"""Its ids hang on the hash seed of the interpreter; registered, for another process to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from broken.good_task import Walk
from grasp import TaskSpec, hookimpl

BREAKS = "stable-ids"
SAYS = "in another process"
MEND = "never from hash()"


class Broken(Walk):
    def sample(self, split: str, number: int) -> dict[str, Any]:
        sample = super().sample(split, number)
        return {**sample, "id": f"{split}-{hash(sample['instruction'])}"}


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(TaskSpec("hash-ids", f"{__name__}:Broken", "Ids made with hash()."))
