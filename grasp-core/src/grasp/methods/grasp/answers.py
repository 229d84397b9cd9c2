"""Reading a writer's answer: JSON, wherever the model put it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_FENCE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n(.*?)```", re.S)

_OPENING = re.compile(r"[\[{]")
#: Strings, the last of which may not end, and brackets outside of them.
_NESTING = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)|[\[\]{}]', re.S)
#: Arrays and objects within one another that are followed; fewer than the parser can take.
_DEEP = 200


class AnswerError(ValueError):
    """The writer's answer holds no usable JSON."""


def read_json(text: str) -> Any:
    """Return the first JSON object or array of an answer.

    Understands bare JSON, fenced blocks, prose around it, and raw line breaks inside
    strings.

    Raises:
        AnswerError: There is none.
    """
    for source in (text, *_FENCE.findall(text)):
        try:
            value = json.loads(source.strip(), strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, (dict, list)):
            return value
    for value in _embedded(text):
        return value
    raise AnswerError("the answer holds no JSON object or array")


def _embedded(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    position = 0
    broken: set[int] = set()
    while match := _OPENING.search(text, position):
        start = match.start()
        position = start + 1
        if start in broken:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            # What was open where it ended can't be read from its own beginning either.
            broken.update(_still_open(text, start, error.pos))
            continue
        except RecursionError:
            broken.update(_still_open(text, start, len(text)))
            continue
        except ValueError:  # A number of too many digits.
            continue
        if value and (isinstance(value, dict) or any(isinstance(v, dict) for v in value)):
            yield value
        position = end
    if re.search(r"\[\s*\]", text):
        yield []


def _still_open(text: str, start: int, end: int) -> list[int]:
    """Return where the arrays and objects begin that a parse from ``start`` had open at ``end``.

    Looks no deeper than ``_DEEP``; what holds more than that is no answer.
    """
    opened: list[int] = []
    for part in _NESTING.finditer(text, start, end):
        if part[0] in "[{":
            opened.append(part.start())
        elif part[0] in "]}" and opened:
            opened.pop()
        if len(opened) == _DEEP:
            break
    return opened


def rows(value: Any, *keys: str) -> list[dict[str, Any]]:
    """Return the objects of an answer: an array, one object, or an object that holds them.

    Args:
        value: Parsed JSON.
        keys: Names under which an object may hold the array.
    """
    if isinstance(value, dict):
        inner = next((value[k] for k in keys if isinstance(value.get(k), (list, dict))), None)
        if inner is None:
            return [value] if value else []
        return rows(inner)
    if isinstance(value, list):
        return [v for v in value if isinstance(v, dict)]
    return []
