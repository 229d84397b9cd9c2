"""``grasp list-plugins``: what is installed, what is wrong with it, and what mends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grasp import __version__

from ..plugins.distributions import NAMES, Command, Install


def rows(grasp: Command, *arguments: str) -> dict[str, dict[str, Any]]:
    """Return the JSON objects of the test distributions by name."""
    ran = grasp(*arguments, "list-plugins", "--json")
    assert ran.code == 0
    plugins = json.loads(ran.out)
    assert isinstance(plugins, list)
    return {p["distribution"]: p for p in plugins}


def test_json_has_exactly_these_fields(grasp: Command, install: Install) -> None:
    install(*NAMES)
    found = rows(grasp)
    for plugin in found.values():
        assert list(plugin) == [
            "distribution", "version", "entry_point", "status", "error", "provides",
        ]  # fmt: skip
        assert list(plugin["provides"]) == ["tasks", "methods", "agents", "gates", "executors"]
        assert plugin["status"] in ("ok", "broken", "disabled", "incompatible")
        assert bool(plugin["error"]) == (plugin["status"] in ("broken", "incompatible"))
    assert found["grasp-core"]["version"] == __version__
    assert found["demo-good"] == {
        "distribution": "demo-good",
        "version": "1.2.3",
        "entry_point": "words",
        "status": "ok",
        "error": "",
        "provides": {
            "tasks": ["demo-words"],
            "methods": ["demo-learner"],
            "agents": ["demo-echo"],
            "gates": ["demo-gate"],
            "executors": ["demo-threads"],
        },
    }
    assert found["demo-misspelt"] == {
        "distribution": "demo-misspelt",
        "version": "1.0",
        "entry_point": "misspelt",
        "status": "broken",
        "error": "there is no hook grasp_register_task; did you mean grasp_register_tasks?",
        "provides": {"tasks": [], "methods": [], "agents": [], "gates": [], "executors": []},
    }


def test_json_is_not_spoilt_by_a_plugin_that_prints(grasp: Command, install: Install) -> None:
    install("demo-prints")
    ran = grasp("list-plugins", "--json")
    assert "demo-prints" in [p["distribution"] for p in json.loads(ran.out)]
    assert ran.err == "demo-prints greets at discovery\n"


def test_the_table_has_a_row_for_each_plugin(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-exits", "demo-future")
    ran = grasp("--no-plugin", "demo-future", "list-plugins")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["DISTRIBUTION", "VERSION", "STATUS", "PROVIDES"]
    where = lines[0].index("PROVIDES")
    row = next(n for n, line in enumerate(lines) if line.startswith("demo-good"))
    assert lines[row].split() == ["demo-good", "1.2.3", "ok", "tasks:", "demo-words"]
    assert [line[where:] for line in lines[row : row + 5]] == [
        "tasks: demo-words",
        "methods: demo-learner",
        "agents: demo-echo",
        "gates: demo-gate",
        "executors: demo-threads",
    ]
    row = next(n for n, line in enumerate(lines) if line.startswith("demo-exits"))
    assert lines[row].split() == ["demo-exits", "1.0", "broken"]
    assert lines[row + 1 : row + 3] == [
        "    it called sys.exit(3)",
        "    update demo-exits, or leave it out with --no-plugin demo-exits",
    ]
    assert [line.split() for line in lines if line.startswith("demo-future")] == [
        ["demo-future", "1.0", "disabled"]
    ]
    assert lines == [line.rstrip() for line in lines]
    assert "entry point" not in ran.out
    assert "\x1b" not in ran.out, "no colours where there is no terminal"


def test_verbose_tells_where_everything_is(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-hidden")
    ran = grasp("list-plugins", "--verbose")
    assert ran.code == 0
    for line in (
        "    entry point words = demo_good.plugin",
        "    task demo-words: Say a word.",
        "        demo_good.words:Words  https://example.org/demo-words",
        "    agent demo-echo",
        "        demo_good.words:Echo",
    ):
        assert line in ran.out.splitlines()
    _, _, commands = ran.out.partition("\nCOMMANDS OF PLUGINS\n")
    listed = [line.split() for line in commands.partition("\n\n")[0].splitlines()]
    assert ["demo", "demo-good", "demo_good.command:demo"] in listed
    assert ["demo-hidden/run", "demo-hidden", "demo_hidden:run"] in listed
    assert "COMMANDS" not in grasp("list-plugins").out


def test_clashes_are_told_with_the_names_to_use(grasp: Command, install: Install) -> None:
    install("demo-twin-a", "demo-twin-b", "demo-hidden")
    _, _, clashes = grasp("list-plugins").out.partition("\nCLASHES\n")
    assert clashes.splitlines() == [
        "- the task 'twin-task' is registered by demo-twin-a and demo-twin-b",
        "    say which: demo-twin-a/twin-task or demo-twin-b/twin-task",
        "- the command 'run' of demo-hidden is hidden by grasp's own",
        "    call it with: grasp demo-hidden/run",
        "- the command 'twin' is added by demo-twin-a and demo-twin-b",
        "    say which: grasp demo-twin-a/twin or grasp demo-twin-b/twin",
    ]
    assert "CLASHES" not in grasp("--no-plugin", "twin", "--no-plugin", "run", "list-plugins").out


@pytest.mark.parametrize(
    ("names", "options", "code"),
    [
        (["demo-good"], [], 0),
        (["demo-good", "demo-exits"], [], 1),
        (["demo-future"], [], 1),
        (["demo-exits"], ["--no-plugin", "exits"], 1),
    ],
)
def test_strict_fails_if_a_plugin_is_not_ok(
    names: list[str], options: list[str], code: int, grasp: Command, install: Install
) -> None:
    install(*names)
    assert grasp(*options, "list-plugins", "--strict").code == code
    assert grasp(*options, "list-plugins", "--strict", "--json").code == code
    assert grasp(*options, "list-plugins").code == 0
