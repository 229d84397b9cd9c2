"""Specs: what can be registered, and that it stays as it was registered."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from grasp import AgentSpec, ExecutorSpec, GateSpec, MethodSpec, TaskSpec
from grasp.plugins.specs import KINDS, SPEC_TYPES


@pytest.mark.parametrize("name", ["a", "1st", "medagentbench", "a-b_c.d", "gpt4"])
def test_names_that_are_fine(name: str) -> None:
    assert TaskSpec(name, "a:b").name == name


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "-a", "a-", "a--b", "a/b", "ä", "a\n", None, 3, ("a",)]
)
def test_names_that_are_none(name: Any) -> None:
    with pytest.raises(ValueError, match=r"has the invalid name .*: use lower-case letters"):
        TaskSpec(name, "a:b")


@pytest.mark.parametrize("path", ["a:b", "a.b_c:D", "a.b:C.d", "_a:_b"])
def test_paths_that_are_fine(path: str) -> None:
    spec = TaskSpec("x", path, params_model=path, data=path)
    assert (spec.factory, spec.params_model, spec.data) == (path, path, path)


@pytest.mark.parametrize(
    "path", ["a", "a.b", "a:", ":b", "a b:c", "a:b:c", "a/b:c", "1:b", "a:b ", 3]
)
@pytest.mark.parametrize("field", ["factory", "params_model", "data"])
def test_paths_that_are_none(field: str, path: Any) -> None:
    with pytest.raises(ValueError, match=f"TaskSpec 'x': {field} is .*, not of the form 'package"):
        TaskSpec(**{"name": "x", "factory": "a:b", field: path})


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("factory", None, "of the form"),
        ("requires", "docker", r"a tuple of extras, such as \('docker',\)"),
        ("requires", [1], "a tuple of extras"),
        ("options", {"a b": 1}, "a mapping of keyword arguments"),
        ("options", {1: 1}, "a mapping of keyword arguments"),
        ("options", [("a", 1)], "a mapping of keyword arguments"),
        ("summary", None, "text"),
        ("docs", 3, "text"),
    ],
)
def test_other_fields_are_checked(field: str, value: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=f"TaskSpec 'x': {field} is .*, not {wanted}"):
        TaskSpec(**{"name": "x", "factory": "a:b", field: value})


def test_what_is_registered_does_not_change() -> None:
    requires, options = ["docker"], {"a": 1}
    spec = TaskSpec("x", "a:b", requires=requires, options=options)  # type: ignore[arg-type]
    requires.append("gpu")
    options["b"] = 2
    assert (spec.requires, spec.options) == (("docker",), {"a": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "y"  # type: ignore[misc]


def test_every_kind_has_its_spec() -> None:
    kinds = {s.kind: s for s in (TaskSpec, MethodSpec, AgentSpec, GateSpec, ExecutorSpec)}
    assert list(kinds) == ["tasks", "methods", "agents", "gates", "executors"] == list(KINDS)
    assert tuple(kinds.values()) == SPEC_TYPES
