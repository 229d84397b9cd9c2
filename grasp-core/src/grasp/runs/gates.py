"""Builds the gate a run's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.methods.gate import Gate
from grasp.methods.settings import CycleSettings
from grasp.plugins import load_gate

#: Core's own gates, which score as the loop's settings say.
_SCORING = {"paper", "confirm", "mcnemar", "evalue", "replicate"}


def build_gate(
    settings: CycleSettings, name: str | None = None, params: Mapping[str, Any] | None = None
) -> Gate:
    """Return the gate of a run, or another one for the same run.

    Args:
        settings: The run's.
        name: Another gate than ``settings.gate``; its parameters start from the defaults.
        params: Its parameters, over those of the settings.

    Raises:
        ConfigError: An unknown gate, or a parameter it does not take.
    """
    chosen = name or settings.gate
    given: dict[str, Any] = {}
    if chosen in _SCORING:
        given = {
            "penalty": settings.invalid_action_penalty,
            "regression_budget": settings.regression_gate,
            "fixes_only": settings.fixes_only,
        }
    own = settings.gate_params if chosen == settings.gate else {}
    gate: Gate = load_gate(chosen, **{**given, **own, **(params or {})})
    return gate
