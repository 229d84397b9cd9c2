"""The conformance kit as pytest fixtures; nothing of it is imported until one is used.

::

    def test_conforms(check_task):
        check_task("my-task")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grasp.testing.findings import Report

Checker = Callable[..., "Report"]


def _checker(name: str) -> Any:
    @pytest.fixture(name=name, scope="session")
    def fixture() -> Checker:
        import grasp.testing

        checker: Checker = getattr(grasp.testing, name)
        return checker

    fixture.__doc__ = f"Return ``grasp.testing.{name}``."
    return fixture


check_task = _checker("check_task")
check_method = _checker("check_method")
check_agent = _checker("check_agent")
check_gate = _checker("check_gate")
check_plugin = _checker("check_plugin")
