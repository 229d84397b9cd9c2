"""A factory that makes something else."""

from __future__ import annotations

BREAKS = "set-up"
SAYS = "returned a dict, not a grasp.Task"
MEND = "inherit from grasp.Task"


def Broken() -> dict[str, str]:
    return {"name": "walk"}
