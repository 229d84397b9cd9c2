"""How a submitted answer is compared with the right one (spec agentbench, 2.2).

Nothing that a model wrote is evaluated: where the original calls ``eval``, only Python
literals are read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from grasp.literals import read_literal

#: How far numbers may be apart.
TOLERANCE = 0.01

#: What stands for no value, and for zero.
_NOTHING = frozenset(
    ("none", "null", "undefined", "nan", "inf", "infinity", "-inf", "-infinity", "")
)
_QUOTES = "'\""
_NO_LITERAL = object()


def same_answer(answer: Any, expected: Any) -> bool:
    """Tell whether an answer to a question is right.

    Args:
        answer: What was submitted: a list of values, or text, also that of a list or of a
            database's rows.
        expected: The label, in any of these forms.
    """
    given, wanted = clean(answer), clean(expected)
    if given is None or wanted is None:
        return False
    if len(given) == len(wanted) == 1:
        one, other = _number(given[0]), _number(wanted[0])
        if one is None or other is None:
            return given == wanted
        return _close(one, other)
    numbers = [_number(v) for v in given]
    targets = [_number(v) for v in wanted]
    if None in numbers or None in targets:
        return set(given) == set(wanted)
    return len(numbers) == len(targets) and _match(numbers, targets)


def same_hash(digest: str, expected: Any) -> bool:
    """Tell whether a table's digest is the expected one, which may be written as a row."""
    wanted = clean(expected)
    return wanted is not None and clean(digest) == wanted


def clean(answer: Any) -> list[str] | None:
    """Return the values of an answer, each in the form in which it is compared.

    ``None`` for several lists in one text, which nothing is equal to.
    """
    if answer is None:
        return ["0"]
    if isinstance(answer, str):
        return _clean_text(answer)
    if isinstance(answer, list | tuple):
        return [normalise(_cell(item)) for item in answer]
    return [normalise(_bare(answer))]


def normalise(value: str) -> str:
    """Return a value without percent sign and thousands separators; nothing is ``"0"``."""
    text = value.strip()
    if text.endswith("%"):
        return text[:-1].strip()
    if not text.startswith("[") and not text.endswith("]"):
        text = text.replace(",", "")
    return "0" if text.lower() in _NOTHING else text


def _clean_text(answer: str) -> list[str] | None:
    rows = _rows(answer)
    if rows is not None:
        return [normalise(row) for row in rows]
    text = answer.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return [normalise(_bare(text))]
    listed = _literal(text)
    if listed is _NO_LITERAL:
        return [normalise(_bare(part)) for part in _split(text[1:-1])]
    return [normalise(_cell(item)) for item in listed] if isinstance(listed, list) else None


def _rows(text: str) -> list[str] | None:
    """Return the values of rows as a database prints them; rows of several cells have none."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    rows = _literal(text)
    if isinstance(rows, list) and all(isinstance(row, tuple) for row in rows):
        return [_cell(row) for row in rows if len(row) == 1]
    inner = text.strip("[]")  # One row whose cell is no literal, such as a decimal.
    if inner.count("(") == 1 and inner.startswith("(") and inner.endswith(",)"):
        return [_bare(inner[1:-2])]
    return None


def _literal(text: str) -> Any:
    try:
        value = read_literal(text)
        str(value)  # A whole number may have more digits than are written out.
        return value
    except ValueError:
        return _NO_LITERAL


def _split(text: str) -> Iterator[str]:
    """Yield the parts of a list that is no literal; commas between quotes don't part it."""
    part, quoted = "", False
    for letter in text:
        if letter in _QUOTES:
            quoted = not quoted
        elif letter == "," and not quoted:
            if part:
                yield part
            part = ""
        else:
            part += letter
    if part:
        yield part


def _cell(item: Any) -> str:
    return _bare(item[0] if isinstance(item, tuple) and len(item) == 1 else item)


def _bare(value: Any) -> str:
    return str(value).strip().strip(_QUOTES)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE


def _match(numbers: Sequence[float | None], targets: Sequence[float | None]) -> bool:
    """Pair every number with a target not yet taken, the first that is close."""
    left = list(targets)
    for number in numbers:
        near = next((t for t in left if _close(number or 0.0, t or 0.0)), None)
        if near is None:
            return False
        left.remove(near)
    return True
