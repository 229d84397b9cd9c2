"""What tests call: each raises if a contract is broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.testing import examining
from grasp.testing.findings import Report
from grasp.testing.malformed import EXAMPLES
from grasp.testing.task.case import SAMPLES


def check_plugin(name: str) -> Report:
    """Check how a plugin loads, what it costs at discovery, and what it registers.

    Args:
        name: Its distribution, its entry point, or a module given with ``--plugin``.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: There is none of that name.
    """
    return examining.report_plugin(name).require()


def check_task(
    task: Any,
    *,
    params: Mapping[str, Any] | None = None,
    policy: Any = None,
    samples: int = SAMPLES,
    examples: int = EXAMPLES,
) -> Report:
    """Check a task: its samples, its episodes and its grading.

    Episodes are run with deterministic voices that say what the prompts mention or what
    the right answer may be, one at a time and eight at a time.

    Args:
        task: A registered name (which checks the plugin too), a class or function that
            makes one, or a task. With only an object, checks that need a second task or
            another process are left out.
        params: Parameters to make it with.
        policy: A ``grasp.agents.scripted.ScriptedBackend`` policy that acts well in this
            task: the kit's own voices seldom get far where there are many turns.
        samples: How many samples to run, of as many types and splits as there are.
        examples: How many malformed answers hypothesis makes up for each type of these
            samples, beside a fixed list; none without the extra ``[testing]``.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: Nobody registers that name.
    """
    return examining.report_task(
        task, params=params, policy=policy, samples=samples, examples=examples
    ).require()


def check_method(method: Any, *, policy: Any = None) -> Report:
    """Check a method: small runs of it, stopped and resumed, and what it keeps.

    Runs take place in a world of the kit, whose model obeys the rules it is shown.

    Args:
        method: A registered name (which checks the plugin too), or the class.
        policy: A ``ScriptedBackend`` policy that acts and writes instead of the kit's
            (``grasp.testing.world.answer``), for methods that ask in a form of their own.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: Nobody registers that name.
    """
    return examining.report_method(method, policy=policy).require()


def check_agent(agent: Any, *, params: Mapping[str, Any] | None = None) -> Report:
    """Check an agent backend; makes about thirty small calls.

    Args:
        agent: A registered name (which checks the plugin too), a class, a backend, an
            object with ``inference``, or a function ``history -> str``.
        params: Parameters to make it with.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: Nobody registers that name.
    """
    return examining.report_agent(agent, params=params).require()


def check_gate(gate: Any, *, params: Mapping[str, Any] | None = None) -> Report:
    """Check a gate: its decisions on evidence of all sorts.

    Args:
        gate: A registered name (which checks the plugin too), a class or function that
            makes one, or a gate.
        params: Parameters to make it with.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: Nobody registers that name.
    """
    return examining.report_gate(gate, params=params).require()
