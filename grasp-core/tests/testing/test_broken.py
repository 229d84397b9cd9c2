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
from grasp.testing import ConformanceError, Report, check_task
from grasp.testing import task as tasks
from grasp.testing.checks import name_of

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _broken_on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(HERE))
    yield
    for name in [n for n in sys.modules if n.partition(".")[0] == "broken"]:
        del sys.modules[name]


def names(folder: str) -> list[str]:
    return sorted(p.stem for p in (HERE / "broken" / folder).glob("*.py") if p.stem != "__init__")


def assert_caught(module: ModuleType, check: Callable[[], Any]) -> None:
    with pytest.raises(ConformanceError) as caught:
        report_of(check)
    report: Report = caught.value.report
    found = [f for f in report.findings if f.check == module.BREAKS]
    assert found, str(report)
    assert any(module.SAYS in f.message and module.MEND in f.remedy for f in found), str(report)
    others = {f.check for f in report.findings} - {module.BREAKS, *getattr(module, "ALSO", ())}
    assert not others, f"one thing is broken, and only that is to be said: {report}"
    assert all(f.message in str(caught.value) for f in found)


def report_of(check: Callable[[], Report]) -> Report:
    """Let a warning fail too: what is looked for here may be one."""
    report = check()
    if report.findings:
        raise ConformanceError(report)
    return report


@pytest.mark.parametrize("name", names("tasks"))
def test_a_broken_task(name: str) -> None:
    module = import_module(f"broken.tasks.{name}")
    if hasattr(module, "grasp_register_tasks"):
        with fresh(modules=[module.__name__]):
            assert_caught(module, lambda: check_task("hash-ids", examples=5))
    else:
        options = {"examples": 5, "samples": getattr(module, "SAMPLES", 6)}
        assert_caught(module, lambda: check_task(module.Broken, **options))


def test_every_check_of_tasks_can_fail() -> None:
    broken = {import_module(f"broken.tasks.{n}").BREAKS for n in names("tasks")}
    assert broken == {name_of(c) for c in tasks.CHECKS}


def test_a_good_task() -> None:
    module = import_module("broken.good_task")
    assert check_task(module.Walk).findings == ()
    assert check_task(module.Walk()).findings == ()
