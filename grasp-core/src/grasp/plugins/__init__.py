"""Plugins: the hooks, the specs they register, and how both are found."""

from __future__ import annotations

from grasp.plugins.hookspecs import hookimpl
from grasp.plugins.registry import (
    Registry,
    configure,
    emit,
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
    "hookimpl",
    "load_agent",
    "load_executor",
    "load_gate",
    "load_method",
    "load_task",
    "registry",
]
