"""The conformance kit: does a task, a method, an agent, a gate or a plugin keep its contract?

In a test, ``check_task("my-task")`` raises ``ConformanceError`` with every finding and its
remedy; the same as pytest fixtures of these names, and as ``grasp check NAME``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grasp.testing.api import (
        check_agent,
        check_gate,
        check_method,
        check_plugin,
        check_task,
    )
    from grasp.testing.findings import ConformanceError, Finding, Report

__all__ = [
    "ConformanceError",
    "Finding",
    "Report",
    "check_agent",
    "check_gate",
    "check_method",
    "check_plugin",
    "check_task",
]


def __getattr__(name: str) -> Any:
    # Imported when used: pytest loads this package in every session.
    if name not in __all__:
        raise AttributeError(f"module 'grasp.testing' has no attribute {name!r}")
    if name.startswith("check_"):
        from grasp.testing import api as home
    else:
        from grasp.testing import findings as home  # type: ignore[no-redef]
    return getattr(home, name)
