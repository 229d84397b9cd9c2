"""Literals are read right from many threads, whatever else is parsed meanwhile."""

from __future__ import annotations

import contextlib
import gc
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.literals import read_literal

VALUE = {"a": [1, -2.5, None, ("x", b"y")]}


class Litter:
    """Garbage whose collection lets another thread run, in the midst of a parse too."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        time.sleep(0)


@pytest.fixture
def much_collecting() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(20)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("much_collecting")
def test_threads_do_not_disturb_one_another() -> None:
    def read(text: str) -> Any:
        for _ in range(3):
            Litter()
        return read_literal(text)

    depth = 40
    expected: Any = VALUE
    for _ in range(depth):
        expected = [expected]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, ["[" * depth + repr(VALUE) + "]" * depth] * 1000))
    assert found == [expected] * 1000


@pytest.mark.parametrize("text", ["f()", "1 + x", "\0", "__import__('os')"])
def test_nothing_is_evaluated(text: str) -> None:
    with pytest.raises(ValueError, match="no Python literal"):
        read_literal(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{'name': 'x'}}", "{[]: 1}", "{**{}}", "1 + 'a'", "-'a'", "", "(", "\ud800", "9" * 5000,
        "[" * 5000, "(" * 100, "-" * 20000 + "1", "1" + "+1j" * 20000,
    ],
)  # fmt: skip
def test_there_is_one_error_for_all_that_is_no_literal(text: str) -> None:
    with pytest.raises(ValueError, match="no Python literal"):
        read_literal(text)


@given(st.text("[]{}()'\"\\, :+-*19eja\n\0", max_size=12))
def test_any_text_is_a_literal_or_that_error(text: str) -> None:
    with contextlib.suppress(ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        read_literal(text)
