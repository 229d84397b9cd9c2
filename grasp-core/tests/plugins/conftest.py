"""Fixtures for tests of plugins: the distributions below ``dists``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from grasp.plugins import configure

from .distributions import environment, grasp, install, process, sites

__all__ = ["environment", "grasp", "install", "process", "sites"]

#: Makes a module of a name with the given attributes.
MakeModule = Callable[..., ModuleType]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeModule]:
    """Make importable modules; ``--plugin NAME`` and dotted paths find them."""
    import sys

    def make(name: str, **attributes: Any) -> ModuleType:
        made = ModuleType(name)
        vars(made).update(attributes)
        monkeypatch.setitem(sys.modules, name, made)
        return made

    yield make
    configure()
