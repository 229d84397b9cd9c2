"""``grasp --help``: at once, whatever is installed; commands are imported when called."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from grasp import __version__

from ..plugins.distributions import NAMES, Command, Install, Ran

Process = Callable[..., Ran]

#: Runs the command line, then says which of the named modules were imported.
IMPORTED = """
import atexit, sys
sys.dont_write_bytecode = True
names = ("openai", "pluggy", "pydantic", "rich", "grasp.plugins.discovery", "grasp.cli.run")
atexit.register(lambda: print("imported", *[
    n for n in sys.modules if n in names or n.startswith("demo_")], file=sys.stderr))
from grasp.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]])
def test_help_imports_nothing_of_plugins(arguments: list[str], process: Process) -> None:
    ran = process(NAMES, "-c", IMPORTED, *arguments)
    assert (ran.code, ran.err) == (0, "imported\n")


def test_help_lists_the_commands_of_plugins_from_metadata(grasp: Command, install: Install) -> None:
    install(*NAMES)
    ran = grasp("--help")
    assert (ran.code, ran.err) == (0, "")
    for command in ("run", "eval", "list-plugins", "doctor"):
        assert f"\n  {command} " in ran.out
    own, _, added = ran.out.partition("Commands of plugins:")
    assert "demo" not in own
    lines = dict(line.split("  from ") for line in added.splitlines() if "demo-" in line)
    assert {name.strip(): owner for name, owner in lines.items()} == {
        "bad-exits": "demo-bad-commands",
        "bad-missing": "demo-bad-commands",
        "bad-type": "demo-bad-commands",
        "demo": "demo-good",
        "demo-hidden/run": "demo-hidden",
        "demo-twin-a/twin": "demo-twin-a",
        "demo-twin-b/twin": "demo-twin-b",
        "future": "demo-future",
    }
    assert not [m for m in sys.modules if m.startswith("demo_")]


def test_listing_plugins_imports_them_but_no_benchmark_and_no_client(process: Process) -> None:
    ran = process(["demo-good", "demo-prints"], "-c", IMPORTED, "list-plugins")
    assert ran.code == 0
    imported = ran.err.splitlines()[-1].split()
    assert {"demo_good.plugin", "demo_prints.plugin", "pluggy"} <= set(imported)
    assert not {"openai", "pydantic", "rich", "demo_good.words", "demo_prints.task"} & set(imported)


def test_a_heavy_plugin_can_be_left_out(process: Process) -> None:
    ran = process(["demo-heavy"], "-c", IMPORTED, "list-plugins")
    assert "openai" in ran.err, "the test must notice if it is imported"
    ran = process(["demo-heavy"], "-c", IMPORTED, "--no-plugin", "demo-heavy", "list-plugins")
    assert "openai" not in ran.err
    assert "demo_heavy" not in ran.err


def test_a_plugins_command_runs_without_loading_plugins(process: Process) -> None:
    ran = process(["demo-good", "demo-exits"], "-c", IMPORTED, "demo", "--code", "3")
    assert (ran.code, ran.out) == (3, "the demo ran\n")
    assert ran.err == "imported demo_good demo_good.command\n"


@pytest.mark.usefixtures("environment")
def test_python_m_grasp_is_the_command(process: Process) -> None:
    assert process([], "-m", "grasp", "--version").out == f"grasp, version {__version__}\n"
    assert process([], "-m", "grasp", "--help").out.startswith("Usage: grasp [OPTIONS] COMMAND")
    ran = process([], "-m", "grasp", "no-such")
    assert (ran.code, ran.out) == (2, "")


def test_without_a_command_the_help_is_shown(grasp: Command) -> None:
    ran = grasp()
    assert "Learn skills for an LLM agent" in ran.out + ran.err


def test_a_command_has_its_own_help(grasp: Command, install: Install) -> None:
    install("demo-good")
    assert "Show that a plugin's command runs." in grasp("demo", "--help").out
    assert "--strict" in grasp("list-plugins", "-h").out


def test_words_are_completed_whatever_is_broken(process: Process) -> None:
    ran = process(
        NAMES, "-m", "grasp",
        _GRASP_COMPLETE="bash_complete", COMP_WORDS="grasp ", COMP_CWORD="1",
    )  # fmt: skip
    completed = {line.partition(",")[2] for line in ran.out.splitlines()}
    assert {"run", "list-plugins", "demo", "demo-twin-a/twin"} <= completed
    assert not {"bad-exits", "bad-missing", "bad-type", "future"} & completed
    assert ran.err == ""
    ran = process(
        NAMES, "-m", "grasp",
        _GRASP_COMPLETE="bash_complete", COMP_WORDS="grasp nothing ", COMP_CWORD="2",
    )  # fmt: skip
    assert ran.err == ""
