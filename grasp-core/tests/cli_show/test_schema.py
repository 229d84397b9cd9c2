"""``grasp schema``: it accepts what ``--config`` accepts, and refuses what that refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import AliasChoices, BaseModel, Field

from grasp import GateSpec, GraspError, TaskSpec
from grasp.methods.settings import CycleSettings
from grasp.plugins import load_method, load_task, registry
from grasp.runs.config import RunConfig, load_config
from grasp.runs.gates import build_gate
from grasp.runs.schema import run_schema

from ..plugins.distributions import Command, Install
from ..toys import CYCLE, Model, Toy, run_toy
from .conftest import MakePlugin


class Sizes(BaseModel):
    dev: int = Field(12, ge=1)
    kinds: list[str] = ["red", "blue", "green"]


class StrictGate:
    def __init__(self, level: float = 0.05) -> None: ...


@pytest.fixture(autouse=True)
def toy(plugin: MakePlugin) -> None:
    specs = (
        TaskSpec("toy", "toys_here:Toy", params_model="toys_here:Sizes"),
        TaskSpec("free", "toys_here:Toy"),
        GateSpec("strict", "toys_here:StrictGate"),
    )
    plugin("toys_here", *specs, Toy=Toy, Sizes=Sizes, StrictGate=StrictGate)


def validator(schema: Mapping[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


_MADE: list[jsonschema.Draft202012Validator] = []


@pytest.fixture
def check(toy: None) -> Any:
    """The validator of the whole schema, made once."""
    if not _MADE:
        _MADE.append(validator(run_schema()))
    return _MADE[0]


def accepted(data: Mapping[str, Any]) -> bool:
    """What a run does with a configuration before anything is asked."""
    try:
        config = load_config(copy.deepcopy(dict(data)))
        if config.task is not None:
            load_task(config.task, **config.task_params)
        load_method(config.method)
        registry().find("executors", config.executor)
        build_gate(config.cycle)
    except GraspError:
        return False
    return True


#: One value for each setting that has more than one name, by its own name.
_VALUES: dict[str, Any] = {
    "agent": "local", "no_skills_baseline": False, "cluster": False, "fixes_only": True,
}  # fmt: skip


def aliases(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.validation_alias, AliasChoices):
            for choice in field.validation_alias.choices:
                yield str(choice), _VALUES.get(name, 3)


ACCEPTED: list[dict[str, Any]] = [
    {},
    {"cycle": None},
    {"cycle": {"epochs": 2, "gate": "confirm"}},
    {"epochs": 2, "seed": 7, "probe_source": "holdout"},
    {"task": "toy", "task_params": {"dev": 3}},
    {"task": "toys_here/toy", "task_params": {"kinds": ["red"]}},
    {"task": "free", "task_params": {"dev": 0, "whatever": 3}},
    {"task_params": {"anything": "for whatever task the command line names"}},
    {"cycle": {"gate": "strict", "gate_params": {"level": 0.01}}},
    {"cycle": {"gate_params": {}}},
    {"method": "grasp-core/no-skills"},
    {"agent": "my-own-preset", "agent_params": {"temperature": "default", "odd": 1}},
    {"agent": None, "writer": None, "budget": {"calls": 3, "cost": None}},
    *({"cycle": {name: value}} for name, value in aliases(CycleSettings)),
    *({name: value} for name, value in aliases(CycleSettings)),
    *({name: value} for name, value in aliases(RunConfig)),
]

REFUSED: list[dict[str, Any]] = [
    {"cycle": {"epoch": 2}},
    {"epoch": 2},
    {"cycle": {"epochs": -1}},
    {"cycle": {"grpo_k": 0}},
    {"cycle": {"grpo_k": 2, "candidates": 3}},
    {"grpo_eval_n": 1},
    {"cycle": {"prompts": "short"}},
    {"cycle": {"gate": "papers"}},
    {"cycle": {"gate": "strict", "gate_params": {"leval": 0.01}}},
    {"cycle": {"gate_params": {"level": 0.01}}},
    {"task": "toys"},
    {"task": "toy", "task_params": {"deep": 3}},
    {"task": "toy", "task_params": {"dev": 0}},
    {"task": "toys_here/toy", "task_params": {"dev": "many"}},
    {"task_params": None},
    {"method": "grep"},
    {"executor": "thread"},
    {"skills": None},
    {"budget": {"calls": -1}},
    {"budget": {"call": 1}},
    {"agent_temperature": 3},
    {"agent_presets": "local"},
]


@pytest.mark.parametrize("data", ACCEPTED, ids=json.dumps)
def test_what_a_run_accepts_the_schema_accepts(data: dict[str, Any], check: Any) -> None:
    assert accepted(data)
    assert [e.message for e in check.iter_errors(data)] == []


@pytest.mark.parametrize("data", REFUSED, ids=json.dumps)
def test_what_a_run_refuses_the_schema_refuses(data: dict[str, Any], check: Any) -> None:
    assert not accepted(data)
    assert not check.is_valid(data)


def test_real_configurations_are_valid(tmp_path: Path) -> None:
    run_toy(tmp_path, Model(), run={"config": {"task": "free", "agent_params": {"a": 1}}}, epochs=1)
    written = yaml.safe_load((tmp_path / "config.yaml").read_text())
    # Describes the run and is no setting; --resume and replay drop it too.
    del written["model"]
    assert set(written["cycle"]) >= set(CYCLE)
    validator(run_schema()).validate(written)
    root = Path(__file__).parents[3]
    shipped = root / "grasp-medagentbench/src/grasp_medagentbench/quickstart/config.yaml"
    schema = run_schema()
    if "medagentbench-quickstart" in registry().names("tasks"):
        validator(schema).validate(yaml.safe_load(shipped.read_text()))


def test_with_a_task_it_has_that_tasks_parameters_alone() -> None:
    schema = run_schema("toy")
    check = validator(schema)
    assert check.is_valid({"task": "toy", "task_params": {"dev": 3}})
    assert check.is_valid({"task_params": {"dev": 3}}), "the command line names the task"
    assert not check.is_valid({"task_params": {"whatever": 3}})
    assert not check.is_valid({"task": "free"})
    assert schema["properties"]["task_params"]["properties"]["dev"]["default"] == 12


def test_every_setting_is_told_with_its_default_and_meaning() -> None:
    schema = run_schema()
    cycle = schema["$defs"]["CycleSettings"]["properties"]
    for name, field in CycleSettings.model_fields.items():
        assert cycle[name]["description"] == field.description
        if field.default_factory is None:
            assert cycle[name]["default"] == field.default
    assert cycle["grpo_k"]["description"] == "The original's name of candidates."
    assert schema["properties"]["epochs"]["description"] == "The same as cycle.epochs."


def test_a_mistake_is_told_where_it_is(check: Any) -> None:
    data = {"cycle": {"gate": "strict", "gate_params": {"leval": 1}, "epochs": "many"}}
    found = {".".join(map(str, e.path)): e.message for e in check.iter_errors(data)}
    assert set(found) == {"cycle.gate_params", "cycle.epochs"}
    assert "'leval'" in found["cycle.gate_params"]


def test_every_reference_leads_somewhere() -> None:
    schema = run_schema()

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(schema))
    assert found
    for reference in found:
        assert reference.startswith("#/$defs/")
        assert reference.removeprefix("#/$defs/") in schema["$defs"], reference


def test_the_command_prints_it(grasp: Command) -> None:
    ran = grasp("--plugin", "toys_here", "schema")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == run_schema()
    ran = grasp("--plugin", "toys_here", "schema", "--task", "toy")
    assert json.loads(ran.out) == run_schema("toy")


def test_a_task_that_can_not_be_imported_is_left_out_and_told(
    grasp: Command, install: Install
) -> None:
    install("demo-extras")
    ran = grasp("schema")
    assert ran.code == 0
    schema = json.loads(ran.out)
    assert validator(schema).is_valid({"task": "extra-early", "task_params": {"a": 1}})
    told = [line for line in ran.err.splitlines() if "'extra-early'" in line]
    assert len(told) == 1
    assert told[0].startswith("Warning: left out of the schema: the task 'extra-early'")


def test_errors_name_the_remedy(grasp: Command) -> None:
    ran = grasp("--plugin", "toys_here", "schema", "--task", "tay")
    assert ran.code == 1
    assert ran.err.splitlines() == ["Error: unknown task 'tay'", "Hint: did you mean toy?"]
