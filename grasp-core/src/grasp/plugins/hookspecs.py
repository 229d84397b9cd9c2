"""The hooks a plugin may implement: the whole plugin API on one screen.

A plugin is a module named by an entry point of the group ``grasp``. It imports nothing
heavy; it calls ``register`` with specs whose factories are imported when used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from grasp.plugins.specs import AgentSpec, ExecutorSpec, GateSpec, MethodSpec, TaskSpec

PROJECT = "grasp"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register tasks.

    >>> from grasp import TaskSpec, hookimpl
    >>> @hookimpl
    ... def grasp_register_tasks(register):
    ...     register(TaskSpec("maze", "my_maze.task:Maze", "Find the way out."))
    """


@hookspec
def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
    """Register methods.

    >>> from grasp import MethodSpec, hookimpl
    >>> @hookimpl
    ... def grasp_register_methods(register):
    ...     register(MethodSpec("notes", "my_notes.method:Notes", "Keeps notes."))
    """


@hookspec
def grasp_register_agents(register: Callable[[AgentSpec], None]) -> None:
    """Register agent backends.

    >>> from grasp import AgentSpec, hookimpl
    >>> @hookimpl
    ... def grasp_register_agents(register):
    ...     register(AgentSpec("mine", "my_agent.backend:open_backend"))
    """


@hookspec
def grasp_register_gates(register: Callable[[GateSpec], None]) -> None:
    """Register gates.

    >>> from grasp import GateSpec, hookimpl
    >>> @hookimpl
    ... def grasp_register_gates(register):
    ...     register(GateSpec("strict", "my_gate.strict:StrictGate"))
    """


@hookspec
def grasp_register_executors(register: Callable[[ExecutorSpec], None]) -> None:
    """Register executors.

    >>> from grasp import ExecutorSpec, hookimpl
    >>> @hookimpl
    ... def grasp_register_executors(register):
    ...     register(ExecutorSpec("cluster", "my_cluster.executor:ClusterExecutor"))
    """


@hookspec
def grasp_event(event: Mapping[str, Any]) -> None:
    """Observe a run: called with its start, every journal event and its end.

    An observer can never fail the run. docs/observers.md tells what events hold.

    >>> from grasp import hookimpl
    >>> @hookimpl
    ... def grasp_event(event):
    ...     print(event["event"])
    """


#: Hook that registers each kind of spec.
REGISTER_HOOKS = {
    "grasp_register_tasks": TaskSpec,
    "grasp_register_methods": MethodSpec,
    "grasp_register_agents": AgentSpec,
    "grasp_register_gates": GateSpec,
    "grasp_register_executors": ExecutorSpec,
}

#: The argument each hook is given.
ARGUMENTS = {**dict.fromkeys(REGISTER_HOOKS, "register"), "grasp_event": "event"}
