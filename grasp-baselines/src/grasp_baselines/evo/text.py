"""Words, overlaps, and what makes a rule."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_TOKEN = re.compile(r"[a-z0-9]+")
_PRIORITY = re.compile(r"^\[P([012])\]\s*")
_LEADING = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_TAG = re.compile(r"</?[a-z_]+>", re.IGNORECASE)
_MARK = " …[truncated]"

#: What a rule may not speak of: it would give an answer away.
FORBIDDEN = ("the answer is", "correct answer", "option ", "sample id", "task id")
MIN_BODY = 12


def tokens(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(_TOKEN.findall(text.lower()))


def overlap(a: str, b: str) -> float:
    """Return the cosine of two texts' sets of words; 0 if one has none."""
    left, right = tokens(a), tokens(b)
    if not left or not right:
        return 0.0
    return len(left & right) / math.sqrt(len(left) * len(right))


def cut(text: str, size: int) -> str:
    """Return a text of at most so many characters, marked where it was cut."""
    if len(text) <= size:
        return text
    return text[: max(size - 20, 0)] + _MARK


def normal(text: str) -> str:
    """Return a rule with its priority before it; ``[P1]`` if it has none."""
    text = " ".join(_LEADING.sub("", _TAG.sub("", text)).split())
    if not text or _PRIORITY.match(text):
        return text
    return f"[P1] {text[:1].upper()}{text[1:]}"


def priority(rule: str) -> int:
    """Return 0, 1 or 2; 0 goes first."""
    match = _PRIORITY.match(rule)
    return int(match[1]) if match else 1


def body(rule: str) -> str:
    """Return a rule without its priority."""
    return _PRIORITY.sub("", rule)


def key(rule: str) -> str:
    """Return what two rules have in common that say the same; the text where it has no words."""
    said = body(rule).lower()
    return " ".join(_TOKEN.findall(said)) or said


def actionable(rule: str) -> bool:
    """Tell whether a rule says something and gives no answer away."""
    said = body(rule)
    return len(said) >= MIN_BODY and not any(word in said.lower() for word in FORBIDDEN)


def infer_tags(text: str, most: int) -> tuple[str, ...]:
    """Return the first distinct words of four letters or more."""
    words = [word for word in _TOKEN.findall(body(text).lower()) if len(word) >= 4]
    return tuple(dict.fromkeys(words))[:most]


def clean_tags(values: Iterable[object], most: int) -> tuple[str, ...]:
    """Return tags in lower case, with underscores."""
    tags = ("_".join(str(value).lower().split()) for value in values)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:most]
