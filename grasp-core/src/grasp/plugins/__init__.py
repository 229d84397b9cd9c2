"""Plugins: the hooks, the specs they register, and how both are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grasp.plugins.hookspecs import hookimpl
    from grasp.plugins.resolve import (
        Registry,
        configure,
        emit,
        fresh,
        load_agent,
        load_executor,
        load_gate,
        load_method,
        load_task,
        registry,
    )
    from grasp.plugins.specs import AgentSpec, ExecutorSpec, GateSpec, MethodSpec, Spec, TaskSpec

__all__ = [
    "AgentSpec",
    "ExecutorSpec",
    "GateSpec",
    "MethodSpec",
    "Registry",
    "Spec",
    "TaskSpec",
    "configure",
    "emit",
    "fresh",
    "hookimpl",
    "load_agent",
    "load_executor",
    "load_gate",
    "load_method",
    "load_task",
    "registry",
]


def __getattr__(name: str) -> Any:
    # Imported when used: 'grasp --help' reads entry points and needs none of it.
    if name not in __all__:
        raise AttributeError(f"module 'grasp.plugins' has no attribute {name!r}")
    if name.endswith("Spec"):
        from grasp.plugins import specs as home
    elif name == "hookimpl":
        from grasp.plugins import hookspecs as home  # type: ignore[no-redef]
    else:
        from grasp.plugins import resolve as home  # type: ignore[no-redef]
    return getattr(home, name)
