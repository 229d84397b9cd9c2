"""What the tests of this folder share."""

from __future__ import annotations

import pytest

from grasp_agentbench.webshop.task import WebShop


@pytest.fixture(autouse=True)
def no_own_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a developer has change no test."""
    monkeypatch.delenv("WEBSHOP_DATA", raising=False)


@pytest.fixture(scope="session")
def task() -> WebShop:
    task = WebShop(source="synthetic")
    task.setup()
    return task
