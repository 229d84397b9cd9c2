"""Reads the body of a POST or PUT as HAPI's JSON parser does.

Two kinds of fault exist there. A wrong *value* (a date that is none, a code outside a
closed list, a decimal that is no number) is always refused. A wrong *shape* (an element
that the type doesn't have, text where an object belongs, an object where a list belongs)
is refused by HAPI's strict parser and only logged by its lenient one, which then drops
what it can't place. ``strict`` is the default here: it gives an agent a reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from grasp_medagentbench.fhir.dates import parse_date
from grasp_medagentbench.fhir.definitions import (
    Element,
    elements,
    resource_types,
    search_parameters,
)
from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.pretty import loads
from grasp_medagentbench.fhir.store import View
from grasp_medagentbench.fhir.values import find

Parsing = Literal["strict", "lenient"]

_FAILED = "HAPI-0450: Failed to parse request body as JSON resource. Error was: "
_INTEGER_TYPES = ("integer", "positiveInt", "unsignedInt")
_DATE_TYPES = ("date", "dateTime", "instant")
_LOCAL_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S+)?")


def parse_body(resource_type: str, body: str | bytes | None, parsing: Parsing) -> dict[str, Any]:
    """The resource in a request's body.

    Args:
        resource_type: The type that the request's URL names.
        body: JSON text.
        parsing: Whether a wrong shape is refused or dropped.

    Raises:
        RequestRejected: HAPI would answer with an OperationOutcome.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    if not text.strip():
        raise RequestRejected(
            400, "HAPI-0537: The POST/PUT request has no body: a resource is required"
        )
    if not text.lstrip().startswith("{"):
        first = text.lstrip()[0]
        raise _fault(
            "HAPI-1861: Failed to parse JSON encoded FHIR content: HAPI-1859: Content does not "
            f"appear to be FHIR JSON, first non-whitespace character was: '{first}' "
            "(must be '{')"
        )
    try:
        resource = loads(text)
    except (ValueError, RecursionError) as error:
        raise _fault(f"HAPI-1861: Failed to parse JSON encoded FHIR content: {error}") from None
    found = resource.get("resourceType")
    if not isinstance(found, str) or not found.strip():
        raise _fault(
            "HAPI-1838: Invalid JSON content detected, missing required element: 'resourceType'"
        )
    if found != resource_type:
        raise _fault(
            f'HAPI-1814: Incorrect resource type found, expected "{resource_type}" '
            f'but found "{found}"'
        )
    return _Reader(parsing).resource(resource)


def check_references(resource: Mapping[str, Any], view: View) -> None:
    """Refuse references to resources that don't exist, as HAPI does by default.

    Raises:
        RequestRejected: A local reference in an indexed element has no target.
    """
    type_ = str(resource["resourceType"])
    for parameter in search_parameters(type_).values():
        if parameter.kind != "reference":
            continue
        for path in parameter.paths:
            for value in find(resource, path):
                text = value.get("reference") if isinstance(value, Mapping) else None
                match = _LOCAL_REFERENCE.fullmatch(text) if isinstance(text, str) else None
                if match and view.read(match[1], match[2]) is None:
                    where = ".".join(step.key for step in path.steps)
                    raise RequestRejected(
                        400,
                        f"HAPI-1094: Resource {match[1]}/{match[2]} not found, "
                        f"specified in path: {type_}.{where}",
                    )


def _fault(text: str) -> RequestRejected:
    return RequestRejected(400, _FAILED + text)


