"""What a synthetic question is before it is asked: its truth, its resources, its words.

A template draws what it asks about from a chart; what has no clear answer (two rows at one
moment, a value too near to a limit) is drawn again. Truths come from the tables alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp_fhir_agentbench.synth.tables import Chart
from grasp_fhir_agentbench.synth.windows import Window, moment_of

#: Kinds of windows.
_TIMES = ("all", "in year", "since year", "in month", "since month", "since day", "this year")
_RELATIVE = ("this month", "last year", "months ago")
_VISITS = ("first visit", "last visit", "current visit")
ANY_WINDOW = (*_TIMES, *_RELATIVE, *_VISITS)
TIME_WINDOW = (*_TIMES, *_RELATIVE)
ICU_WINDOW = ("all", "first icu", "last icu", "in year", "since month", "this year")
VISIT_WINDOW = _VISITS

ORDINALS: Mapping[str, int] = {"first": 0, "second": 1, "second to last": -2, "last": -1}


@dataclass(frozen=True)
class Draft:
    """A question with its truth.

    Attributes:
        slots: What fills the template's text.
        rows: The answer, as the table that a query would return.
        ids: The resources the answer follows from: resource type -> ids.
        told: What was asked, for programs; no id and no answer.
        assumptions: What the question takes for granted.
        vocabulary: Whose values an answer may name.
        traps: What makes it hard, for failure tags.
    """

    slots: Mapping[str, str]
    rows: list[list[Any]]
    ids: dict[str, list[str]]
    told: dict[str, Any]
    assumptions: tuple[str, ...] = ()
    vocabulary: str = ""
    traps: tuple[str, ...] = ()


#: ``(chart, chance, whether to ask for what there is not)`` -> a draft, or nothing.
Make = Callable[[Chart, random.Random, bool], "Draft | None"]


@dataclass(frozen=True)
class Template:
    """One kind of question.

    Attributes:
        name: Short name.
        family: Subject, for balance.
        table: Main table in MIMIC-IV.
        kind: Type of the answer.
        texts: Ways to ask; ``{w}`` is the window.
        make: Draws what to ask.
        held_out: Only in the out-of-distribution split.
    """

    name: str
    family: str
    table: str
    kind: str
    texts: tuple[str, ...]
    make: Make = field(compare=False)
    held_out: bool = False


ANY_CASE = "Ignore case and surrounding whitespace of names."

#: ``(rows, chance)`` -> the answer's rows, the rows it follows from, and what was asked.
Found = tuple[list[list[Any]], Sequence[Any], dict[str, Any]]


def distinct(rows: Sequence[Any]) -> bool:
    """Whether no two rows are at one moment, so that first and last are clear."""
    moments = [moment_of(r) for r in rows]
    return len(set(moments)) == len(moments)


def pick(rows: Sequence[Any], ordinal: str) -> Any | None:
    """Return the row of an ordinal, ``None`` where it isn't clear which one that is."""
    place = ORDINALS[ordinal]
    if not -len(rows) <= place < len(rows) or not distinct(rows):
        return None
    # "Second" and "second to last" of two rows would be the first and the last.
    if ordinal in ("second", "second to last") and len(rows) < 2:
        return None
    return rows[place]


def gold(kind: str, some: Iterable[str]) -> dict[str, list[str]]:
    """Return the gold resources of one type, each once; nothing if there are none."""
    unique = list(dict.fromkeys(some))
    return {kind: unique} if unique else {}


def text(when: Any) -> str:
    """Return a moment as the tables print it."""
    return f"{when:%Y-%m-%d %H:%M:%S}"


def present(chart: Chart) -> str:
    """Return the assumption that says what time it is."""
    return f"Assume the current time is {text(chart.now.replace(second=0))}."


def assumed(chart: Chart, window: Window, *more: str) -> tuple[str, ...]:
    """Assumptions of a question; the present where it matters."""
    return (*((present(chart),) if window.relative else ()), *(m for m in more if m))
