"""Takes from a resource the values that searches look at (spec fhir-store, 5.2).

One function a kind of search parameter; each yields rows for that kind's index table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from grasp_medagentbench.fhir.dates import BEGINNING, END, Interval, parse_date
from grasp_medagentbench.fhir.definitions import SearchParameter, SearchPath, search_parameters

Resource = Mapping[str, Any]
#: ``(key, code, system)``; the system is empty where the value has none.
TokenRow = tuple[str, str, str]
#: ``(key, type, id)``; the type is empty where the reference is no local one.
ReferenceRow = tuple[str, str, str]
#: ``(key, low, high, low_day, high_day)``
DateRow = tuple[str, int, int, int, int]
#: ``(key, normalised, exact)``
StringRow = tuple[str, str, str]
#: ``(key, value, system, code, unit)``
QuantityRow = tuple[str, float, str, str, str]

_NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
_ADDRESS_PARTS = ("line", "city", "district", "state", "country", "postalCode", "text")
_LOCAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")


@dataclass
class IndexRows:
    """All index rows of one resource."""

    token: list[TokenRow] = field(default_factory=list)
    reference: list[ReferenceRow] = field(default_factory=list)
    date: list[DateRow] = field(default_factory=list)
    string: list[StringRow] = field(default_factory=list)
    quantity: list[QuantityRow] = field(default_factory=list)


def index_key(resource_type: str, parameter: str) -> str:
    """The name under which a parameter's rows are kept."""
    return f"{resource_type}.{parameter}"


