"""The kit's front: examine something, and get a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grasp.contracts import PluginError
from grasp.plugins import registry
from grasp.plugins.nearest import hint
from grasp.testing import agent as agents
from grasp.testing import gate as gates
from grasp.testing import method as methods
from grasp.testing import plugin as plugins
from grasp.testing import task as tasks
from grasp.testing.checks import Check, name_of, run_checks
from grasp.testing.findings import Finding, Report
from grasp.testing.malformed import EXAMPLES
from grasp.testing.subjects import Subject, find_plugins, subject
from grasp.testing.task.case import SAMPLES


def report_plugin(name: str) -> Report:
    """Examine a plugin: how it loads, what it costs, and what it registers.

    Args:
        name: Its distribution, its entry point, or a module given with ``--plugin``.

    Raises:
        PluginError: There is none of that name.
    """
    found = find_plugins(name)
    if not found:
        known = [p.distribution for p in registry().plugins]
        raise PluginError(f"unknown plugin {name!r}", hint(name, known))
    parts = [_examined(plugins.PluginCase(p, p.specs), plugins.CHECKS) for p in found]
    findings = tuple(f for part in parts for f in part)
    return Report("plugin", name, _names(plugins.CHECKS), findings)


def report_task(
    task: Any,
    *,
    params: Mapping[str, Any] | None = None,
    policy: Any = None,
    samples: int = SAMPLES,
    examples: int = EXAMPLES,
) -> Report:
    """Examine a task; see ``check_task``."""
    about = subject("task", task, params or {})
    case = tasks.TaskCase(
        about.build,
        rebuilds=about.rebuilds,
        name=about.registered,
        params=params,
        policy=policy,
        samples=samples,
        examples=examples,
    )
    try:
        return _report("task", about, case, tasks.CHECKS)
    finally:
        case.close()


def _report(kind: str, about: Subject, case: Any, checks: Sequence[Check[Any]]) -> Report:
    """Examine the plugin first, if there is one: what it registers may not even be there."""
    findings: tuple[Finding, ...] = ()
    names = _names(checks)
    if about.plugin is not None and about.spec is not None:
        findings = _examined(plugins.PluginCase(about.plugin, [about.spec]), plugins.CHECKS)
        names = _names(plugins.CHECKS) + names
    return Report(kind, about.name, names, (*findings, *_examined(case, checks)))


def report_method(method: Any, *, policy: Any = None) -> Report:
    """Examine a method; see ``check_method``."""
    about = subject("method", method, {})
    case = methods.MethodCase(about.build, policy=policy)
    try:
        return _report("method", about, case, methods.CHECKS)
    finally:
        case.close()


def report_agent(agent: Any, *, params: Mapping[str, Any] | None = None) -> Report:
    """Examine an agent; see ``check_agent``."""
    about = subject("agent", agent, params or {})
    case = agents.AgentCase(about.build, rebuilds=about.rebuilds)
    try:
        return _report("agent", about, case, agents.CHECKS)
    finally:
        case.close()


def report_gate(gate: Any, *, params: Mapping[str, Any] | None = None) -> Report:
    """Examine a gate; see ``check_gate``."""
    about = subject("gate", gate, params or {})
    case = gates.GateCase(about.build, rebuilds=about.rebuilds)
    return _report("gate", about, case, gates.CHECKS)


def report(kind: str, name: str, **options: Any) -> Report:
    """Examine what is registered under a name; the options are those of its kind.

    Raises:
        PluginError: Nobody registers that name.
    """
    reporters: dict[str, Callable[..., Report]] = {
        "task": report_task,
        "method": report_method,
        "agent": report_agent,
        "gate": report_gate,
        "plugin": report_plugin,
    }
    return reporters[kind](name, **options)


_examined = run_checks


def _names(checks: Sequence[Check[Any]]) -> tuple[str, ...]:
    return tuple(name_of(c) for c in checks)
