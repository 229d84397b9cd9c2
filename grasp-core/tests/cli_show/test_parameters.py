"""Parameters and their schemas, from every form in which a plugin may declare them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import jsonschema
import pytest
from pydantic import BaseModel, Field, create_model

from grasp import TaskSpec
from grasp.plugins import registry
from grasp.plugins.parameters import Parameters, parameters

from .conftest import MakePlugin

if TYPE_CHECKING:
    from decimal import Decimal


class Inner(BaseModel):
    depth: int = 1


class Pydantic(BaseModel):
    """Settings.

    Attributes:
        told: From the docstring.
    """

    size: int = Field(3, ge=1, description="How many.")
    mode: Literal["a", "b"] = "a"
    told: bool = False
    inner: Inner = Inner()
    tags: list[str] = Field(default_factory=lambda: ["x"])
    must: str = Field(alias="MUST")


@dataclasses.dataclass
class Data:
    """Settings.

    Attributes:
        size: How many, on two
            lines.
    """

    must: str
    size: int = 3
    tags: list[str] = dataclasses.field(default_factory=lambda: ["x"])


class Dictionary(TypedDict, total=False):
    size: int


class Plain:
    """A task.

    Args:
        must: What has no default.
        size (int): How many: two
            or more.

    Raises:
        ValueError: size is no argument of this section.
    """

    def __init__(
        self,
        must: str,
        *,
        size: Annotated[int, Field(ge=2)] = 3,
        path: str | Path | None = None,
        names: Iterable[str | int] | str = (),
        inner: Inner | None = None,
        opaque: Callable[[int], str] | None = None,
        unknown: Any = frozenset({1, 2}),
        bare=None,
    ) -> None: ...


class Hidden:
    def __init__(self, amount: Decimal | None = None, size: int = 3) -> None: ...


def anything(known: int = 1, *args: Any, **others: Any) -> None: ...


@pytest.fixture
def of(plugin: MakePlugin) -> Callable[..., Parameters]:
    """Parameters of a task with this factory or model."""

    def find(thing: Any, model: Any = None, **spec: Any) -> Parameters:
        names = {"params_model": "declares:Model"} if model is not None else {}
        one = TaskSpec("it", "declares:Factory", **names, **spec)
        plugin("declares", one, Factory=thing, Model=model)
        return parameters(*registry().find("tasks", "it"))

    return find


def by_name(found: Parameters) -> dict[str, Any]:
    return {p.name: p for p in found.known}


def accepts(found: Parameters, value: dict[str, Any]) -> bool:
    schema, definitions = found.schema("it.")
    whole = {**schema, "$defs": definitions}
    jsonschema.Draft202012Validator.check_schema(whole)
    return bool(jsonschema.Draft202012Validator(whole).is_valid(value))


def test_a_signature_with_its_docstring(of: Callable[..., Parameters]) -> None:
    found = of(Plain)
    named = by_name(found)
    assert list(named) == ["must", "size", "path", "names", "inner", "opaque", "unknown", "bare"]
    assert named["must"].required
    assert named["must"].description == "What has no default."
    assert (named["size"].type, named["size"].default) == ("int", 3)
    assert named["size"].description == "How many: two or more."
    assert named["path"].type == "str | Path | None"
    assert named["names"].type == "Iterable[str | int] | str"
    assert named["unknown"].default_json() == [1, 2]
    assert named["bare"].type == ""
    assert not found.others
    assert accepts(found, {"must": "x", "size": 2, "path": "p", "names": [1, "a"], "opaque": 1})
    assert accepts(found, {"must": "x", "inner": {"depth": 2}, "bare": [1], "unknown": 0})
    assert not accepts(found, {"size": 2}), "must is missing"
    assert not accepts(found, {"must": "x", "size": 1})
    assert not accepts(found, {"must": "x", "sice": 2})
    assert not accepts(found, {"must": "x", "inner": {"depth": "deep"}})


def test_a_pydantic_model(of: Callable[..., Parameters]) -> None:
    found = of(anything, Pydantic)
    named = by_name(found)
    assert list(named) == ["size", "mode", "told", "inner", "tags", "must"]
    assert named["size"].description == "How many."
    assert named["told"].description == "From the docstring."
    assert named["mode"].type == "Literal['a', 'b']"
    assert named["tags"].default == ["x"]
    assert named["inner"].default_json() == {"depth": 1}
    assert named["must"].required
    assert accepts(found, {"must": "x", "mode": "b", "inner": {"depth": 3}})
    assert not accepts(found, {"must": "x", "mode": "c"})
    assert not accepts(found, {"must": "x", "size": 0})
    assert not accepts(found, {"must": "x", "inner": {"depth": "deep"}})
    assert not accepts(found, {"must": "x", "other": 1})


def test_a_dataclass_and_a_typed_dictionary(of: Callable[..., Parameters]) -> None:
    found = of(anything, Data)
    named = by_name(found)
    assert [p.required for p in found.known] == [True, False, False]
    assert named["size"].description == "How many, on two lines."
    assert named["tags"].default == ["x"]
    assert not accepts(found, {"must": "x", "size": "three"})
    found = of(anything, Dictionary)
    assert not by_name(found)["size"].required
    assert accepts(found, {"size": 1})
    assert not accepts(found, {"size": "x"})


def test_others_and_what_is_bound(of: Callable[..., Parameters]) -> None:
    found = of(anything)
    assert found.others
    assert list(by_name(found)) == ["known"]
    assert accepts(found, {"whatever": 1})
    assert not accepts(found, {"known": "x"})
    assert by_name(of(anything, options={"known": 2})) == {}


def test_types_for_checkers_alone_are_shown_as_written(of: Callable[..., Parameters]) -> None:
    found = of(Hidden)
    assert by_name(found)["amount"].type == "Decimal | None"
    assert accepts(found, {"amount": "1.5", "size": 2})


def test_definitions_of_one_name_do_not_mix(of: Callable[..., Parameters]) -> None:
    other = create_model("Inner", name=(str, ""))

    def two(a: Any = (), b: Any = None) -> None: ...

    two.__annotations__ = {"a": Sequence[Inner], "b": other | None}
    found = of(two)
    assert accepts(found, {"a": [{"depth": 1}], "b": {"name": "x"}})
    assert not accepts(found, {"a": [{"depth": "x"}]})
    assert not accepts(found, {"b": {"name": 1}})
