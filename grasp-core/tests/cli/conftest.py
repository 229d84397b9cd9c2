"""The ``grasp`` command in process, with the toy as an unpackaged plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from grasp import AgentSpec, TaskSpec, hookimpl
from grasp.cli import main as root
from grasp.plugins import configure

from ..toys import Model, Toy


@dataclass(frozen=True)
class Ran:
    """What a command printed and returned."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that registers the task ``toy`` and the agents ``toy-model``, ``toy-noisy``."""
    module = ModuleType("toy_plugin")
    module.Toy, module.Model = Toy, toy_model  # type: ignore[attr-defined]

    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        register(TaskSpec("toy", "toy_plugin:Toy", "A toy."))

    @hookimpl
    def grasp_register_agents(register: Callable[[AgentSpec], None]) -> None:
        register(AgentSpec("toy-model", "toy_plugin:Model"))

    module.grasp_register_tasks = grasp_register_tasks  # type: ignore[attr-defined]
    module.grasp_register_agents = grasp_register_agents  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_plugin", module)
    yield module
    configure()


def toy_model(temperature: float | None = None) -> Model:
    return Model()


@pytest.fixture
def grasp(
    plugin: ModuleType,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """Run ``grasp ARGS`` in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRASP_BACKEND", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*args: str) -> Ran:
        capsys.readouterr()
        code = root._guarded(["--plugin", "toy_plugin", *args])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


#: Settings of a small run.
SMALL = (
    "--set", "epochs=1", "--set", "batch_size=6", "--set", "probe_size=6",
    "--set", "candidates=2",
)  # fmt: skip
