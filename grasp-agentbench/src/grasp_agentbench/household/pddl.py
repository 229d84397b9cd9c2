"""Reads PDDL problems of the ALFRED domain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: A name, or a list of expressions.
Expression = Any

_TOKEN = re.compile(r"[()]|[^\s()]+")


class PddlError(ValueError):
    """A text is not a PDDL problem."""


def parse(text: str) -> Expression:
    """Return the one expression of a text; names are lower case, as planners have them.

    Raises:
        PddlError: Parentheses don't match, or there is more than one expression.
    """
    tokens = iter(_TOKEN.findall(re.sub(r";[^\n]*", "", text).lower()))
    if next(tokens, None) != "(":
        raise PddlError("no expression")
    found = _rest(tokens)
    if next(tokens, None) is not None:
        raise PddlError("more than one expression")
    return found


def _rest(tokens: Iterator[str]) -> list[Expression]:
    stack: list[list[Expression]] = [[]]
    for token in tokens:
        if token == "(":
            stack.append([])
        elif token != ")":
            stack[-1].append(token)
        else:
            done = stack.pop()
            if not stack:
                return done
            stack[-1].append(done)
    raise PddlError("a parenthesis is not closed")


def section(problem: Expression, name: str) -> list[Expression]:
    """Return what stands in a section such as ``:init``; nothing if there is none."""
    for part in problem:
        if isinstance(part, list) and part and part[0] == name:
            return part[1:]
    return []


def typed_names(listed: list[Expression]) -> dict[str, str]:
    """Return name -> type of a list such as ``a b - object c - location``."""
    types: dict[str, str] = {}
    waiting: list[str] = []
    names = iter(listed)
    for name in names:
        if name == "-":
            types.update(dict.fromkeys(waiting, str(next(names, ""))))
            waiting = []
        else:
            waiting.append(str(name))
    return types
