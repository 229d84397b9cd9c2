"""It registers the task itself."""

from __future__ import annotations

from typing import Any

from broken.good_task import Walk
from grasp import hookimpl

BREAKS = "loads"
SAYS = "registered Walk, not a TaskSpec"
MEND = "specs of its kind"


@hookimpl
def grasp_register_tasks(register: Any) -> None:
    register(Walk)