class _Reader:
    """Copies a resource element by element, in the definition's order."""

    def __init__(self, parsing: Parsing) -> None:
        self._strict = parsing == "strict"

    def resource(self, value: Mapping[str, Any]) -> dict[str, Any]:
        type_ = value.get("resourceType")
        if type_ not in resource_types():
            raise _fault(f'HAPI-1815: Unknown resource type "{type_}"')
        return {"resourceType": type_, **self._object(str(type_), value)}

    def _shape(self, text: str) -> None:
        """Refuse a wrong shape, or drop it."""
        if self._strict:
            raise _fault(text)

    def _object(self, type_: str, value: Mapping[str, Any]) -> dict[str, Any]:
        known = elements(type_) or {}
        for key in value:
            if key != "resourceType" and key.removeprefix("_") not in known:
                self._shape(f"HAPI-1825: Unknown element '{key}' found during parse")
        read: dict[str, Any] = {}
        for key, element in known.items():
            if key in value:
                found = self._element(key, element, value[key])
                if found is not None:
                    read[key] = found
            companion = value.get(f"_{key}")
            if companion is not None and elements(element.type) is None:
                read[f"_{key}"] = companion
        return read

    def _element(self, key: str, element: Element, value: Any) -> Any:
        if isinstance(value, list):
            if not element.repeats and len(value) > 1:
                self._shape(
                    f"HAPI-1823: Multiple repetitions of non-repeatable element '{key}' "
                    "found during parse"
                )
                return self._one(key, element, value[-1])
            if not element.repeats:
                self._shape(_wrong_type(key, "OBJECT or SCALAR", "ARRAY"))
                return self._one(key, element, value[0]) if value else None
            items = [self._one(key, element, item) for item in value]
            if elements(element.type) is None:
                return items or None
            return [item for item in items if item is not None] or None
        found = self._one(key, element, value)
        if element.repeats and found is not None:
            self._shape(_wrong_type(key, "ARRAY", _kind(value)))
            return [found]
        return found

    def _one(self, key: str, element: Element, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            self._shape(_wrong_type(key, "OBJECT", "ARRAY"))
            return None
        if element.type == "Resource":
            if isinstance(value, Mapping):
                return self.resource(value)
            self._shape(_wrong_type(key, "OBJECT", _kind(value)))
            return None
        composite = elements(element.type) is not None
        if composite != isinstance(value, Mapping):
            self._shape(_wrong_type(key, "OBJECT" if composite else "SCALAR", _kind(value)))
            return None
        if composite:
            return self._object(element.type, value) or None
        return self._primitive(key, element, value)

    def _primitive(self, key: str, element: Element, value: Any) -> Any:
        type_ = element.type
        if type_ == "boolean" or type_ == "decimal" or type_ in _INTEGER_TYPES:
            return self._scalar(key, type_, value)
        if not isinstance(value, str):
            self._shape(_wrong_type(key, "SCALAR (STRING)", _kind(value)))
            value = "true" if value is True else "false" if value is False else str(value)
        if not value.strip():
            self._shape(
                f'HAPI-1821: [element="{key}"] Invalid attribute value "": '
                'Attribute value must not be empty ("")'
            )
            return None
        if type_ in _DATE_TYPES:
            self._date(key, type_, value)
        elif element.codes is not None and value not in element.codes[1]:
            raise _bad_value(key, value, f"Unknown {element.codes[0]} code '{value}'")
        return value

    def _scalar(self, key: str, type_: str, value: Any) -> Any:
        expected = bool if type_ == "boolean" else (int, float, Decimal)
        right = isinstance(value, expected) and (type_ == "boolean") == isinstance(value, bool)
        if not right:
            wanted = "BOOLEAN" if type_ == "boolean" else "NUMBER"
            self._shape(_wrong_type(key, f"SCALAR ({wanted})", _kind(value)))
        if type_ == "boolean":
            if value not in (True, False, "true", "false"):
                raise _bad_value(key, value, f"Invalid boolean string: '{value}'")
            return value in (True, "true")
        text = str(value)
        pattern = r"[+-]?\d+" if type_ in _INTEGER_TYPES else r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
        if not re.fullmatch(pattern, text, re.ASCII):
            raise _bad_value(key, value, f'For input string: "{text}"')
        if right:
            return value
        return int(text) if type_ in _INTEGER_TYPES else Decimal(text)

    def _date(self, key: str, type_: str, value: str) -> None:
        try:
            found = parse_date(value) if " " not in value else None
        except ValueError:
            found = None
        if found is None:
            raise _bad_value(key, value, f'Invalid date/time format: "{value}"')
        precise = found.precision in ("second",)
        allowed = {
            "date": found.precision in ("year", "month", "day"),
            "dateTime": found.precision != "minute",
            "instant": precise,
        }[type_]
        if not allowed:
            name = {"date": "DateType", "dateTime": "DateTimeType", "instant": "InstantType"}
            precision = found.precision.upper()
            raise _bad_value(
                key,
                value,
                f"Invalid date/time string (datatype {name[type_]} does not support "
                f"{precision} precision): {value}",
            )


def _bad_value(key: str, value: Any, text: str) -> RequestRejected:
    return _fault(f'HAPI-1821: [element="{key}"] Invalid attribute value "{value}": {text}')


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "OBJECT"
    if isinstance(value, list):
        return "ARRAY"
    if isinstance(value, bool):
        return "SCALAR (BOOLEAN)"
    return "SCALAR (STRING)" if isinstance(value, str) else "SCALAR (NUMBER)"


def _wrong_type(key: str, expected: str, found: str) -> str:
    return (
        f"HAPI-1820: Found incorrect type for element {key} - Expected {expected} and found {found}"
    )
