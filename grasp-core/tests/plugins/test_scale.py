"""Many plugins: all are found, the work grows with their number, and nothing is remembered."""

from __future__ import annotations

import builtins
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import grasp as package
from grasp.plugins import configure, entrypoints, fresh, load_task, registry
from grasp.plugins.entrypoints import COMMANDS_GROUP, GROUP, entry_points

from .distributions import Command
from .generated import generate

CORE = str(Path(package.__file__).parent)


@pytest.fixture
def many(
    environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Path]:
    """Make a number of distributions visible instead of those that were before."""
    path = list(sys.path)

    def visible(count: int) -> Path:
        site = tmp_path / f"of{count}"
        if not site.exists():
            generate(site, count)
        for module in [m for m in sys.modules if m.startswith("bulk_")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(sys, "path", [str(site), *path])
        configure()
        return site

    return visible


def test_two_hundred_plugins(many: Callable[[int], Path], grasp: Command) -> None:
    many(200)
    names = [f"bulk-{n:03}" for n in range(200)]
    plugins = {p.distribution: p for p in registry().plugins}
    assert [n for n in plugins if n in names] == names
    assert {plugins[n].status for n in names} == {"ok"}
    assert [n for n in registry().names("tasks") if n in names] == names
    assert load_task("bulk-123").name == "bulk-123"
    listed = grasp("list-plugins").out.splitlines()
    assert [line.split()[0] for line in listed if line.startswith("bulk-")] == names
    helped = grasp("--help").out
    assert [n for n in names if f"  {n}  " in helped] == names


def steps(work: Callable[[], Any]) -> int:
    """Return how many instructions of grasp's own code some work takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(CORE):
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "arguments",
    [
        ["list-plugins"],
        ["list-plugins", "--verbose"],
        ["--help"],
        ["--no-plugin", "bulk-001", "list-plugins", "--json"],
    ],
)
def test_the_work_grows_with_the_number_of_plugins(
    arguments: list[str], many: Callable[[int], Path], grasp: Command
) -> None:
    """Twice as many more cost twice as much more; a loop in a loop would cost four times."""
    taken = []
    for count in (10, 10, 40, 100):
        many(count)
        taken.append(steps(lambda: grasp(*arguments)))
    few, some, lots = taken[1:]  # The first one imports what the others find imported.
    assert some > few
    assert (lots - some) / (some - few) == pytest.approx(60 / 30, rel=0.05)


def test_no_name_is_compared_with_all_others(many: Callable[[int], Path]) -> None:
    """What the instructions above don't show: a search inside one call of a list."""

    class Counted(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    many(100)
    plugins = registry()
    for plugin in plugins.plugins:
        for spec in plugin.specs:
            object.__setattr__(spec, "name", Counted(spec.name))
    plugins.names("tasks")
    plugins.clashes()
    assert Counted.compared < 1000


@pytest.mark.parametrize("group", [GROUP, COMMANDS_GROUP])
def test_two_files_of_a_plugin_are_read_and_one_of_another_distribution(
    group: str, many: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = many(20)
    for number in range(30):
        other = site / f"other{number}-1.dist-info"
        other.mkdir()
        (other / "METADATA").write_text(f"Name: other{number}\nVersion: 1\n")
        (other / "entry_points.txt").write_text("[console_scripts]\ngrasp-other = other:main\n")
    monkeypatch.setattr(sys, "path", [str(site)])
    opened: list[str] = []

    def counted(file: Any, *rest: Any, **named: Any) -> Any:
        opened.append(Path(file).name)
        return builtins.open(file, *rest, **named)

    monkeypatch.setattr(entrypoints, "open", counted, raising=False)
    assert len(entry_points(group)) == 20
    assert opened.count("entry_points.txt") == 50
    assert opened.count("METADATA") == 20


def test_nothing_is_remembered_of_what_is_installed(many: Callable[[int], Path]) -> None:
    site = many(3)

    def tasks() -> list[str]:
        with fresh() as plugins:
            return [n for n in plugins.names("tasks") if n.startswith("bulk-")]

    assert tasks() == ["bulk-000", "bulk-001", "bulk-002"]
    shutil.rmtree(site / "bulk_001-1.1.dist-info")
    assert tasks() == ["bulk-000", "bulk-002"]
    (site / "bulk_002-1.2.dist-info" / "entry_points.txt").write_text("[grasp]\n")
    assert tasks() == ["bulk-000"]
