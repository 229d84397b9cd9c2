"""``grasp show-plugin``: everything there is to say of one plugin, whatever state it is in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grasp import TaskSpec, hookimpl

from ..plugins.distributions import Command, Install
from .conftest import MakePlugin


def shown(grasp: Command, *arguments: str) -> Any:
    ran = grasp(*arguments, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_it_says_where_a_plugin_is_from_and_what_it_registers(
    grasp: Command, install: Install
) -> None:
    install("demo-good")
    facts = shown(grasp, "show-plugin", "demo-good")
    assert facts["distribution"] == "demo-good"
    assert facts["version"] == "1.2.3"
    assert facts["docs"] == "https://docs.example.org/demo-good"
    assert sorted(facts["core_requirement"].split(",")) == ["<1", ">=0.1"]
    (plugin,) = facts["plugins"]
    assert (plugin["entry_point"], plugin["target"]) == ("words", "demo_good.plugin")
    assert (plugin["status"], plugin["error"]) == ("ok", "")
    assert "grasp_event" in plugin["hooks"]
    registered = {(s["kind"], s["name"]): s for s in plugin["registers"]}
    assert registered["executor", "demo-threads"]["factory"] == (
        "grasp.engine.threads:ThreadExecutor"
    )
    assert {"task", "method", "agent", "gate", "executor"} == {kind for kind, _ in registered}
    assert facts["commands"] == [{"name": "demo", "target": "demo_good.command:demo",
                                   "status": "ok"}]  # fmt: skip
    text = grasp("show-plugin", "demo-good").out
    for part in ("demo-good 1.2.3", "https://docs.example.org/demo-good", "watches runs",
                 "demo-words", "demo_good.plugin", "grasp demo", "needs grasp-core"):  # fmt: skip
        assert part in text
    for spec in plugin["registers"]:
        assert spec["name"] in text
        assert spec["factory"] in text


@pytest.mark.parametrize("name", ["demo-good", "Demo_Good", "words", "demo-good/words"])
def test_it_is_found_by_distribution_and_by_entry_point(
    grasp: Command, install: Install, name: str
) -> None:
    install("demo-good", "demo-observer")
    facts = shown(grasp, "show-plugin", name)
    assert facts["distribution"] == "demo-good"
    assert [p["entry_point"] for p in facts["plugins"]] == ["words"]


def test_extras_are_told_with_the_command_that_installs_them(
    grasp: Command, install: Install
) -> None:
    install("demo-extras")
    specs = {
        s["name"]: s for s in shown(grasp, "show-plugin", "demo-extras")["plugins"][0]["registers"]
    }
    assert specs["extra-late"]["install"] == "pip install 'demo-extras[docker,gpu]'"
    assert specs["no-extra"]["install"] is None
    assert "needs: pip install 'demo-extras[docker]'" in grasp("show-plugin", "demo-extras").out


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("demo-import-error", "broken", "demo_missing_library"),
        ("demo-future", "incompatible", "needs grasp-core"),
        ("demo-misspelt", "broken", "did you mean"),
    ],
)
def test_what_is_wrong_is_told_with_the_remedy(
    grasp: Command, install: Install, name: str, status: str, told: str
) -> None:
    install(name)
    (plugin,) = shown(grasp, "show-plugin", name)["plugins"]
    assert plugin["status"] == status
    assert plugin["registers"] == plugin["hooks"] == []
    assert plugin["error"]
    assert plugin["hint"]
    ran = grasp("show-plugin", name)
    assert ran.code == 0, "to look at a broken plugin is no error"
    assert " ".join(ran.out.split()).count(plugin["hint"]) == 1
    assert status in ran.out
    assert told in plugin["error"]
    assert plugin["error"] in " ".join(ran.out.split())


def test_a_plugin_that_is_switched_off_is_shown_as_such(grasp: Command, install: Install) -> None:
    install("demo-good")
    ran = grasp("--no-plugin", "demo-good", "show-plugin", "demo-good")
    assert ran.code == 0
    assert "disabled" in ran.out
    assert "demo-words" not in ran.out


def test_a_distribution_of_commands_alone_is_shown_too(grasp: Command, install: Install) -> None:
    install("demo-hidden")
    facts = shown(grasp, "show-plugin", "demo-hidden")
    assert facts["plugins"] == []
    (command,) = facts["commands"]
    assert command == {"name": "demo-hidden/run", "target": "demo_hidden:run", "status": "ok"}
    off = shown(grasp, "--no-plugin", "demo-hidden", "show-plugin", "demo-hidden")
    assert off["commands"] == [{"name": "run", "target": "demo_hidden:run", "status": "disabled"}]
    out = grasp("--no-plugin", "demo-hidden", "show-plugin", "demo-hidden").out
    assert "grasp run  disabled" in out


def test_unknown_and_ambiguous_names_get_a_remedy(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-twin-a", "demo-twin-b")
    for name, message, hint in [
        ("demo-god", "unknown plugin 'demo-god'", "did you mean demo-good?"),
        ("demo-words", "'demo-words' is no plugin, it is a task of demo-good",
         "grasp show-plugin demo-good, or grasp show-task demo-words"),
        ("twin", "several plugins are called 'twin'",
         "say which: demo-twin-a/twin or demo-twin-b/twin"),
    ]:  # fmt: skip
        ran = grasp("show-plugin", name)
        assert ran.code == 1
        assert ran.err.splitlines() == [f"Error: {message}", f"Hint: {hint}"]
    assert shown(grasp, "show-plugin", "demo-twin-b/twin")["distribution"] == "demo-twin-b"


def test_a_module_given_on_the_command_line_is_shown(grasp: Command, plugin: MakePlugin) -> None:
    @hookimpl
    def grasp_event(event: Any) -> None: ...

    plugin("watching", TaskSpec("maze", "watching:Maze", "Out."), grasp_event=grasp_event)
    facts = shown(grasp, "--plugin", "watching", "show-plugin", "watching")
    assert facts["packaged"] is False
    assert facts["plugins"][0]["hooks"] == ["grasp_register_tasks", "grasp_event"]
    out = grasp("--plugin", "watching", "show-plugin", "watching").out
    assert "maze: Out." in out
    assert "watches runs" in out


def test_it_fits_80_columns(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-import-error", "demo-future")
    for name in ("grasp-core", "demo-good", "demo-import-error", "demo-future"):
        for line in grasp("show-plugin", name).out.splitlines():
            assert len(line) <= 80, line
