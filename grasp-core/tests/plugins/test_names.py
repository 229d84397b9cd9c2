"""Names: short ones, ``distribution/name`` where several plugins have one, and misspelt ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grasp import TaskSpec, hookimpl
from grasp.contracts import PluginError
from grasp.plugins import fresh, registry
from grasp.plugins.commands import Commands, import_command
from grasp.plugins.entrypoints import Found
from grasp.plugins.nearest import hint, nearest
from grasp.plugins.plugin import Plugin
from grasp.plugins.resolve import Registry

from .conftest import MakeModule
from .distributions import Install

Refused = Callable[..., PluginError]


@pytest.fixture
def refused() -> Refused:
    """Return what looking for a name raises."""

    def find(name: str, kind: str = "tasks", plugins: Registry | None = None) -> PluginError:
        with pytest.raises(PluginError) as error:
            (plugins or registry()).find(kind, name)
        return error.value

    return find


def test_a_name_that_two_plugins_have_must_be_qualified(install: Install, refused: Refused) -> None:
    install("demo-twin-a", "demo-twin-b")
    error = refused("twin-task")
    assert error.message == "the task 'twin-task' is registered by demo-twin-a and demo-twin-b"
    assert error.hint == "say which: demo-twin-a/twin-task or demo-twin-b/twin-task"
    assert registry().build("tasks", "demo-twin-a/twin-task", {}) == {"owner": "a"}
    assert registry().build("tasks", "Demo_Twin.B/twin-task", {}) == {"owner": "b"}


def test_lists_hold_the_names_that_can_be_asked_for(install: Install) -> None:
    install("demo-twin-a", "demo-twin-b", "demo-good")
    names = registry().names("tasks")
    assert {"demo-words", "demo-twin-a/twin-task", "demo-twin-b/twin-task"} <= set(names)
    assert "twin-task" not in names
    for kind in ("tasks", "methods", "agents", "gates", "executors"):
        for name in registry().names(kind):
            registry().find(kind, name)
    assert [c.message for c in registry().clashes()] == [
        "the task 'twin-task' is registered by demo-twin-a and demo-twin-b"
    ]


def test_with_one_of_them_the_short_name_is_enough(install: Install) -> None:
    install("demo-twin-b")
    assert registry().build("tasks", "twin-task", {}) == {"owner": "b"}
    assert registry().build("tasks", "demo-twin-b/twin-task", {}) == {"owner": "b"}
    assert registry().clashes() == []


def test_one_name_may_serve_several_kinds(install: Install, module: MakeModule) -> None:
    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        register(TaskSpec("paper", "builtins:dict"))

    module("demo_paper", grasp_register_tasks=grasp_register_tasks)
    with fresh(modules=["demo_paper"]) as plugins:
        assert plugins.find("tasks", "paper")[0].distribution == "demo_paper"
        assert plugins.find("gates", "paper")[0].distribution == "grasp-core"
        assert plugins.clashes() == []


def test_two_entry_points_of_one_distribution_are_told_apart_by_leaving_one_out(
    refused: Refused,
) -> None:
    spec = TaskSpec("same", "builtins:dict")
    plugins = Registry(
        [Plugin(Found("demo", "1", point, point), specs=[spec]) for point in ("one", "two")]
    )
    error = refused("same", plugins=plugins)
    assert error.message == "the task 'same' is registered by the entry points one and two"
    assert error.hint == "leave one out, such as --no-plugin two"


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("tasks", "demo-wrods", "demo-words"),
        ("tasks", "DEMO_WORDS", "demo-words"),
        ("tasks", "demo-good/words", "demo-words"),
        ("methods", "gras", "grasp"),
        ("agents", "demo-ecko", "demo-echo"),
        ("gates", "papper", "paper"),
        ("executors", "thread", "threads"),
        ("tasks", "twin-tsk", "twin-task"),
        ("tasks", "demo-twin-c/twin-task", "demo-twin-b/twin-task"),
    ],
)
def test_a_misspelt_name_gets_a_did_you_mean(
    kind: str, name: str, near: str, install: Install, refused: Refused
) -> None:
    install("demo-good", "demo-twin-a", "demo-twin-b")
    error = refused(name, kind)
    assert error.message == f"unknown {kind[:-1]} {name!r}"
    assert error.hint == f"did you mean {near}?"


def test_a_name_nobody_has_may_be_of_a_plugin_that_is_not_here(
    install: Install, refused: Refused
) -> None:
    install("demo-good", "demo-import-error", "demo-future", "demo-heavy")
    with fresh(disabled=["demo-heavy"]) as plugins:
        told = refused("qqqqqqqq", plugins=plugins).hint
    assert told.startswith("there are: ")
    assert "demo-words" in told
    assert "demo-import-error is broken: ModuleNotFoundError" in told
    assert "demo-future is incompatible: needs grasp-core <10,>=9" in told
    assert "demo-heavy is switched off" in told


def test_the_nearest_name_ignores_case_and_dashes() -> None:
    assert nearest("List_Plugins", ["run", "list-plugins"]) == "list-plugins"
    assert nearest("qqq", ["run", "list-plugins"]) == ""
    assert hint("qqq", ["run", "show"]) == "there are: run, show"
    assert hint("qqq", []) == "there are: none"


# -- commands ------------------------------------------------------------------------


def found(distribution: str, name: str) -> Found:
    return Found(distribution, "1", name, f"{distribution}:command")


ONE, TWO, HIDDEN, ALONE = (
    found("one", "go"),
    found("two", "go"),
    found("one", "run"),
    found("two", "stop"),
)


def test_commands_are_named_like_everything_else() -> None:
    commands = Commands([ONE, TWO, HIDDEN, ALONE], {"run", "show"})
    assert commands.names() == {"one/go": ONE, "one/run": HIDDEN, "stop": ALONE, "two/go": TWO}
    assert list(commands.names()) == sorted(commands.names())
    for name, command in commands.names().items():
        assert commands.find(name) is command
    assert commands.find("Two/stop") is ALONE
    assert commands.find("one/stop") is None
    assert commands.find("halt") is None


def test_an_ambiguous_command_names_both() -> None:
    with pytest.raises(PluginError, match="the command 'go' is added by one and two") as error:
        Commands([ONE, TWO], ()).find("go")
    assert error.value.hint == "say which: grasp one/go or grasp two/go"


def test_an_interrupt_while_a_command_is_imported_is_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grasp.plugins.commands.import_module", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_command(ONE)


def test_clashing_and_hidden_commands_are_told() -> None:
    told = Commands([ONE, TWO, HIDDEN, ALONE], {"run"}).clashes()
    assert [(e.message, e.hint) for e in told] == [
        ("the command 'go' is added by one and two", "say which: grasp one/go or grasp two/go"),
        ("the command 'run' of one is hidden by grasp's own", "call it with: grasp one/run"),
    ]
