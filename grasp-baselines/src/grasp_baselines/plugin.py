"""What this distribution registers with GRASP."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import MethodSpec, hookimpl

_METHODS = {
    "sequential-memory": (
        "grasp_baselines.memory.methods:SequentialMemory",
        "A note after every failure.",
    ),
    "batch-memory": (
        "grasp_baselines.memory.methods:BatchMemory",
        "Notes on the failures of each batch.",
    ),
    "expel": (
        "grasp_baselines.expel.method:Expel",
        "Rules from pairs of failures and successes.",
    ),
    "evo-memory": (
        "grasp_baselines.evo.method:EvoMemory",
        "Episodes and rules, after every episode.",
    ),
    "skillx": (
        "grasp_baselines.skillx.method:SkillX",
        "Skills from successful episodes, ungated.",
    ),
}


@hookimpl
def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
    """Register the five methods that GRASP is compared with."""
    for name, (factory, summary) in _METHODS.items():
        register(MethodSpec(name, factory, summary))
