"""Without MLflow the tracker says what to install, and the run goes on without it."""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

import pytest

from ..cli.conftest import SMALL, Command


def test_it_says_what_to_install(grasp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def absent(name: str, package: str | None = None) -> Any:
        return None if name == "mlflow" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", absent)
    monkeypatch.delitem(sys.modules, "grasp.observers.mlflow", raising=False)
    ran = grasp("--plugin", "grasp.observers.mlflow", "run", "toy", "--agent", "toy-model",
                "--run-dir", "r", *SMALL, "--json")  # fmt: skip
    assert ran.code == 0
    assert json.loads(ran.out)["skills"]
    assert ran.err.splitlines()[0] == (
        "Warning: grasp.observers.mlflow is broken: MLflow is not installed: "
        "pip install 'grasp-core[mlflow]'"
    )
