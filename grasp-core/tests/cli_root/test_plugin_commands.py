"""Commands of plugins: clashes, hidden ones, broken ones, and those that are switched off."""

from __future__ import annotations

import sys

import pytest

from grasp import __version__

from ..plugins.distributions import Command, Install


def test_a_command_runs_and_gives_its_code(grasp: Command, install: Install) -> None:
    install("demo-good")
    ran = grasp("demo", "--code", "4")
    assert (ran.code, ran.out, ran.err) == (4, "the demo ran\n", "")
    assert grasp("demo-good/demo").out == "the demo ran\n"


def test_of_two_with_one_name_neither_wins_silently(grasp: Command, install: Install) -> None:
    install("demo-twin-a", "demo-twin-b")
    ran = grasp("twin")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: the command 'twin' is added by demo-twin-a and demo-twin-b\n"
        "Hint: say which: grasp demo-twin-a/twin or grasp demo-twin-b/twin\n"
    )
    for letter in "ab":
        ran = grasp(f"demo-twin-{letter}/twin")
        assert (ran.code, ran.out) == (0, f"twin {letter} ran\n")


def test_leaving_one_out_gives_the_other_the_short_name(grasp: Command, install: Install) -> None:
    install("demo-twin-a", "demo-twin-b")
    ran = grasp("--no-plugin", "demo-twin-a", "twin")
    assert (ran.code, ran.out) == (0, "twin b ran\n")


def test_a_built_in_is_never_replaced_but_what_it_hides_can_be_called(
    grasp: Command, install: Install
) -> None:
    install("demo-hidden")
    assert "Learn skills on TASK" in grasp("run", "--help").out
    assert grasp("demo-hidden/run").out == "the hidden command ran\n"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "bad-missing",
            "can't be imported (AttributeError: module 'demo_bad_commands' has no attribute"
            " 'missing')",
        ),
        ("bad-exits", "can't be imported (it called sys.exit(7))"),
        ("bad-type", "is not a click command"),
    ],
)
def test_a_broken_command_is_one_line_and_a_remedy(
    name: str, error: str, grasp: Command, install: Install
) -> None:
    install("demo-bad-commands")
    ran = grasp(name)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"Error: the command {name!r} of demo-bad-commands {error}\n"
        "Hint: update demo-bad-commands, or leave it out with --no-plugin demo-bad-commands\n"
    )


def test_a_command_made_for_another_core_is_not_imported(grasp: Command, install: Install) -> None:
    install("demo-future")
    ran = grasp("future")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"Error: the command 'future' of demo-future needs grasp-core <10,>=9, this is"
        f" {__version__}\nHint: pip install --upgrade demo-future grasp-core\n"
    )
    assert "demo_future" not in sys.modules


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("lst-plugins", "list-plugins"),
        ("list_plugins", "list-plugins"),
        ("dmeo", "demo"),
        ("twim", "twin"),
        ("demo-twin-a/twim", "demo-twin-a/twin"),
    ],
)
def test_an_unknown_command_gets_a_did_you_mean(
    name: str, near: str, grasp: Command, install: Install
) -> None:
    install("demo-good", "demo-twin-a", "demo-twin-b")
    ran = grasp(name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == (f"Error: No such command {name!r}. Did you mean {near!r}?")


def test_an_unknown_command_like_no_other(grasp: Command) -> None:
    ran = grasp("qqqqqqqq")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "Error: No such command 'qqqqqqqq'."


@pytest.mark.parametrize(
    "switch", ["--no-plugin", "GRASP_DISABLE_PLUGINS", "GRASP_DISABLE_AUTOLOAD"]
)
def test_a_command_that_is_switched_off_is_not_there(
    switch: str, grasp: Command, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-good")
    options = []
    if switch.startswith("--"):
        options = [switch, "demo-good"]
    else:
        monkeypatch.setenv(switch, "1" if switch.endswith("LOAD") else "words-of-others,demo_good")
    assert "demo-good" not in grasp(*options, "--help").out
    ran = grasp(*options, "demo")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        "Error: No such command 'demo'. demo-good, which has it, is switched off."
    )


# -- misspelt switches ---------------------------------------------------------------


def test_a_misspelt_name_to_leave_out_is_told(grasp: Command, install: Install) -> None:
    install("demo-good")
    ran = grasp("--no-plugin", "demo-god", "demo")
    assert (ran.code, ran.out) == (0, "the demo ran\n")
    assert ran.err == (
        "Warning: there is no plugin 'demo-god' to leave out; did you mean demo-good?\n"
    )


def test_a_misspelt_name_in_the_variable_is_told(
    grasp: Command, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-good", "demo-hidden")
    monkeypatch.setenv("GRASP_DISABLE_PLUGINS", "wrods, run")
    ran = grasp("list-plugins", "--json")
    assert ran.err == "Warning: there is no plugin 'wrods' to leave out; did you mean words?\n"
    assert ran.out.startswith("[")


def test_names_that_are_there_are_not_warned_of(
    grasp: Command, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-good", "demo-hidden")
    monkeypatch.setenv("GRASP_DISABLE_PLUGINS", "Demo_Good,words,run,demo-hidden,grasp-core")
    assert grasp("list-plugins").err == ""
