"""Discovery: what is installed is found, and what is broken breaks nothing but itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import grasp as package
from grasp.contracts import PluginError
from grasp.plugins import TaskSpec, configure, fresh, hookimpl, registry
from grasp.plugins.discovery import discover
from grasp.plugins.entrypoints import Found
from grasp.plugins.loading import load, one_line
from grasp.plugins.plugin import Plugin
from grasp.plugins.quiet import stdout_to_stderr

from .conftest import MakeModule
from .distributions import NAMES, Install

#: Distribution → status, what its error says, what its hint says.
FAULTS = {
    "demo-import-error": (
        "broken",
        "ModuleNotFoundError: No module named 'demo_missing_library'",
        "pip install --force-reinstall demo-import-error, or leave it out with"
        " --no-plugin demo-import-error",
    ),
    "demo-exits": ("broken", "it called sys.exit(3)", "--no-plugin demo-exits"),
    "demo-misspelt": (
        "broken",
        "there is no hook grasp_register_task; did you mean grasp_register_tasks?",
        "update demo-misspelt (it may be made for another grasp-core)",
    ),
    "demo-argument": (
        "broken",
        "grasp_register_tasks takes 'register', it has no argument 'registry'",
        "update demo-argument",
    ),
    "demo-bad-name": (
        "broken",
        "TaskSpec has the invalid name 'Fine Words!': use lower-case letters",
        "update demo-bad-name",
    ),
    "demo-bad-factory": (
        "broken",
        "TaskSpec 'factory': factory is 'json loads', not of the form 'package.module:Class'",
        "update demo-bad-factory",
    ),
    "demo-future": (
        "incompatible",
        f"needs grasp-core <10,>=9, this is {package.__version__}",
        "pip install --upgrade demo-future grasp-core",
    ),
}


def of(name: str, plugins: Iterable[Plugin] | None = None) -> Plugin:
    (plugin,) = [p for p in plugins or registry().plugins if p.distribution == name]
    return plugin


def test_a_good_plugin_is_ok_and_says_what_it_provides(install: Install) -> None:
    install("demo-good")
    plugin = of("demo-good")
    assert (plugin.status, plugin.error, plugin.hint) == ("ok", "", "")
    assert plugin.to_json() == {
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
    assert plugin.seconds > 0


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_a_cause_and_a_remedy(name: str, install: Install) -> None:
    install(name)
    status, error, hint = FAULTS[name]
    plugin = of(name)
    assert plugin.status == status
    assert plugin.failed
    assert error in plugin.error
    assert hint in plugin.hint
    assert "\n" not in plugin.error + plugin.hint
    assert plugin.specs == [], "half of a broken plugin must not be usable"


def test_faults_stay_with_their_plugin(install: Install) -> None:
    install(*NAMES)
    status = {p.distribution: p.status for p in registry().plugins}
    assert {n for n in NAMES if status.get(n) not in ("ok", None)} == set(FAULTS)
    assert {"demo-words"} <= set(registry().names("tasks"))
    assert of("demo-heavy").status == "ok", "slow to import, but it works"


def test_core_comes_first_and_is_a_plugin_like_any_other(install: Install) -> None:
    install("demo-twin-b", "demo-good", "demo-twin-a")
    found = [p.distribution for p in registry().plugins]
    assert found[0] == "grasp-core"
    assert found[1:] == sorted(found[1:])
    assert of("grasp-core").found.entry_point == "core"
    assert "grasp" in registry().names("methods")


def test_core_is_there_without_being_installed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("demo-good")
    places = [p for p in sys.path if not list(Path(p).glob("grasp_core-*.dist-info"))]
    monkeypatch.setattr(sys, "path", [*places, str(Path(str(package.__file__)).parents[1])])
    core = of("grasp-core", discover())
    assert (core.status, core.found.version) == ("ok", package.__version__)
    assert "paper" in core.provides()["gates"]


def test_two_distributions_with_one_entry_point_name_are_both_there(install: Install) -> None:
    install("demo-twin-a", "demo-twin-b")
    twins = [p for p in registry().plugins if p.found.entry_point == "twin"]
    assert [(p.distribution, p.status) for p in twins] == [
        ("demo-twin-a", "ok"),
        ("demo-twin-b", "ok"),
    ]
    assert all(p.provides()["tasks"] == ["twin-task"] for p in twins)


def test_what_does_not_fit_this_core_is_not_imported(install: Install) -> None:
    install("demo-future")
    assert of("demo-future").status == "incompatible"
    assert "demo_future" not in sys.modules


def test_a_greeting_at_import_goes_to_stderr(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("demo-prints")
    assert of("demo-prints").status == "ok"
    assert tuple(capsys.readouterr()) == ("", "demo-prints greets at discovery\n")


# -- what a plugin's module may and may not do ---------------------------------------


def loaded(module: MakeModule, **attributes: Any) -> Plugin:
    """Load a module as a plugin."""
    module("demo_holder", **attributes)
    return load(Found("demo-holder", "1", "holder", "demo_holder"))


def registering(*specs: Any) -> Any:
    @hookimpl
    def grasp_register_tasks(register: Callable[[Any], None]) -> None:
        for spec in specs:
            register(spec)

    return grasp_register_tasks


FINE = TaskSpec("fine", "json:loads")


def test_the_target_may_be_an_object_with_methods(module: MakeModule) -> None:
    class Hooks:
        @hookimpl
        def grasp_register_tasks(self, register: Callable[[TaskSpec], None]) -> None:
            register(FINE)

    module("demo_object", holder=Hooks())
    plugin = load(Found("demo-object", "1", "object", "demo_object:holder"))
    assert (plugin.status, plugin.error, plugin.specs) == ("ok", "", [FINE])


def test_helpers_defaults_and_optional_hooks_are_allowed(module: MakeModule) -> None:
    @hookimpl(optionalhook=True)
    def grasp_of_a_later_version(thing: Any) -> None: ...

    @hookimpl(specname="grasp_register_tasks")
    def tasks(register: Callable[[Any], None], twice: bool = False) -> None:
        register(FINE)

    plugin = loaded(
        module,
        grasp_of_a_later_version=grasp_of_a_later_version,
        tasks=tasks,
        grasp_helper=lambda: None,
    )
    assert (plugin.status, plugin.error, plugin.specs) == ("ok", "", [FINE])


def unmarked(register: Any) -> None: ...


@hookimpl
def of_no_hook(register: Any) -> None: ...


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"grasp_register_tasks": unmarked}, "grasp_register_tasks is not marked with @grasp.hook"),
        ({"grasp_register_taks": unmarked}, "grasp_register_taks is not marked with @grasp.hook"),
        ({"grasp_event": unmarked}, "grasp_event is not marked with @grasp.hookimpl"),
        ({"of_no_hook": of_no_hook}, "there is no hook of_no_hook"),
        (
            {"grasp_register_tasks": registering(TaskSpec)},
            "grasp_register_tasks registered TaskSpec, not a TaskSpec",
        ),
        (
            {"grasp_register_tasks": registering("a:b")},
            "grasp_register_tasks registered a str, not a TaskSpec",
        ),
        (
            {"grasp_register_tasks": registering(FINE, FINE)},
            "grasp_register_tasks registered 'fine' twice",
        ),
    ],
)
def test_what_the_hooks_refuse(attributes: dict[str, Any], error: str, module: MakeModule) -> None:
    plugin = loaded(module, **attributes)
    assert plugin.status == "broken"
    assert plugin.error.startswith(error)
    assert plugin.specs == []


def test_a_hook_without_a_readable_signature_is_tried(module: MakeModule) -> None:
    @hookimpl
    def grasp_event(event: Any) -> None: ...

    grasp_event.__signature__ = "unreadable"  # type: ignore[attr-defined]
    assert loaded(module, grasp_event=grasp_event).status == "ok"


def test_registering_is_over_when_the_hook_returns(module: MakeModule) -> None:
    kept: list[Callable[[Any], None]] = []

    @hookimpl
    def grasp_register_tasks(register: Callable[[Any], None]) -> None:
        kept.append(register)

    plugin = loaded(module, grasp_register_tasks=grasp_register_tasks)
    with pytest.raises(Exception, match="grasp_register_tasks is over"):
        kept[0](FINE)
    assert plugin.specs == []


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ValueError("one\n  two"), "ValueError: one two"),
        (ValueError(), "ValueError"),
        (GeneratorExit(), "GeneratorExit"),
        (SystemExit(), "it called sys.exit(None)"),
        (PluginError("what is wrong"), "what is wrong"),
    ],
)
def test_whatever_a_hook_raises_is_told_on_one_line(
    raised: BaseException, error: str, module: MakeModule
) -> None:
    @hookimpl
    def grasp_register_tasks(register: Callable[[Any], None]) -> None:
        register(FINE)
        raise raised

    plugin = loaded(module, grasp_register_tasks=grasp_register_tasks)
    assert (plugin.status, plugin.error, plugin.specs) == ("broken", error, [])


def test_an_error_text_is_bounded_and_may_fail_itself() -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert one_line(Unprintable()) == "Unprintable"
    long = one_line(ValueError("x" * 10_000))
    assert (len(long), long[-1]) == (300, "…")
    assert len(one_line(PluginError("x" * 10_000))) == 300


def test_an_interrupt_is_the_users_and_leaves_the_registry_usable(module: MakeModule) -> None:
    @hookimpl
    def grasp_register_tasks(register: Callable[[Any], None]) -> None:
        raise KeyboardInterrupt

    module("demo_interrupted", grasp_register_tasks=grasp_register_tasks)
    configure(modules=["demo_interrupted"])
    with pytest.raises(KeyboardInterrupt):
        registry()
    configure()
    assert of("grasp-core").status == "ok"


def test_a_plugin_that_uses_others_while_it_is_loaded_is_broken_alone(module: MakeModule) -> None:
    @hookimpl
    def grasp_register_tasks(register: Callable[[Any], None]) -> None:
        registry()

    module("demo_reentrant", grasp_register_tasks=grasp_register_tasks)
    with fresh(modules=["demo_reentrant"]) as plugins:
        assert of("demo_reentrant", plugins.plugins).error == (
            "it uses other plugins while it is being loaded"
        )
        assert of("grasp-core", plugins.plugins).status == "ok"


def test_all_threads_get_one_registry(install: Install) -> None:
    install("demo-good")
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(registry())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(map(id, seen))) == 1


def test_fresh_gives_the_old_registry_back(install: Install) -> None:
    install("demo-good")
    before = registry()
    with fresh(disabled=["demo-good"]) as inside:
        assert of("demo-good", inside.plugins).status == "disabled"
        assert registry() is inside
    assert registry() is before


def test_overlapping_blocks_give_stdout_back(capsys: pytest.CaptureFixture[str]) -> None:
    """Two threads enter and leave in turn; saving and restoring blindly would lose stdout."""
    before = sys.stdout
    first, second = stdout_to_stderr(), stdout_to_stderr()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    print("still quiet")
    second.__exit__(None, None, None)
    assert sys.stdout is before
    print("loud")
    assert tuple(capsys.readouterr()) == ("loud\n", "still quiet\n")
