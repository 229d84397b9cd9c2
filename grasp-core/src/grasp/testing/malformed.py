"""Answers as no one expects them: a fixed list, and what hypothesis makes up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import Any

#: Gives an answer to what is tested; it may raise.
Attempt = Callable[["str | None"], Any]

#: How many answers hypothesis makes up.
EXAMPLES = 60

INSTALL = "pip install 'grasp-core[testing]'"

#: Each has broken a grader somewhere.
CORPUS: tuple[str | None, ...] = (
    None,
    "",
    " \n\t",
    "[",
    "]",
    "{",
    '{"a": ',
    "[]",
    "[[]]",
    "{}",
    "[{}]",
    "null",
    "true",
    "[null]",
    "-",
    "+",
    ".",
    "−1",
    "1,5",
    "1/0",
    "NaN",
    "Infinity",
    "-Infinity",
    "[NaN]",
    "1e999",
    "9" * 5000,  # int() refuses more than 4300 digits
    "[" * 5000,  # json and ast give up with RecursionError or MemoryError
    "²",
    "٣",
    "(",
    "\\",
    "%s %d %",
    "{} {0.__class__} {x}",
    "'\"`",
    "\x00",
    "\ud800",  # can't be encoded
    "ok " * 5000,
    "$(true); --",
)

#: What ``CANARY`` sets when it is evaluated.
_SUNG: list[int] = []

#: An answer that tells when a grader evaluates it as Python.
CANARY = f"__import__('sys').modules[{__name__!r}].sing()"


def sing() -> int:
    """Note that an answer was evaluated; only ``CANARY`` calls it."""
    _SUNG.append(1)
    return 1


def evaluates(grade: Callable[[str], Any]) -> bool:
    """Tell whether grading runs an answer as Python code."""
    _SUNG.clear()
    for answer in (CANARY, f"[{CANARY}]", f"{{'a': {CANARY}}}"):
        try:
            grade(answer)
        except Exception:
            continue
    return bool(_SUNG)


def mutations(expected: str) -> Iterator[str]:
    """Yield the right answer, damaged in the ways models damage it."""
    yield expected[:-1]
    yield expected[1:]
    yield expected * 2
    yield f"The answer is {expected}."
    yield f"```json\n{expected}\n```"
    yield json.dumps(expected)
    yield f"[{expected}]"
    yield f'{{"answer": {expected}}}'


def have_hypothesis() -> bool:
    """Tell whether hypothesis is installed."""
    return find_spec("hypothesis") is not None


class Raised(Exception):
    """Something raised for an answer."""

    def __init__(self, answer: str | None, error: BaseException) -> None:
        super().__init__(answer, error)
        self.answer = answer
        self.error = error


def raises(use: Attempt, answer: str | None) -> bool:
    """Tell whether something raises for an answer."""
    try:
        use(answer)
    except Exception:
        return True
    return False


def first_raising(
    use: Attempt, expected: Iterable[str] = (), examples: int = EXAMPLES
) -> Raised | None:
    """Return the first answer for which ``use`` raises, or ``None``.

    Tries the fixed list, the damaged right answers, then, with hypothesis, made-up text
    and JSON; what hypothesis finds is as short as it can make it. The same answers are
    tried every time.
    """

    def attempt(answer: str | None) -> None:
        try:
            use(answer)
        except Exception as error:
            raise Raised(answer, error) from error

    try:
        for answer in (*CORPUS, *(m for text in expected for m in mutations(text))):
            attempt(answer)
        if have_hypothesis():
            _made_up(attempt, examples)
    except Raised as found:
        return found
    return None


def _made_up(attempt: Attempt, examples: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    values = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=8,
    )
    texts = st.text(max_size=40) | values.map(json.dumps) | values.map(str)

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(texts)
    def search(answer: str) -> None:
        attempt(answer)

    search()
