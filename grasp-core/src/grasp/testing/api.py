"""What tests call: each raises if a contract is broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.testing import examining
from grasp.testing.findings import Report
from grasp.testing.malformed import EXAMPLES


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
    samples: int = 6,
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
        examples: How many malformed answers hypothesis makes up for each of three types,
            beside a fixed list; none without the extra ``[testing]``.

    Returns:
        The report, which may hold warnings.

    Raises:
        ConformanceError: With every finding and its remedy.
        PluginError: Nobody registers that name.
    """
    return examining.report_task(
        task, params=params, policy=policy, samples=samples, examples=examples
    ).require()
