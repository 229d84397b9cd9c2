"""Reads the body of a POST or PUT as HAPI's JSON parser does.

Two kinds of fault exist there. A wrong *value* (a date that is none, a code outside a
closed list, a decimal that is no number) is always refused. A wrong *shape* (an element
that the type doesn't have, text where an object belongs, an object where a list belongs)
is refused by HAPI's strict error handler and only logged by its lenient one, which then
drops what it can't place. An untouched JPA starter has the lenient handler; ``strict`` is
the default here all the same, because it tells an agent that its order went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from grasp_medagentbench.fhir.dates import parse_date
from grasp_medagentbench.fhir.definitions import (
    Element,
    elements,
    resource_types,
    search_parameters,
)
from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.pretty import Digits, compact, loads
from grasp_medagentbench.fhir.store import View
from grasp_medagentbench.fhir.values import find

Parsing = Literal["strict", "lenient"]

_FAILED = "HAPI-0450: Failed to parse request body as JSON resource. Error was: "
_INTEGER_TYPES = ("integer", "positiveInt", "unsignedInt")
_DATE_TYPES = ("date", "dateTime", "instant")
#: Java's name of each type of date, and how precise its values may be.
_PRECISIONS = {
    "date": ("DateType", ("year", "month", "day")),
    "dateTime": ("DateTimeType", ("year", "month", "day", "second")),
    "instant": ("InstantType", ("second",)),
}
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
        raise _fault(
            "HAPI-1861: Failed to parse JSON encoded FHIR content: "
            "HAPI-1857: Did not find any content to parse"
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
    try:
        return _Reader(parsing).resource(resource)
    except RecursionError:
        raise _fault("HAPI-1861: Failed to parse JSON encoded FHIR content: too deep") from None


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
        if not isinstance(type_, str):
            raise _fault(
                "HAPI-1843: Missing required element 'resourceType' from JSON resource object, "
                "unable to parse"
            )
        if elements(type_) is None or type_ not in resource_types():
            raise _fault(
                f'HAPI-1684: Unknown resource name "{type_}" '
                '(this name is not known in FHIR version "R4")'
            )
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
                found = self._element(f"_{key}", _companion(element), companion)
                if found is not None:
                    read[f"_{key}"] = found
        return read

    def _element(self, key: str, element: Element, value: Any) -> Any:
        items = _flat(value) if isinstance(value, list) else [value]
        if not element.repeats:
            if len(items) > 1:
                self._shape(
                    f"HAPI-1823: Multiple repetitions of non-repeatable element '{key}' "
                    "found during parse"
                )
            return self._one(key, element, items[0]) if items else None
        if isinstance(value, Mapping):
            self._shape(
                f"HAPI-1820: Found incorrect type for element {key} - "
                "Expected ARRAY and found OBJECT"
            )
        read = [self._one(key, element, item) for item in items]
        if elements(element.type) is not None and not key.startswith("_"):
            read = [item for item in read if item is not None]
        return read if any(item is not None for item in read) else None

    def _one(self, key: str, element: Element, value: Any) -> Any:
        if value is None:
            return None
        if element.type == "Resource" and isinstance(value, Mapping):
            return self.resource(value)
        composite = element.type == "Resource" or elements(element.type) is not None
        if composite and not isinstance(value, Mapping):
            self._shape(
                f"HAPI-1824: [element=\"{key}\"] Unknown attribute 'value' found during parse"
            )
            return None
        if composite:
            return self._object(element.type, value) or None
        if isinstance(value, Mapping):
            for name in value:
                self._shape(
                    f"HAPI-1825: [element=\"{key}\"] Unknown element '{name}' found during parse"
                )
            return None
        return self._primitive(key, element, value)

    def _primitive(self, key: str, element: Element, value: Any) -> Any:
        type_ = element.type
        if type_ == "boolean" or type_ == "decimal" or type_ in _INTEGER_TYPES:
            return _scalar(key, type_, value)
        text = value if isinstance(value, str) else compact(value)
        if not text.strip():
            self._shape(_bad_text(key, "", 'Attribute value must not be empty ("")'))
            return None
        if type_ in _DATE_TYPES:
            _check_date(key, type_, text)
        elif element.codes is not None and text not in element.codes[1]:
            raise _fault(_bad_text(key, text, f"Unknown {element.codes[0]} code '{text}'"))
        # JSON can hold halves of characters, which no database takes.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _companion(element: Element) -> Element:
    """What holds the id and the extensions of a primitive element."""
    return Element("Element", element.repeats, required=False, summary=element.summary)


def _flat(value: list[Any]) -> list[Any]:
    items: list[Any] = []
    for item in value:
        items += _flat(item) if isinstance(item, list) else [item]
    return items


def _scalar(key: str, type_: str, value: Any) -> Any:
    """A boolean or a number; HAPI also takes either in quotes."""
    text = value if isinstance(value, str) else compact(value)
    if type_ == "boolean":
        if text not in ("true", "false"):
            raise _fault(_bad_text(key, text, f"Invalid boolean string: '{text}'"))
        return text == "true"
    if type_ in _INTEGER_TYPES:
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise _fault(_bad_text(key, text, f'For input string: "{text}"'))
        return int(text)
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise _fault(_bad_text(key, text, "It is not a decimal number"))
    return Digits(text.removeprefix("+")) if isinstance(value, str) else value


def _check_date(key: str, type_: str, text: str) -> None:
    try:
        found = parse_date(text) if " " not in text else None
    except ValueError:
        found = None
    if found is None:
        problem = f'Invalid date/time format: "{text}"'
        if len(text) > 10 and text[10] != "T":
            problem += f": Expected character 'T' at index 10 but found {text[10]}"
        raise _fault(_bad_text(key, text, problem))
    name, allowed = _PRECISIONS[type_]
    if found.precision not in allowed:
        raise _fault(
            _bad_text(
                key,
                text,
                f"Invalid date/time string (datatype {name} does not support "
                f"{found.precision.upper()} precision): {text}",
            )
        )


def _bad_text(key: str, value: str, problem: str) -> str:
    return f'HAPI-1821: [element="{key}"] Invalid attribute value "{value}": {problem}'
