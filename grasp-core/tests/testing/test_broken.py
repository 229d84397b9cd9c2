"""Every broken thing in the folder is caught by the right check, with the right message."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grasp.plugins import fresh
from grasp.testing import (
    ConformanceError,
    Report,
    agent,
    check_agent,
    check_gate,
    check_method,
    check_plugin,
    check_task,
    gate,
    method,
    plugin,
    task,
)
from grasp.testing.checks import name_of

from .installing import installed

HERE = Path(__file__).parent
KITS = {"tasks": task, "methods": method, "agents": agent, "gates": gate, "plugins": plugin}


@pytest.fixture(autouse=True)
def _broken_on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(HERE))
    yield
    for name in [n for n in sys.modules if n.partition(".")[0] == "broken"]:
        del sys.modules[name]


def names(folder: str) -> list[str]:
    return sorted(p.stem for p in (HERE / "broken" / folder).glob("*.py") if p.stem != "__init__")


def assert_caught(module: ModuleType, check: Callable[[], Report]) -> None:
    with pytest.raises(ConformanceError) as caught:
        warned(check)
    report = caught.value.report
    found = [f for f in report.findings if f.check == module.BREAKS]
    assert found, str(report)
    assert any(module.SAYS in f.message and module.MEND in f.remedy for f in found), str(report)
    others = {f.check for f in report.findings} - {module.BREAKS, *getattr(module, "ALSO", ())}
    assert not others, f"one thing is broken, and only that is to be said: {report}"
    assert all(f.message in str(caught.value) for f in found)


def warned(check: Callable[[], Report]) -> None:
    """Let a warning fail too: what is looked for here may be one."""
    report = check()
    if report.findings:
        raise ConformanceError(report)


@pytest.mark.parametrize("name", names("tasks"))
def test_a_broken_task(name: str) -> None:
    module = import_module(f"broken.tasks.{name}")
    options: dict[str, Any] = {"examples": 5, "samples": getattr(module, "SAMPLES", 6)}
    if hasattr(module, "grasp_register_tasks"):
        with fresh(modules=[module.__name__]):
            assert_caught(module, lambda: check_task("hash-ids", **options))
    else:
        assert_caught(module, lambda: check_task(module.Broken, **options))


@pytest.mark.parametrize("name", names("methods"))
def test_a_broken_method(name: str) -> None:
    module = import_module(f"broken.methods.{name}")
    assert_caught(module, lambda: check_method(module.Broken))


@pytest.mark.parametrize("name", names("agents"))
def test_a_broken_agent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"broken.agents.{name}")
    for variable, value in getattr(module, "ENVIRONMENT", {}).items():
        monkeypatch.setenv(variable, value)
    assert_caught(module, lambda: check_agent(module.Broken))


@pytest.mark.parametrize("name", names("gates"))
def test_a_broken_gate(name: str) -> None:
    module = import_module(f"broken.gates.{name}")
    assert_caught(module, lambda: check_gate(module.Broken))


@pytest.mark.parametrize("name", names("plugins"))
def test_a_broken_plugin(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = f"broken.plugins.{name}"
    facts = (HERE / "broken" / "plugins" / f"{name}.py").read_text(encoding="utf-8")
    module = facts_of(facts)
    if hasattr(module, "REQUIRES"):
        installed(
            monkeypatch, tmp_path, "broken-plugin", {"grasp": {"it": target}}, module.REQUIRES
        )
        with fresh():
            assert_caught(module, lambda: check_plugin("broken-plugin"))
    else:
        with fresh(modules=[target]):
            assert_caught(module, lambda: check_plugin(target))


def facts_of(source: str) -> ModuleType:
    """Return what a plugin module says of itself, without importing it."""
    module = ModuleType("facts")
    lines = [n for n in source.splitlines() if n.partition(" = ")[0].isupper()]
    exec("\n".join(lines), module.__dict__)
    return module


@pytest.mark.parametrize("folder", KITS)
def test_every_check_can_fail(folder: str) -> None:
    sources = [HERE / "broken" / folder / f"{n}.py" for n in names(folder)]
    broken = {facts_of(s.read_text(encoding="utf-8")).BREAKS for s in sources}
    assert broken == {name_of(c) for c in KITS[folder].CHECKS}


def test_good_ones_pass() -> None:
    walk = import_module("broken.good_task").Walk
    reports = [
        check_task(walk),
        check_task(walk()),
        check_method(import_module("broken.good_method").Notes),
        check_agent(import_module("broken.good_agent").Counting),
        check_agent(lambda history: f"{len(history)} messages"),
        check_gate(import_module("grasp.methods.gate.paper").PaperGate(fixes_only=True)),
    ]
    with fresh(modules=["broken.good_plugin"]):
        reports += [check_plugin("broken.good_plugin"), check_task("walk", examples=5)]
    assert [r.findings for r in reports] == [()] * len(reports)
