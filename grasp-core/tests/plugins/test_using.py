"""Using what plugins register: parameters, extras, and what goes wrong at first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypedDict

import pytest
import yaml
from pydantic import BeforeValidator, Field

import grasp as package
from grasp import MethodSpec, TaskSpec, hookimpl, load_agent, load_method, load_task
from grasp.contracts import ConfigError, GraspError, PluginError
from grasp.engine.threads import ThreadExecutor
from grasp.methods.gate.paper import PaperGate
from grasp.plugins import configure, factories, load_executor, load_gate, registry

from .conftest import MakeModule
from .distributions import Install


def refused(load: Callable[..., Any], *names: str, **params: Any) -> GraspError:
    with pytest.raises((PluginError, ConfigError)) as error:
        load(*names, **params)
    return error.value


def test_everything_loads_by_its_name(install: Install) -> None:
    install("demo-good")
    task = load_task("demo-words", limit=3)
    assert [s["id"] for s in task.samples("val")] == ["val-0", "val-1", "val-2"]
    assert task.name == "demo-words", "a task without a name gets the one it is known by"
    assert load_task("demo-good/demo-words").name == "demo-words"
    assert load_method("demo-learner").name == "demo-learner"
    assert load_agent("demo-echo").inference([]) == "word"
    assert isinstance(load_gate("demo-gate"), PaperGate)
    assert isinstance(load_executor("demo-threads", concurrency=2), ThreadExecutor)


def test_the_package_exports_the_loaders_and_nothing_else() -> None:
    from grasp import plugins

    assert package.load_task is plugins.load_task
    assert {getattr(plugins, name) is not None for name in plugins.__all__} == {True}
    with pytest.raises(AttributeError, match="has no attribute 'load_nothing'"):
        plugins.load_nothing  # noqa: B018


# -- parameters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"limt": 3}, "the task 'demo-words' has no parameter 'limt'", "did you mean limit?"),
        ({"zzz": 3}, "the task 'demo-words' has no parameter 'zzz'", "there are: limit"),
        (
            {"limit": 0},
            "the task 'demo-words' can't use limit: Input should be greater than or equal to 1",
            "see the parameters of demo-words in its documentation",
        ),
        ({"limit": "many"}, "the task 'demo-words' can't use limit: Input should be a valid", ""),
    ],
)
def test_parameters_are_checked_against_the_model(
    params: dict[str, Any], message: str, hint: str, install: Install
) -> None:
    install("demo-good")
    error = refused(load_task, "demo-words", **params)
    assert isinstance(error, ConfigError)
    assert error.message.startswith(message)
    assert hint in error.hint


def test_the_model_converts(install: Install) -> None:
    install("demo-good")
    assert len(load_task("demo-words", limit="4").samples("dev")) == 4


@dataclass
class Sizes:
    limit: int = 1


class Typed(TypedDict):
    limit: int


class Keeps:
    """A task that keeps what it is made with."""

    name = "keeps"

    def __init__(self, **given: Any) -> None:
        self.given = given


class NeedsKeywords:
    name = "needs"

    def __init__(self, folder: str, size: int, bound: int = 0) -> None:
        self.made_with = (folder, size, bound)


@pytest.fixture
def world(module: MakeModule, install: Install) -> None:
    """A plugin of tasks and a method made of the classes above."""

    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        made = {"factory": "demo_world:Keeps"}
        register(TaskSpec("dataclass", **made, params_model="demo_world:Sizes"))
        register(TaskSpec("typed", **made, params_model="demo_world:Typed"))
        register(TaskSpec("keeps", **made, options={"bound": 1}))
        register(TaskSpec("needs", "demo_world:NeedsKeywords", options={"bound": 1}))
        register(TaskSpec("opaque", "builtins:dict"))
        register(TaskSpec("nested", "demo_world:Holder.inner"))
        register(TaskSpec("raises", "demo_world:raises"))
        register(TaskSpec("no-model", **made, params_model="demo_world:Missing"))

    @hookimpl
    def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
        register(MethodSpec("bound", "demo_world:Keeps", options={"extra": "bound"}))

    class Holder:
        inner = Keeps

    def raises() -> Any:
        raise ConfigError("no such folder", "make it")

    module(
        "demo_world",
        grasp_register_tasks=grasp_register_tasks,
        grasp_register_methods=grasp_register_methods,
        **{c.__name__: c for c in (Sizes, Typed, Keeps, NeedsKeywords, Holder)},
        raises=raises,
    )
    configure(modules=["demo_world"])


@pytest.mark.usefixtures("world")
class TestParameters:
    @pytest.mark.parametrize("name", ["dataclass", "typed"])
    def test_a_dataclass_or_typed_dictionary_names_the_parameters(self, name: str) -> None:
        task: Any = load_task(name, limit=3)
        assert task.given == {"limit": 3}
        error = refused(load_task, name, limt=3)
        assert error.message == f"the task {name!r} has no parameter 'limt'"
        assert error.hint == "did you mean limit?"

    def test_options_are_bound_and_parameters_go_over_them(self) -> None:
        task: Any = load_task("keeps", other=2)
        assert task.given == {"bound": 1, "other": 2}
        task = load_task("keeps", bound=3)
        assert task.given == {"bound": 3}
        assert load_method("bound")(more=1).given == {"extra": "bound", "more": 1}

    def test_the_signature_is_checked_without_a_model(self) -> None:
        task: Any = load_task("needs", folder="f", size=1)
        assert task.made_with == ("f", 1, 1)
        error = refused(load_task, "needs", folder="f")
        assert error.message == "the task 'needs' needs size"
        assert error.hint == "give size among its parameters"
        assert refused(load_task, "needs").message == "the task 'needs' needs folder and size"
        assert "has no parameter 'foldr'" in refused(load_task, "needs", foldr="f").message

    def test_what_the_plugin_bound_is_not_suggested(self) -> None:
        error = refused(load_task, "needs", folder="f", size=1, bund=2)
        assert error.hint == "there are: folder, size"

    def test_a_factory_without_a_signature_is_called(self) -> None:
        assert registry().build("tasks", "opaque", {"any": 1}) == {"any": 1}

    def test_a_factory_may_be_an_attribute_of_a_class(self) -> None:
        assert isinstance(load_task("nested"), Keeps)

    def test_a_users_error_passes_as_it_is(self) -> None:
        error = refused(load_task, "raises")
        assert (type(error), error.hint) == (ConfigError, "make it")

    def test_a_model_that_is_not_there_is_the_plugins_fault(self) -> None:
        error = refused(load_task, "no-model", limit=1)
        assert isinstance(error, PluginError)
        assert "the task 'no-model' of demo_world can't be imported" in error.message


# -- what is missing -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "extra-early",
            "the task 'extra-early' of demo-extras can't be imported"
            " (ModuleNotFoundError: No module named 'demo_missing_docker')",
            "pip install 'demo-extras[docker]'",
        ),
        (
            "extra-late",
            "the task 'extra-late' of demo-extras can't be set up"
            " (ModuleNotFoundError: No module named 'demo_missing_docker')",
            "pip install 'demo-extras[docker,gpu]'",
        ),
        (
            "no-extra",
            "the task 'no-extra' of demo-extras can't be imported"
            " (ModuleNotFoundError: No module named 'demo_missing_docker')",
            "pip install --force-reinstall demo-extras",
        ),
        (
            "no-attribute",
            "the task 'no-attribute' of demo-extras can't be imported"
            " (AttributeError: module 'demo_extras.tasks' has no attribute 'Missing')",
            "update demo-extras, or report this to its authors",
        ),
        (
            "not-callable",
            "demo_extras.tasks:TEXT of demo-extras is not callable",
            "report this to the authors of demo-extras",
        ),
        (
            "exits",
            "the task 'exits' of demo-extras can't be imported (it called sys.exit(7))",
            "update demo-extras, or report this to its authors",
        ),
    ],
)
def test_what_is_missing_is_told_with_the_command_that_mends_it(
    name: str, message: str, hint: str, install: Install
) -> None:
    install("demo-extras")
    error = refused(load_task, name)
    assert isinstance(error, PluginError)
    assert (error.message, error.hint) == (message, hint)


def test_a_module_that_is_no_distribution_has_no_extras_to_install(
    install: Install, module: MakeModule
) -> None:
    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        register(TaskSpec("needy", "demo_missing_module:Task", requires=("docker",)))

    module("demo_needy", grasp_register_tasks=grasp_register_tasks)
    configure(modules=["demo_needy"])
    error = refused(load_task, "needy")
    assert "No module named 'demo_missing_module'" in error.message
    assert "pip install" not in error.hint


def test_an_interrupt_at_first_use_is_the_users(install: Install, module: MakeModule) -> None:
    class Interrupts:
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        register(TaskSpec("interrupted", "demo_interrupts:thing.inner"))

    module("demo_interrupts", thing=Interrupts(), grasp_register_tasks=grasp_register_tasks)
    configure(modules=["demo_interrupts"])
    with pytest.raises(KeyboardInterrupt):
        load_task("interrupted")


def test_a_greeting_at_first_use_goes_to_stderr(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("demo-prints", "demo-good")
    load_task("prints")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "demo-prints greets at discovery",
        "demo-prints greets at first use",
    ]


class Level(IntEnum):
    LOW, HIGH = 1, 2


class Seed(int):
    """A number by another name."""


def _raise(value: Any) -> Any:
    raise RuntimeError(value)


class Declared:
    """Parameters of several types."""

    def __init__(
        self,
        size: int = 1,
        share: float = 0.5,
        most: float | None = None,
        sure: bool = False,
        mode: str = "",
        place: str | Path | None = None,
        folder: Path = Path("."),
        names: Sequence[str] = (),
        extra: Mapping[str, Any] = MappingProxyType({}),
        shape: tuple[int, float] = (1, 1.0),
        kind: Literal["a", "b"] = "a",
        level: Level = Level.LOW,
        late: int = None,  # type: ignore[assignment]  # noqa: RUF013
        strange: Annotated[str, Field(pattern="(")] = "",
        stranger: Annotated[str, BeforeValidator(_raise)] = "",
        own: object = None,
        anything=None,  # type: ignore[no-untyped-def]
    ) -> None:
        if size < 0:
            raise ValueError("size is less than 0")
        self.given = (size + 1, share + 1, Path(place or "."), sure)


def _make(params: dict[str, Any]) -> Any:
    spec = TaskSpec("typed", "here:Declared", "Of types.")
    plugin: Any = None  # Only what can't be imported names it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(factories, "import_factory", lambda *_: Declared)
        return factories.make(plugin, spec, params)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("size: abc", "its type is int"),
        ("size: '7'", "YAML takes 7 for text"),
        ("size: 1e9", "YAML takes 1e9 for text"),
        ("size: null", "its type is int"),
        ("size: 1.5", "its type is int"),
        ("size: 5.0", "its type is int"),
        ("size: true", "its type is int"),
        ("size: .inf", "finite"),
        ("share: [1]", "its type is float"),
        ("share: .nan", "finite"),
        ("share: true", "its type is float"),
        ("most: .inf", "finite"),
        ("sure: maybe", "its type is bool"),
        ("sure: 1", "its type is bool"),
        ("mode: 3", "quotes of its own"),
        ("mode: true", "quotes of its own"),
        ("place: 3", "quotes of its own"),
        ("folder: 3", "its type is Path"),
        ("names: abc", "Sequence"),
        ("names: [a, 3]", "Sequence[str]"),
        ("extra: {a: [.nan]}", "finite"),
        ("shape: [1]", "tuple"),
        ("shape: [true, 1.0]", "tuple"),
        ("kind: c", "Literal"),
    ],
)
def test_values_of_another_type_than_is_declared(text: str, remedy: str) -> None:
    params = yaml.safe_load(text)
    with pytest.raises(ConfigError, match="the task 'typed' can't use") as caught:
        _make(params)
    assert remedy in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "{size: 7, share: 1, most: 2, sure: yes, mode: '3', place: x, folder: y}",
        "{names: [a, b], extra: {a: [1, x, null]}, shape: [1, 2], kind: b, most: null}",
        "{own: 3, anything: [1, two]}",
        "{level: 2, late: null, strange: x, stranger: y}",
    ],
)
def test_values_of_the_declared_types(text: str) -> None:
    assert _make(yaml.safe_load(text)).given


def test_what_only_callers_in_python_have() -> None:
    assert _make({"size": Seed(3), "own": object(), "level": Level.HIGH}).given


def test_what_a_plugin_refuses_itself() -> None:
    with pytest.raises(ValueError, match="less than 0"):
        _make({"size": -1})
