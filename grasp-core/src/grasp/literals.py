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
#: All that ``ast.literal_eval`` raises on one text or another.
_NO_LITERAL = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)


def read_literal(text: str) -> Any:
    """Return the value of a literal, as ``ast.literal_eval`` does; nothing is evaluated.

    Raises:
        ValueError: It is something else: no Python, code, nested too deeply, a set of lists.
    """
    with _one_at_a_time:
        for _ in range(_TRIES):
            try:
                return ast.literal_eval(text)
            except SystemError:
                continue
            except _NO_LITERAL as error:
                raise ValueError(f"no Python literal: {error}") from None
        raise ValueError("no Python literal: the parser failed")
