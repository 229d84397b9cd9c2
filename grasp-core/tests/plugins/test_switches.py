"""Leaving plugins out, and trying modules without packaging."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grasp.plugins import configure, fresh, registry
from grasp.plugins.entrypoints import Found
from grasp.plugins.selection import select

from .conftest import MakeModule
from .distributions import Command, Install
from .test_discovery import of


@pytest.mark.parametrize(
    "names",
    ["demo-exits", "demo_exits", "Demo.Exits", "exits", "other, exits ,", "demo-exits,exits"],
)
def test_the_variable_switches_off_before_anything_is_imported(
    names: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-exits", "demo-good")
    monkeypatch.setenv("GRASP_DISABLE_PLUGINS", names)
    plugin = of("demo-exits")
    assert (plugin.status, plugin.error) == ("disabled", "")
    assert not plugin.failed
    assert plugin.provides()["tasks"] == []
    assert "demo_exits" not in sys.modules
    assert of("demo-good").status == "ok"


def test_an_entry_point_name_switches_off_all_that_have_it(install: Install) -> None:
    install("demo-twin-a", "demo-twin-b")
    with fresh(disabled=["twin"]) as plugins:
        assert of("demo-twin-a", plugins.plugins).status == "disabled"
        assert of("demo-twin-b", plugins.plugins).status == "disabled"
    with fresh(disabled=["demo-twin-a"]) as plugins:
        assert of("demo-twin-b", plugins.plugins).status == "ok"


def test_core_can_be_left_out_too(install: Install) -> None:
    install("demo-good")
    with fresh(disabled=["grasp-core"]) as plugins:
        assert plugins.names("gates") == ["demo-gate"]


@pytest.mark.parametrize(
    ("value", "loads"), [("1", False), ("yes", False), ("0", True), ("", True)]
)
def test_autoload_can_be_switched_off(
    value: str,
    loads: bool,
    install: Install,
    module: MakeModule,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install("demo-good")
    module("demo_module")
    monkeypatch.setenv("GRASP_DISABLE_AUTOLOAD", value)
    configure(modules=["demo_module"])
    assert of("demo-good").status == ("ok" if loads else "disabled")
    assert ("demo_good" in sys.modules) is loads
    assert of("grasp-core").status == "ok", "core is no plugin to be found"
    assert of("demo_module").status == "ok", "what is asked for by name is loaded"


def test_options_add_to_the_variable() -> None:
    selection = select(["b"], ["m", "m"], {"GRASP_DISABLE_PLUGINS": "a_A"})
    assert selection.disabled == {"a-a", "b"}
    assert selection.modules == ("m",)


def test_a_module_in_the_working_directory_is_a_plugin(
    install: Install, grasp: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-good")
    monkeypatch.setattr(sys, "path", list(sys.path))  # The command adds to it.
    source = Path(str(__file__)).parent / "dists/demo-twin-a/src/demo_twin_a.py"
    (tmp_path / "demo_tried_out.py").write_bytes(source.read_bytes())
    ran = grasp("--plugin", "demo_tried_out", "list-plugins", "--strict")
    assert (ran.code, ran.err) == (0, "")
    assert "demo_tried_out" in ran.out


def test_an_installed_plugin_named_as_a_module_is_not_there_twice(install: Install) -> None:
    install("demo-good")
    with fresh(modules=["demo_good.plugin"]) as plugins:
        assert of("demo-good", plugins.plugins).status == "ok"
        assert plugins.find("tasks", "demo-words")[0].distribution == "demo-good"
    with fresh(disabled=["demo-good"], modules=["demo_good.plugin"]) as plugins:
        assert plugins.find("tasks", "demo-words")[0].distribution == "demo_good.plugin"


@pytest.mark.parametrize(
    ("name", "error", "hint"),
    [
        ("demo_nowhere", "No module named 'demo_nowhere'", "look at the spelling, or set PYTHONPA"),
        (
            "demo_one.py",
            "No module named 'demo_one'",
            "--plugin takes a module's name: without .py",
        ),
        ("demo_import_error", "No module named 'demo_missing_library'", "mend it and try again"),
        ("demo_exits", "it called sys.exit(3)", "mend it and try again"),
    ],
)
def test_a_module_that_can_not_be_loaded(
    name: str, error: str, hint: str, install: Install
) -> None:
    install("demo-import-error", "demo-exits")
    with fresh(disabled=["import-error", "exits"], modules=[name]) as plugins:
        plugin = of(name, plugins.plugins)
    assert plugin.status == "broken"
    assert error in plugin.error
    assert plugin.hint.startswith(hint)


def test_names_to_leave_out_that_nobody_has() -> None:
    found = [Found("demo-good", "1", "words", "m"), Found("demo-b", "1", "run", "m")]
    selection = select(
        ["demo-god", "WORDS", "Demo_B", "core_plugin", "grasp_core"], ["core.plugin"]
    )
    assert selection.unknown(found) == {"demo-god": "did you mean demo-good?"}
    assert select(["zzz"]).unknown(found) == {
        "zzz": "there are: grasp-core, demo-good, words, demo-b, run"
    }
    assert select().unknown(found) == {}


@pytest.mark.usefixtures("install")
def test_a_wish_holds_until_the_next_one() -> None:
    before = registry()
    assert registry() is before
    configure()
    assert registry() is not before
