"""Its hook wants something that no hook is given."""

from __future__ import annotations

from typing import Any

from grasp import hookimpl

BREAKS = "loads"
SAYS = "it has no argument 'config'"
MEND = "takes only its argument"


@hookimpl
def grasp_register_tasks(register: Any, config: Any) -> None:
    register(config)
