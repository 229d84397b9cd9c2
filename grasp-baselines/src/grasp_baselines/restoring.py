"""Reads what a run has learned back from JSON data, which a file may have damaged."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def rows(kind: type[T], data: Any) -> tuple[T, ...]:
    """Return a list of texts, or of mappings as the dataclass they were made of.

    Raises:
        ValueError: It is no such list, or a field is missing or of another type.
    """
    listed: TypeAdapter[tuple[T, ...]] = TypeAdapter(tuple[kind, ...])  # type: ignore[valid-type]
    try:
        # As JSON, whose lists stand for tuples; strictly, so that nothing is converted. Half
        # letters, which models write, have no place in it.
        written = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        return listed.validate_json(written, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None
