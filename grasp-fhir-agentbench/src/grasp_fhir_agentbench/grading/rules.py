"""Grades an answer by rules alone: no model, no chance (spec fhiragent, 9.4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from grasp_fhir_agentbench.grading import reading
from grasp_fhir_agentbench.records import answer_type, is_empty, parse_truth

#: What the benchmark allows a time to differ by.
_MINUTE = timedelta(minutes=1)

#: An answer with more different values than these tells none of them.
_MOST_NUMBERS, _MOST_TIMES = 12, 6

#: Codes of the data -> words that say the same.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "m": ("m", "male", "man"),
    "f": ("f", "female", "woman"),
    "married": ("married", "m"),
    "single": ("single", "s", "never married"),
    "divorced": ("divorced", "d"),
    "widowed": ("widowed", "w", "widow", "widower"),
}


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off where the truth is not a whole number.

    A whole number is right if the answer rounds to it.
    """

    absolute: float = 0.5
    relative: float = 0.01


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and why (a short stable word)."""

    correct: bool
    reason: str


def quick_match(answer: str, truth: str) -> bool:
    """GRASP's short cut: equal but for case and unusual characters."""

    def plain(text: str) -> str:
        return re.sub(r"[^\w\s\[\].:-]", "", text).lower().strip()

    return plain(answer) == plain(truth)


def grade(
    record: Mapping[str, Any],
    answer: str | None,
    vocabulary: Collection[str] = (),
    tolerance: Tolerance | None = None,
) -> Verdict:
    """Grade an answer.

    Args:
        record: The question, with ``true_answer`` and, where known, ``answer_type``.
        answer: The agent's last message.
        vocabulary: Other values that the field asked for can have; naming one that isn't
            right is wrong.
        tolerance: For numbers.
    """
    if answer is None or not answer.strip():
        return Verdict(False, "no-answer")
    truth = str(record.get("true_answer", ""))
    rows = parse_truth(truth)
    question = str(record.get("question", ""))
    if quick_match(answer, truth):
        return Verdict(True, "equal")
    text = reading.final_part(answer)
    if not text:
        return Verdict(False, "no-answer")
    asked = f"{question} {record.get('assumption') or ''}"
    kind = str(record.get("answer_type") or answer_type(question, rows))
    values = [v for row in rows for v in row if v is not None]
    if is_empty(rows):
        return _empty(text, asked, vocabulary, kind, question)
    if kind == "yes_no":
        return _yes_no(text, bool(values[0]))
    if kind == "number":
        return _number(text, asked, float(values[0]), tolerance or Tolerance())
    if kind == "time":
        return _time(text, str(values[0]))
    return _items(text, asked, values, vocabulary, tolerance or Tolerance())


def _empty(text: str, asked: str, vocabulary: Collection[str], kind: str, question: str) -> Verdict:
    """No record: the answer must say so, and tell no value all the same."""
    stated = {n.value for n in reading.numbers(text)} - {n.value for n in reading.numbers(asked)}
    asked_moments = {m.when for m in reading.moments(asked)}
    dates = [m for m in reading.moments(text) if m.when not in asked_moments and m.has_time]
    named = _named(text, vocabulary, asked)
    if dates or named or stated - {0.0}:
        return Verdict(False, "value-without-record")
    if reading.says_nothing_found(text):
        return Verdict(True, "no-record")
    summed = re.search(r"(?i)\b(?:how many|count|total|sum|number of)\b", question)
    if (kind == "number" or summed) and 0.0 in stated:
        return Verdict(True, "zero")
    return Verdict(False, "not-said-missing")


def _yes_no(text: str, truth: bool) -> Verdict:
    said = reading.polarity(text)
    if said is None and not truth and reading.says_nothing_found(text):
        said = False
    if said is None:
        return Verdict(False, "neither-yes-nor-no")
    return Verdict(said == truth, "yes" if said else "no")


def _number(text: str, asked: str, truth: float, tolerance: Tolerance) -> Verdict:
    found = reading.numbers(text)
    given = {n.value for n in reading.numbers(asked)}
    if truth == 0 and all(n.value in given for n in found) and reading.says_nothing_found(text):
        return Verdict(True, "no-record")
    if not found:
        return Verdict(False, "no-number")
    if len({n.value for n in found}) > _MOST_NUMBERS:
        return Verdict(False, "many-values")
    if _fits(_chosen(text, asked, found), truth, tolerance, text):
        return Verdict(True, "number")
    return Verdict(False, "other-number")


