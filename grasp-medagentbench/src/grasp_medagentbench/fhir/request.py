"""Turns the parameters of a search into a checked ``SearchRequest``.

What HAPI refuses is refused here, with its words (spec fhir-store, 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from grasp_medagentbench.fhir.definitions import (
    SearchParameter,
    resource_types,
    search_parameters,
)
from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.prefixes import check_range
from grasp_medagentbench.fhir.query import Pairs, any_of

#: Parameters that shape the answer instead of choosing resources.
_RESULT_PARAMETERS = frozenset(
    {
        "_sort",
        "_count",
        "_offset",
        "_total",
        "_summary",
        "_elements",
        "_include",
        "_revinclude",
        "_format",
        "_pretty",
        "_getpagesoffset",
        "_contained",
        "_containedType",
    }
)
_INCLUDE_MODIFIERS = ("iterate", "recurse")
SUMMARY_MODES = ("true", "text", "data", "count", "false")
_TOTAL_MODES = ("none", "estimate", "accurate")


@dataclass(frozen=True)
class Filter:
    """One condition: any of ``values`` must fit; ``chain`` continues on the target.

    ``target`` narrows a reference to one resource type (``subject:Patient``).
    """

    parameter: SearchParameter
    values: tuple[str, ...]
    modifier: str = ""
    chain: str = ""
    target: str = ""


@dataclass(frozen=True)
class Include:
    """``_include`` or ``_revinclude``: ``source:parameter[:target]``."""

    source: str
    parameter: str
    target: str = ""


@dataclass(frozen=True)
class SearchRequest:
    """A search, checked against the definitions."""

    resource_type: str
    filters: tuple[Filter, ...] = ()
    has: tuple[tuple[str, str, str, str], ...] = ()
    sort: tuple[tuple[SearchParameter, bool], ...] = ()
    count: int | None = None
    offset: int | None = None
    total: str = ""
    summary: str = ""
    elements: tuple[str, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()


def parse_search(resource_type: str, pairs: Pairs) -> SearchRequest:
    """Check the parameters of a search on ``resource_type``.

    Raises:
        RequestRejected: A parameter, modifier or value is not valid.
    """
    filters: list[Filter] = []
    has: list[tuple[str, str, str, str]] = []
    shape: dict[str, list[str]] = {}
    for name, value in pairs:
        bare, _, modifier = name.partition(":")
        if bare in _RESULT_PARAMETERS:
            if bare == "_sort" and modifier == "desc":  # FHIR's first draft, still taken.
                value = f"-{value}"
            shape.setdefault(bare, []).append(value)
        elif bare == "_has":
            has.append(_has(modifier, value))
        else:
            found = _filter(resource_type, name, value)
            if found is not None:
                filters.append(found)
    _check_ranges(filters)
    count = _number("_count", shape.get("_count", []))
    summary = _one_of("_summary", shape.get("_summary", []), SUMMARY_MODES)
    return SearchRequest(
        resource_type,
        filters=tuple(filters),
        has=tuple(has),
        sort=_sort(resource_type, shape.get("_sort", [])),
        count=count,
        offset=_number("_offset", shape.get("_offset", [])),
        total=_one_of("_total", shape.get("_total", []), _TOTAL_MODES),
        summary="count" if count == 0 else summary,  # To HAPI both only count.
        elements=element_names(resource_type, shape.get("_elements", [])),
        includes=_includes("_include", shape.get("_include", [])),
        revincludes=_includes("_revinclude", shape.get("_revinclude", [])),
    )


def unknown_parameter(name: str, resource_type: str) -> RequestRejected:
    """HAPI's refusal of a parameter that the type doesn't have."""
    valid = ", ".join(search_parameters(resource_type))
    return RequestRejected(
        400,
        f'HAPI-0524: Unknown search parameter "{name}" for resource type "{resource_type}". '
        f"Valid search parameters for this search are: [{valid}]",
    )


def _filter(resource_type: str, name: str, value: str) -> Filter | None:
    head, _, chain = name.partition(".")
    bare, _, modifier = head.partition(":")
    parameter = search_parameters(resource_type).get(bare)
    if parameter is None:
        if bare.startswith("_"):  # HAPI looks past these.
            return None
        raise unknown_parameter(bare, resource_type)
    if bare in ("_text", "_content"):
        raise RequestRejected(
            400,
            "HAPI-1192: Fulltext search is not enabled on this service, "
            f"can not process parameter: {bare}",
        )
    if chain and parameter.kind != "reference":
        raise RequestRejected(
            400,
            f'HAPI-0496: Invalid search parameter "{name}". Parameter contains a chain '
            f"(.{chain}) and chains are not supported for this parameter (chaining is only "
            "allowed on reference parameters)",
        )
    if modifier == "missing":
        raise RequestRejected(
            405, "HAPI-0985: :missing modifier is disabled on this server", "not-supported"
        )
    target = ""
    if parameter.kind == "reference" and modifier in resource_types():
        target, modifier = modifier, ""
    # A date takes one value: its commas are refused later, in HAPI's words.
    values = [value] if parameter.kind == "date" and value.strip() else any_of(value)
    if not values:
        return None
    return Filter(parameter, tuple(values), modifier, chain, target)


def _check_ranges(filters: list[Filter]) -> None:
    dates: dict[str, list[str]] = {}
    for item in filters:
        if item.parameter.kind == "date":
            dates.setdefault(item.parameter.name, []).append(item.values[0])
    for values in dates.values():
        check_range(values)


def _has(modifier: str, value: str) -> tuple[str, str, str, str]:
    parts = modifier.split(":", 2)
    if len(parts) < 3 or parts[0] not in resource_types():
        raise RequestRejected(400, f"HAPI-1208: Invalid _has parameter: _has:{modifier}")
    if parts[1] not in search_parameters(parts[0]):
        raise unknown_parameter(parts[1], parts[0])
    return parts[0], parts[1], parts[2], value


def _sort(resource_type: str, values: list[str]) -> tuple[tuple[SearchParameter, bool], ...]:
    known = search_parameters(resource_type)
    order: list[tuple[SearchParameter, bool]] = []
    for value in values:
        for part in any_of(value):
            name = part.strip()
            descending = name.startswith("-")
            parameter = known.get(name.lstrip("-"))
            if parameter is None:
                raise RequestRejected(
                    400,
                    f'HAPI-1194: Unknown _sort parameter value "{name.lstrip("-")}" for resource '
                    f'type "{resource_type}" (Note: sort parameters values must use a valid '
                    f"Search Parameter). Valid values for this search are: [{', '.join(known)}]",
                )
            order.append((parameter, descending))
    return tuple(order)


def _number(name: str, values: list[str]) -> int | None:
    text = next((value.strip() for value in values if value.strip()), None)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RequestRejected(400, f"HAPI-0352: Invalid {name} value: {text}")
    return int(text)


def _one_of(name: str, values: list[str], allowed: tuple[str, ...]) -> str:
    text = next((value.strip() for value in values if value.strip()), "")
    if text and text not in allowed:
        raise RequestRejected(400, f"HAPI-0378: Invalid {name} parameter value: {text}")
    return text


def element_names(resource_type: str, values: list[str]) -> tuple[str, ...]:
    """The element names of ``_elements``; ``Type.element`` counts for its type only."""
    names: list[str] = []
    for value in values:
        for part in any_of(value):
            owner, _, element = part.strip().rpartition(".")
            if not owner or owner == resource_type:
                names.append(element)
    return tuple(names)


def _includes(name: str, values: list[str]) -> tuple[Include, ...]:
    found: list[Include] = []
    for value in values:
        parts = value.strip().split(":")
        if value.strip() == "*":
            found.append(Include("*", "*"))
            continue
        if not value.strip():
            continue
        valid = (
            2 <= len(parts) <= 3
            and parts[0] in resource_types()
            and (parts[1] == "*" or parts[1] in search_parameters(parts[0]))
        )
        if not valid:
            raise RequestRejected(400, f'HAPI-2015: Invalid {name} parameter value: "{value}".')
        found.append(Include(parts[0], parts[1], parts[2] if len(parts) > 2 else ""))
    return tuple(found)
