"""What FHIR R4 defines: resource types, their elements and their search parameters.

Two tables distilled from the published definitions by ``generate.py`` in this folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

#: Elements that every resource has, in the order in which HAPI prints them.
_RESOURCE_ELEMENTS = {
    "id": "id^",
    "meta": "Meta^",
    "implicitRules": "uri^",
    "language": "code",
    "text": "Narrative",
    "contained": "Resource*",
    "extension": "Extension*",
    "modifierExtension": "Extension*",
}
_ELEMENT_ELEMENTS = {"id": "string", "extension": "Extension*"}
_BACKBONE_ELEMENTS = {**_ELEMENT_ELEMENTS, "modifierExtension": "Extension*^"}

#: Search parameters that every resource type has (HAPI R4, JPA).
_COMMON_PARAMETERS: dict[str, list[Any]] = {
    "_content": ["string", []],
    "_id": ["token", []],
    "_lastUpdated": ["date", []],
    "_profile": ["uri", ["meta.profile:canonical"]],
    "_security": ["token", ["meta.security:Coding"]],
    "_source": ["uri", ["meta.source:uri"]],
    "_tag": ["token", ["meta.tag:Coding"]],
    "_text": ["string", []],
}


@dataclass(frozen=True)
class Step:
    """One step of a path: a JSON key, kept only where ``condition`` (key, value) holds."""

    key: str
    condition: tuple[str, str] | None = None


@dataclass(frozen=True)
class SearchPath:
    """Where a search parameter finds its values, and the FHIR type found there."""

    steps: tuple[Step, ...]
    type: str

    @classmethod
    def parse(cls, text: str) -> SearchPath:
        """Read ``telecom?system=phone:ContactPoint``."""
        path, _, type_ = text.rpartition(":")
        steps = []
        for part in path.split("."):
            key, _, condition = part.partition("?")
            name, _, value = condition.partition("=")
            steps.append(Step(key, (name, value) if condition else None))
        return cls(tuple(steps), type_)


@dataclass(frozen=True)
class SearchParameter:
    """A search parameter: its name, kind (``token``, ``date``, …), paths and target types."""

    name: str
    kind: str
    paths: tuple[SearchPath, ...]
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Element:
    """What the definition says of one JSON key."""

    type: str
    repeats: bool
    required: bool
    summary: bool
    codes: tuple[str, frozenset[str]] | None = None


def _table(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


@lru_cache(maxsize=1)
def _parameters_table() -> dict[str, Any]:
    return _table("search_parameters")


@lru_cache(maxsize=1)
def _structure_table() -> dict[str, Any]:
    return _table("structure")


@lru_cache(maxsize=1)
def resource_types() -> tuple[str, ...]:
    """Every R4 resource type that a server can hold, in alphabetical order."""
    return tuple(sorted(_parameters_table()))


@cache
def search_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """The search parameters of a type, by name, in alphabetical order.

    Raises:
        KeyError: R4 has no such resource type.
    """
    table = {**_COMMON_PARAMETERS, **_parameters_table()[resource_type]}
    return {
        name: SearchParameter(
            name,
            entry[0],
            tuple(SearchPath.parse(path) for path in entry[1]),
            tuple(entry[2]) if len(entry) > 2 else (),
        )
        for name, entry in sorted(table.items())
    }


@cache
def elements(type_name: str) -> Mapping[str, Element] | None:
    """The elements of a resource, datatype or backbone element; None for a primitive.

    ``Element`` has what every element has: an id and extensions.
    """
    structure = _structure_table()
    own = {} if type_name == "Element" else structure["types"].get(type_name)
    if own is None:
        return None
    if type_name in _parameters_table():
        common = _RESOURCE_ELEMENTS
    else:
        owner, nested, _ = type_name.partition(".")
        backbone = nested and owner in _parameters_table()
        common = _BACKBONE_ELEMENTS if backbone else _ELEMENT_ELEMENTS
    return {key: _element(spec, structure["codes"]) for key, spec in {**common, **own}.items()}


def _element(spec: str, codes: Mapping[str, list[str]]) -> Element:
    head, _, bound = spec.partition("=")
    type_ = head.rstrip("*!^")
    marks = head[len(type_) :]
    return Element(
        type_,
        repeats="*" in marks,
        required="!" in marks,
        summary="^" in marks,
        codes=(bound, frozenset(codes[bound])) if bound else None,
    )