def _chosen(text: str, asked: str, found: Sequence[reading.Number]) -> reading.Number:
    """Return the number that an answer gives: emphasised, else the last one not asked about."""
    strong = reading.emphasised(text)
    if strong:
        inside = reading.numbers(strong)
        if inside:
            return inside[-1]
    given = {n.value for n in reading.numbers(asked)}
    own = [n for n in found if n.value not in given]
    # A number of the question may be the answer, but seldom is one among others.
    return (own or list(found))[-1]


def _fits(number: reading.Number, truth: float, tolerance: Tolerance, text: str) -> bool:
    value = number.value
    if truth < 0 < value and not number.signed and reading.says_decrease(text):
        value = -value
    if (
        truth > 0
        and value > 0
        and not number.signed
        and re.search(r"(?i)\b(?:decreased|dropped|fell|declined)\s+(?:by|of)\b", text)
    ):
        return False
    if float(truth).is_integer():
        return abs(value - truth) < 0.5
    return abs(value - truth) <= max(tolerance.absolute, tolerance.relative * abs(truth))


def _time(text: str, truth: str) -> Verdict:
    wanted = reading.moments(truth)[0]
    found = reading.moments(text)
    strong = reading.moments(reading.emphasised(text))
    if not found:
        return Verdict(False, "no-time")
    if len({m.when for m in found}) > _MOST_TIMES:
        return Verdict(False, "many-values")
    said = (strong or found)[-1]
    return Verdict(_same_time(said, wanted), "time")


def _same_time(said: reading.Moment, wanted: reading.Moment) -> bool:
    if not wanted.has_time:
        return said.when.date() == wanted.when.date()
    if not said.has_time:  # A date alone is midnight, as the data print it.
        return said.when == _midnight(wanted.when) and wanted.when == said.when
    return abs(said.when - wanted.when) <= _MINUTE


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _items(
    text: str, asked: str, values: Sequence[Any], vocabulary: Collection[str], tolerance: Tolerance
) -> Verdict:
    """Several values, or names: all must be there, and nothing else of their kind."""
    times = [reading.moments(str(v)) for v in values]
    if all(times):
        return _times([t[0] for t in times], text)
    if all(isinstance(v, int | float) for v in values):
        return _numbers([float(v) for v in values], text, asked, tolerance)
    wanted = {_normal(str(v)) for v in values if not isinstance(v, int | float)}
    if not all(_mentions(text, name) for name in wanted):
        return Verdict(False, "item-missing")
    numeric = [float(v) for v in values if isinstance(v, int | float)]
    said = [n.value for n in reading.numbers(text)]
    if not all(any(abs(n - s) < tolerance.absolute for s in said) for n in numeric):
        return Verdict(False, "item-missing")
    others = {v for v in _named(text, vocabulary, asked) if _normal(v) not in wanted}
    others = {v for v in others if not any(_normal(v) in w for w in wanted)}
    return Verdict(False, "other-item") if others else Verdict(True, "items")


def _times(wanted: Sequence[reading.Moment], text: str) -> Verdict:
    found = reading.moments(text)
    missing = [w for w in wanted if not any(_same_time(f, w) for f in found)]
    extra = [f for f in found if not any(_same_time(f, w) for w in wanted)]
    if missing:
        return Verdict(False, "item-missing")
    return Verdict(not extra, "other-item" if extra else "items")


def _numbers(wanted: Sequence[float], text: str, asked: str, tolerance: Tolerance) -> Verdict:
    given = {n.value for n in reading.numbers(asked)}
    found = reading.numbers(text)
    missing = [w for w in wanted if not any(_fits(f, w, tolerance, text) for f in found)]
    extra = [
        f
        for f in found
        if f.value not in given and not any(_fits(f, w, tolerance, text) for w in wanted)
    ]
    if missing:
        return Verdict(False, "item-missing")
    return Verdict(not extra, "other-item" if extra else "items")


def _normal(text: str) -> str:
    return " ".join(text.lower().split())


def _mentions(text: str, name: str) -> bool:
    """Whether a text names something, as whole words."""
    normal = _normal(re.sub(r"[*`]", "", text))
    names = _SYNONYMS.get(name, (name,))
    return any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", normal) for n in names)


def _named(text: str, vocabulary: Collection[str], asked: str) -> set[str]:
    """Return the values of a vocabulary that a text names and the question doesn't."""
    normal, given = _normal(text), _normal(asked)
    found = {v for v in vocabulary if _mentions(normal, _normal(v))}
    return {v for v in found if not _mentions(given, _normal(v))}
