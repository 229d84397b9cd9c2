"""The ``grasp`` command with the distributions of the plugins' tests, and modules of our own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from grasp import hookimpl
from grasp.plugins import Spec, configure

from ..plugins.distributions import environment, grasp, install, sites

__all__ = ["environment", "grasp", "install", "sites"]

#: Registers specs as the plugin module of a name, beside more attributes of the module.
MakePlugin = Callable[..., None]


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, install: Any) -> Iterator[MakePlugin]:
    """Make a module that registers specs, and switch it on in this process."""

    def make(name: str, *specs: Spec, **attributes: Any) -> None:
        module = ModuleType(name)
        vars(module).update(attributes)
        for kind in {s.kind for s in specs}:

            def hook(register: Any, kind: str = kind) -> None:
                for spec in specs:
                    if spec.kind == kind:
                        register(spec)

            hook.__name__ = f"grasp_register_{kind}"
            setattr(module, hook.__name__, hookimpl(hook))
        monkeypatch.setitem(sys.modules, name, module)
        configure(modules=[name])

    yield make
    configure()
