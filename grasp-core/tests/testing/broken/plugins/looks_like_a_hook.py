"""A function that its author takes for a hook."""

from __future__ import annotations

from collections.abc import Callable

BREAKS = "known-hooks"
SAYS = "grasp_register_prompts looks like a hook but is not one"
MEND = "did you mean grasp_register_"


def grasp_register_prompts(register: Callable[[str], None]) -> None:
    register("be good")
