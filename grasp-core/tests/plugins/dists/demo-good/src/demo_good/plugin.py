"""Registers one thing of every kind, and observes runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grasp.plugins import AgentSpec, ExecutorSpec, GateSpec, MethodSpec, TaskSpec, hookimpl

SEEN: list[str] = []


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(
        TaskSpec(
            "demo-words",
            "demo_good.words:Words",
            "Say a word.",
            params_model="demo_good.words:Params",
            docs="https://example.org/demo-words",
        )
    )


@hookimpl
def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
    register(MethodSpec("demo-learner", "demo_good.words:Learner", "Learns nothing."))


@hookimpl
def grasp_register_agents(register: Callable[[AgentSpec], None]) -> None:
    register(AgentSpec("demo-echo", "demo_good.words:Echo", options={"word": "word"}))


@hookimpl
def grasp_register_gates(register: Callable[[GateSpec], None]) -> None:
    register(GateSpec("demo-gate", "grasp.methods.gate.paper:PaperGate"))


@hookimpl
def grasp_register_executors(register: Callable[[ExecutorSpec], None]) -> None:
    register(ExecutorSpec("demo-threads", "grasp.engine.threads:ThreadExecutor"))


@hookimpl
def grasp_event(event: Mapping[str, Any]) -> None:
    SEEN.append(event["event"])
