"""GRASP: Gated Regression-Aware Skill Proposer.

An agent learns a small library of Markdown skills from its own failures; an edit
is kept only if a regression gate on a probe set shows that it helps and breaks
nothing. The names below are the whole public API; each is imported when used, so
``import grasp`` stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_EXPORTS = {
    "Task": "grasp.contracts",
    "Rollout": "grasp.contracts",
    "Status": "grasp.contracts",
    "Sample": "grasp.contracts",
    "Message": "grasp.contracts",
    "Agent": "grasp.contracts",
    "Usage": "grasp.contracts",
    "GraspError": "grasp.contracts",
    "Method": "grasp.methods",
    "run_grasp": "grasp.runs.api",
    "run_method": "grasp.runs.api",
    "load_task": "grasp.plugins",
    "load_method": "grasp.plugins",
    "load_agent": "grasp.plugins",
    "hookimpl": "grasp.plugins",
    "TaskSpec": "grasp.plugins",
    "MethodSpec": "grasp.plugins",
    "AgentSpec": "grasp.plugins",
    "GateSpec": "grasp.plugins",
    "ExecutorSpec": "grasp.plugins",
}

__all__ = [
    "Agent",
    "AgentSpec",
    "ExecutorSpec",
    "GateSpec",
    "GraspError",
    "Message",
    "Method",
    "MethodSpec",
    "Rollout",
    "Sample",
    "Status",
    "Task",
    "TaskSpec",
    "Usage",
    "__version__",
    "hookimpl",
    "load_agent",
    "load_method",
    "load_task",
    "run_grasp",
    "run_method",
]

if TYPE_CHECKING:
    from grasp.contracts import (
        Agent,
        GraspError,
        Message,
        Rollout,
        Sample,
        Status,
        Task,
        Usage,
    )
    from grasp.methods import Method
    from grasp.plugins import (
        AgentSpec,
        ExecutorSpec,
        GateSpec,
        MethodSpec,
        TaskSpec,
        hookimpl,
        load_agent,
        load_method,
        load_task,
    )
    from grasp.runs.api import run_grasp, run_method


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'grasp' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
