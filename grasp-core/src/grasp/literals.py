"""Python literals in texts, read from many threads at once."""

from __future__ import annotations

import ast
import threading
from typing import Any

#: CPython before 3.13 counts the depth of the syntax tree it builds in one place for all threads,
#: and raises SystemError where two threads build one at a time (python/cpython#106905).
_one_at_a_time = threading.Lock()
#: Others parse without this lock.
_TRIES = 5


def read_literal(text: str) -> Any:
    """Return the value of a literal, as ``ast.literal_eval`` does; nothing is evaluated.

    Raises:
        ValueError: It is something else, or holds a null byte.
        SyntaxError: It is no Python.
        MemoryError: It is nested too deeply.
        RecursionError: It is nested too deeply.
    """
    with _one_at_a_time:
        for _ in range(_TRIES - 1):
            try:
                return ast.literal_eval(text)
            except SystemError:
                continue
        return ast.literal_eval(text)
