"""Turns the filters of a search into SQL conditions on a segment's index tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.prefixes import date_value, split_prefix
from grasp_medagentbench.fhir.query import split_unescaped, unescape
from grasp_medagentbench.fhir.request import Filter
from grasp_medagentbench.fhir.values import index_key, normalise

_LAST_CHARACTER = "\U0010ffff"

#: Finds the ids of resources of a type that fit ``name=value``, for chained parameters.
Resolve = Callable[[str, str, str], list[str]]


@dataclass(frozen=True)
class Condition:
    """SQL over one index table, aliased ``x``; on the resource itself if ``table`` is empty.

    ``rank`` says how few resources the condition usually leaves: 0 is fewest.
    """

    table: str
    sql: str
    values: tuple[object, ...]
    negated: bool = False
    rank: int = 9

    def as_driver(self) -> str:
        """The condition as the one that finds candidates."""
        if not self.table:
            return self.sql
        return f"r.rid IN (SELECT x.rid FROM {self.table} x WHERE {self.sql})"

    def as_check(self) -> str:
        """The condition as a check of one candidate."""
        if not self.table:
            return self.sql
        index = f"{self.table}_rid"
        negation = "NOT " if self.negated else ""
        return (
            f"{negation}EXISTS (SELECT 1 FROM {self.table} x INDEXED BY {index} "
            f"WHERE x.rid = r.rid AND {self.sql})"
        )


def condition(resource_type: str, item: Filter, resolve: Resolve) -> Condition:
    """The SQL condition of one filter.

    Raises:
        RequestRejected: The modifier or the value is not valid for the parameter.
    """
    if item.parameter.name == "_id":
        return _id_condition(item)
    if item.parameter.name == "_lastUpdated":
        return _updated_condition(item)
    build = _BUILDERS.get(item.parameter.kind)
    if build is None:
        raise RequestRejected(
            501,
            f"Search parameter {item.parameter.name} is of type {item.parameter.kind}, "
            "which this server does not support",
            "not-supported",
        )
    return build(index_key(resource_type, item.parameter.name), item, resolve)


def one_of(column: str, values: list[str]) -> tuple[str, list[object]]:
    """SQL for membership in a list of any length."""
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(values)]


def _either(
    table: str, key: str, parts: list[tuple[str, list[object]]], rank: int, negated: bool = False
) -> Condition:
    sql = " OR ".join(f"({text})" for text, _ in parts)
    values = [value for _, found in parts for value in found]
    return Condition(table, f"x.key = ? AND ({sql})", (key, *values), negated, rank)


def _bad_modifier(item: Filter) -> RequestRejected:
    return RequestRejected(
        400,
        f'HAPI-1248: Unsupported modifier ":{item.modifier}" for search parameter '
        f"{item.parameter.name}",
    )


def _id_condition(item: Filter) -> Condition:
    ids = [unescape(value).strip().rsplit("/", 1)[-1] for value in item.values]
    sql, found = one_of("r.id", ids)
    return Condition("", sql, tuple(found), rank=0)


def _updated_condition(item: Filter) -> Condition:
    prefix, when = date_value(item.values[0])
    sql, values = _compare(prefix, "r.updated", "r.updated", when.low, when.high)
    return Condition("", sql, tuple(values))


def _token(key: str, item: Filter, resolve: Resolve) -> Condition:
    if item.modifier == "text":
        return _string(f"{key}:text", Filter(item.parameter, item.values), resolve)
    if item.modifier not in ("", "not"):
        raise _bad_modifier(item)
    parts: list[tuple[str, list[object]]] = []
    for value in item.values:
        pieces = [unescape(piece) for piece in split_unescaped(value.strip(), "|")]
        if len(pieces) == 1:
            parts.append(("x.code = ?", [pieces[0]]))
        elif not pieces[1]:
            parts.append(("x.system = ?", [pieces[0]]))
        else:
            parts.append(("x.code = ? AND x.system = ?", [pieces[1], pieces[0]]))
    return _either("token", key, parts, rank=3, negated=item.modifier == "not")


def _reference(key: str, item: Filter, resolve: Resolve) -> Condition:
    if item.modifier:
        raise _bad_modifier(item)
    if item.chain:
        return _chained(key, item, resolve)
    parts: list[tuple[str, list[object]]] = []
    for value in item.values:
        type_, id_ = reference_value(unescape(value))
        type_ = item.target or type_
        if type_:
            parts.append(("x.target_id = ? AND x.target_type = ?", [id_, type_]))
        else:
            parts.append(("x.target_id = ?", [id_]))
    return _either("reference", key, parts, rank=1)


def _chained(key: str, item: Filter, resolve: Resolve) -> Condition:
    targets = (item.target,) if item.target else item.parameter.targets
    parts: list[tuple[str, list[object]]] = []
    rejected: RequestRejected | None = None
    for target in targets:
        try:
            ids = [id_ for value in item.values for id_ in resolve(target, item.chain, value)]
        except RequestRejected as error:
            rejected = error
            continue
        sql, values = one_of("x.target_id", ids)
        parts.append((f"x.target_type = ? AND {sql}", [target, *values]))
    if not parts:
        raise rejected or RequestRejected(400, f"HAPI-1245: Invalid parameter chain: {item.chain}")
    return _either("reference", key, parts, rank=2)


def reference_value(text: str) -> tuple[str, str]:
    """``(type, id)`` of a reference in a query: an id, ``Type/id`` or an absolute URL."""
    text = text.strip()
    path = urlsplit(text).path if "://" in text else text
    path = path.split("/_history/")[0].strip("/")
    head, _, id_ = path.rpartition("/")
    return head.rpartition("/")[2], id_


def _date(key: str, item: Filter, resolve: Resolve) -> Condition:
    if item.modifier:
        raise _bad_modifier(item)
    prefix, when = date_value(item.values[0])
    if when.precision in ("year", "month", "day"):
        bounds = ("x.low_day", "x.high_day", when.low_day, when.high_day)
    else:
        bounds = ("x.low", "x.high", when.low, when.high)
    sql, values = _compare(prefix, *bounds)
    return Condition("date", f"x.key = ? AND ({sql})", (key, *values), rank=5)


def _compare(
    prefix: str, low: str, high: str, first: object, last: object
) -> tuple[str, list[object]]:
    """Compare the stored interval with the asked one (HAPI's date predicates)."""
    return {
        "eq": (f"{low} >= ? AND {high} <= ?", [first, last]),
        "ne": (f"{low} < ? OR {high} > ?", [first, last]),
        "gt": (f"{high} > ?", [last]),
        "ge": (f"{high} >= ?", [first]),
        "lt": (f"{low} < ?", [first]),
        "le": (f"{low} <= ?", [last]),
        "sa": (f"{low} > ?", [last]),
        "eb": (f"{high} < ?", [first]),
        "ap": (f"{low} <= ? AND {high} >= ?", [last, first]),
    }[prefix]


def _string(key: str, item: Filter, resolve: Resolve) -> Condition:
    parts: list[tuple[str, list[object]]] = []
    for value in item.values:
        text = unescape(value)
        if item.modifier == "exact":
            parts.append(("x.exact = ?", [text]))
        elif item.modifier == "contains":
            parts.append(("instr(x.norm, ?) > 0", [normalise(text)]))
        elif item.modifier == "":
            start = normalise(text)
            parts.append(("x.norm >= ? AND x.norm < ?", [start, start + _LAST_CHARACTER]))
        else:
            raise _bad_modifier(item)
    return _either("string", key, parts, rank=2)


def _uri(key: str, item: Filter, resolve: Resolve) -> Condition:
    parts: list[tuple[str, list[object]]] = []
    for value in item.values:
        text = unescape(value)
        if item.modifier == "below":
            parts.append(("x.exact >= ? AND x.exact < ?", [text, text + _LAST_CHARACTER]))
        elif item.modifier == "":
            parts.append(("x.exact = ?", [text]))
        else:
            raise _bad_modifier(item)
    return _either("string", key, parts, rank=3)


def _quantity(key: str, item: Filter, resolve: Resolve) -> Condition:
    if item.modifier:
        raise _bad_modifier(item)
    parts: list[tuple[str, list[object]]] = []
    for value in item.values:
        pieces = [unescape(piece) for piece in split_unescaped(value.strip(), "|")]
        sql, values = _number_test(item, pieces[0])
        if len(pieces) > 1 and pieces[1]:
            sql, values = f"({sql}) AND x.system = ?", [*values, pieces[1]]
        if len(pieces) > 2 and pieces[2]:
            sql = f"({sql}) AND (x.code = ? OR x.unit = ?)"
            values = [*values, pieces[2], pieces[2]]
        parts.append((sql, values))
    return _either("quantity", key, parts, rank=4)


def _number_test(item: Filter, text: str) -> tuple[str, list[object]]:
    prefix, digits = split_prefix(text.strip())
    try:
        number = Decimal(digits)
        half = Decimal(1).scaleb(int(number.as_tuple().exponent)) / 2
        value, margin = float(number), float(half)
    except (ArithmeticError, ValueError):
        raise RequestRejected(
            400, f'HAPI-1237: Invalid number value "{digits}" for {item.parameter.name}'
        ) from None
    if prefix in ("sa", "eb"):
        raise RequestRejected(
            400, f'HAPI-1240: Unable to handle number prefix "{prefix}" for value: {text}'
        )
    if prefix == "ap":
        margin, prefix = abs(value) / 10, "eq"
    low, high = value - margin, value + margin
    tests: dict[str, tuple[str, list[object]]] = {
        "eq": ("x.value >= ? AND x.value <= ?", [low, high]),
        "ne": ("x.value < ? OR x.value > ?", [low, high]),
        "gt": ("x.value > ?", [value]),
        "ge": ("x.value >= ?", [value]),
        "lt": ("x.value < ?", [value]),
        "le": ("x.value <= ?", [value]),
    }
    return tests[prefix]


_BUILDERS: dict[str, Callable[[str, Filter, Resolve], Condition]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "uri": _uri,
    "quantity": _quantity,
    "number": _quantity,
}
