"""Without Ray its executor is listed with what to install, and refused with the same."""

from __future__ import annotations

import sys

import pytest

from .conftest import SMALL, Command

INSTALL = "pip install 'grasp-core[ray]'"


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "grasp.engine.ray.cluster", raising=False)


def test_it_is_listed_with_what_to_install(grasp: Command) -> None:
    lines = [line.strip() for line in grasp("list-plugins", "--verbose").out.splitlines()]
    at = next(n for n, line in enumerate(lines) if line.startswith("executor ray:"))
    assert f"needs: {INSTALL}" in lines[at : at + 3]


def test_a_run_is_refused_in_one_line_before_anything_is_made(grasp: Command) -> None:
    ran = grasp(
        "run", "toy", "--agent", "toy-model", "--run-dir", "r", "--set", "executor=ray", *SMALL
    )
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "Error: the executor 'ray' of grasp-core can't be set up "
        "(ModuleNotFoundError: import of ray halted; None in sys.modules)",
        f"Hint: {INSTALL}",
    ]