def normalise(text: str) -> str:
    """Upper case without accents, as HAPI keeps strings for searching."""
    if text.isascii():
        return text.upper()
    plain = unicodedata.normalize("NFD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).upper()


def index_rows(resource: Resource) -> IndexRows:
    """The rows of a resource for all search parameters of its type."""
    rows = IndexRows()
    plan = _plan(str(resource["resourceType"]))
    for element in resource:
        for key, parameter, path in plan.get(element, ()):
            for value in find(resource, path):
                _add(rows, key, parameter, path.type, value)
    return rows


@cache
def _plan(resource_type: str) -> Mapping[str, list[tuple[str, SearchParameter, SearchPath]]]:
    """What to look for, by the element of the resource that it begins with."""
    plan: dict[str, list[tuple[str, SearchParameter, SearchPath]]] = {}
    for parameter in search_parameters(resource_type).values():
        key = index_key(resource_type, parameter.name)
        for path in parameter.paths:
            plan.setdefault(path.steps[0].key, []).append((key, parameter, path))
    return plan


def find(resource: Any, path: SearchPath) -> Iterator[Any]:
    """Every value at ``path``, through arrays."""
    found = [resource]
    for step in path.steps:
        following: list[Any] = []
        for item in found:
            if not isinstance(item, Mapping):
                continue
            for value in _as_list(item.get(step.key)):
                if step.condition is None or (
                    isinstance(value, Mapping) and value.get(step.condition[0]) == step.condition[1]
                ):
                    following.append(value)
        found = following
    yield from found


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _add(rows: IndexRows, key: str, parameter: SearchParameter, type_: str, value: Any) -> None:
    if parameter.kind == "token":
        for code, system in tokens(type_, value):
            rows.token.append((key, code, system))
        for text in token_texts(type_, value):
            rows.string.append((f"{key}:text", normalise(text), text))
    elif parameter.kind == "reference":
        target = reference_target(value, parameter.targets)
        if target is not None:
            rows.reference.append((key, *target))
    elif parameter.kind == "date":
        for interval in intervals(type_, value):
            days = (interval.low_day, interval.high_day)
            rows.date.append((key, interval.low, interval.high, *days))
    elif parameter.kind == "string":
        for text in strings(type_, value):
            rows.string.append((key, normalise(text), text))
    elif parameter.kind in ("quantity", "number"):
        for number, system, code, unit in quantities(value):
            rows.quantity.append((key, number, system, code, unit))
    elif parameter.kind == "uri" and isinstance(value, str):
        rows.string.append((key, value, value))


def tokens(type_: str, value: Any) -> Iterator[tuple[str, str]]:
    """``(code, system)`` of a coded value; also of identifiers and contact points."""
    if type_ == "exists":
        yield "true", ""
    elif isinstance(value, bool):
        yield ("true" if value else "false"), ""
    elif isinstance(value, str):
        yield value, ""
    elif isinstance(value, Mapping):
        if type_ == "CodeableConcept":
            for coding in _as_list(value.get("coding")):
                yield from tokens("Coding", coding)
            return
        code = value.get("code" if type_ == "Coding" else "value")
        system = value.get("system")
        if isinstance(code, str) or isinstance(system, str):
            yield code if isinstance(code, str) else "", system if isinstance(system, str) else ""


def token_texts(type_: str, value: Any) -> Iterator[str]:
    """The human texts of a coded value, for the ``:text`` modifier."""
    if not isinstance(value, Mapping):
        return
    nested = value.get("type") if type_ == "Identifier" else value
    if not isinstance(nested, Mapping):
        return
    candidates = [nested.get("text"), nested.get("display")]
    for coding in _as_list(nested.get("coding")):
        if isinstance(coding, Mapping):
            candidates.append(coding.get("display"))
    yield from {text: None for text in candidates if isinstance(text, str)}


def reference_target(value: Any, targets: Iterable[str] = ()) -> tuple[str, str] | None:
    """``(type, id)`` that a Reference (or canonical) names; None where its type doesn't fit."""
    text = value.get("reference") if isinstance(value, Mapping) else value
    if not isinstance(text, str) or text.startswith("#"):
        return None
    match = _LOCAL.fullmatch(text)
    if match is None:
        return "", text
    allowed = tuple(targets)
    if allowed and allowed != ("*",) and match[1] not in allowed:
        return None
    return match[1], match[2]


def intervals(type_: str, value: Any) -> Iterator[Interval]:
    """The intervals that a date, a Period or a Timing covers; unreadable dates are skipped."""
    if isinstance(value, str) and type_ in ("date", "dateTime", "instant"):
        try:
            yield parse_date(value)
        except ValueError:
            return
    elif isinstance(value, Mapping) and type_ == "Period":
        start = next(intervals("dateTime", value.get("start")), None)
        end = next(intervals("dateTime", value.get("end")), None)
        if start or end:
            yield Interval(
                start.low if start else BEGINNING,
                end.high if end else END,
                start.low_day if start else 0,
                end.high_day if end else 99_999_999,
                "period",
            )
    elif isinstance(value, Mapping) and type_ == "Timing":
        found = [i for event in _as_list(value.get("event")) for i in intervals("dateTime", event)]
        repeat = value.get("repeat")
        if isinstance(repeat, Mapping):
            found += intervals("Period", repeat.get("boundsPeriod"))
        if found:
            yield Interval(
                min(i.low for i in found),
                max(i.high for i in found),
                min(i.low_day for i in found),
                max(i.high_day for i in found),
                "timing",
            )


def strings(type_: str, value: Any) -> Iterator[str]:
    """The single parts of a name or an address, or the text itself."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        parts = {"HumanName": _NAME_PARTS, "Address": _ADDRESS_PARTS}.get(type_, ())
        for part in parts:
            for text in _as_list(value.get(part)):
                if isinstance(text, str):
                    yield text


def quantities(value: Any) -> Iterator[tuple[float, str, str, str]]:
    """``(value, system, code, unit)`` of a Quantity, or of a bare number."""
    texts: list[Any] = ["", "", ""]
    if isinstance(value, Mapping):
        texts = [value.get(name) for name in ("system", "code", "unit")]
        value = value.get("value")
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return
        system, code, unit = (text if isinstance(text, str) else "" for text in texts)
        yield number, system, code, unit
