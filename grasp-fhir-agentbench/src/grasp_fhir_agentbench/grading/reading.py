"""Finds what an answer in words says: its end, numbers, times, polarity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from grasp_fhir_agentbench.prompts import MARKER

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_CLOCK = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?"
_HALF = r"\s*(?P<half>[ap])\.?m\.?\b"
_OFFSET = r"(?:\s*(?:Z\b|UTC\b|[+-]\d\d:?\d\d))?"
_TIME = rf"(?:(?:\s*T\s*|,?\s+(?:at\s+)?){_CLOCK}(?:{_HALF})?{_OFFSET})?"
_NAMES = "|".join(f"{m[:3]}(?:{m[3:]})?" for m in _MONTHS)
_DATES = tuple(
    re.compile(pattern + _TIME, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)",
        rf"\b(?P<name>{_NAMES})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<name>{_NAMES})\.?,?\s+(?P<year>\d{{4}})(?!\d)",
        r"(?<!\d)(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?!\d)",
    )
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+−–]\s?(?=[\d.]))?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)"
    r"(?P<power>[eE][-+]?\d+)?(?![\w]*\d)"
)
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)
_COUNT_WORD = re.compile(rf"(?i)\b(?:{'|'.join(_WORDS)}|once|twice)\b")
_DECREASE = re.compile(
    r"(?i)\b(?:decreas\w*|drop\w*|fell|fall\w*|lower\w*|declin\w*|reduc\w*|less|down|lost|loss)\b"
)
_EMPHASIS = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_POLAR = {"yes": True, "true": True, "no": False, "false": False}
_POLAR_WORD = re.compile(r"(?i)\b(yes|no|true|false)\b")
_CLAUSE = re.compile(
    r"(?i)(?:^|[.;,:!?(\n]\s*|\b(?:or|but|actually|rather|both)\s+)(yes|no|true|false)\b"
    r"(?=\s*(?:[.;,:!?)\n]|$|or\b|and\b))"
)
_DENIAL = re.compile(
    r"(?i)\b(?:no|not|never|none|neither|without|did\s?n['’]t|was\s?n['’]t|has\s?n['’]t|"
    r"have\s?n['’]t|is\s?n['’]t|does\s?n['’]t)\b"
)
_NO_DATA = re.compile(
    r"(?i)\bno\b[^.;]*?\b(?:data|records?|results?|values?|measurements?|answers?|entries|entry|"
    r"information|observations?|tests?|visits?|stays?|admissions?|prescriptions?|medications?|"
    r"drugs?|procedures?|specimens?|organisms?|diagnos[ie]s|outputs?|encounters?|resources?|"
    r"matching|such|one|growth|evidence|documentation|times?|dates?|readings?|orders?)\b"
    r"|\bnot\s+(?:\w+\s+){0,2}?(?:found|available|recorded|documented|exist|present|performed|done|measured|"
    r"prescribed|given|received|applicable|known|have|contain|determined|taken|listed|tested|admitted)\b"
    r"|\b(?:does|did|has|have|was|were|is|are)\s?n['’]t\b"
    r"|\b(?:could\s?not|cannot|can\s?not|can['’]t|could\s?n['’]t|unable\s+to)\s+\w*\s*"
    r"(?:find|be\s+found|determine|be\s+determined|answer|identify|retrieve)"
    r"|\b(?:never|unavailable|missing|nothing|none|null|nan|n/a|empty|absent)\b|\[\s*\]"
)


@dataclass(frozen=True)
class Moment:
    """A date, with a time of day or without; ``place`` is where in the text it begins."""

    when: datetime
    has_time: bool
    place: int


@dataclass(frozen=True)
class Number:
    """A number in a text; ``signed`` where a sign was written."""

    value: float
    signed: bool
    place: int


def final_part(answer: str) -> str:
    """Return what follows the last marker phrase; the whole answer where there is none."""
    at = answer.lower().rfind(MARKER)
    return (answer if at < 0 else answer[at + len(MARKER) :]).strip()


def emphasised(text: str) -> str:
    """Return the last part of a text in bold or as code, ``""`` if there is none."""
    found = _EMPHASIS.findall(text)
    return next((a or b for a, b in reversed(found)), "")


def moments(text: str) -> list[Moment]:
    """Return all dates of a text, in order; offsets from UTC are dropped."""
    found: dict[int, tuple[int, Moment]] = {}
    for pattern in _DATES:
        for match in pattern.finditer(text):
            moment = _moment(match)
            if moment is not None:
                found.setdefault(match.start(), (match.end(), moment))
    kept: list[Moment] = []
    end = -1
    for place in sorted(found):
        if place >= end:
            end = found[place][0]
            kept.append(found[place][1])
    return kept


def _moment(match: re.Match[str]) -> Moment | None:
    parts = match.groupdict()
    name = parts.get("name")
    month = (
        next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(name[:3].lower()))
        if name
        else int(parts["month"])
    )
    hour = int(parts["hour"] or 0)
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    try:
        when = datetime(
            int(parts["year"]),
            month,
            int(parts["day"]),
            hour,
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
        )
    except ValueError:
        return None
    return Moment(when, parts["hour"] is not None, match.start())


def without_moments(text: str) -> str:
    """Return a text with its dates blanked, places unchanged."""
    for pattern in _DATES:
        text = pattern.sub(lambda m: " " * len(m.group()), text)
    return re.sub(_CLOCK, lambda m: " " * len(m.group()), text)


def numbers(text: str) -> list[Number]:
    """Return all numbers of a text that are not part of a date, in order."""
    text = without_moments(text)
    found = []
    for match in _NUMBER.finditer(text):
        sign = (match["sign"] or "").strip()
        digits = match["digits"].replace(",", "") + (match["power"] or "")
        # A hyphen between two numbers is a range; after a letter it joins words.
        negative = sign in ("-", "−", "–") and not text[: match.start()].rstrip().endswith(
            tuple("0123456789")
        )
        value = float(digits)
        if value == float("inf"):
            continue
        found.append(Number(-value if negative else value, bool(sign), match.start()))
    for match in _COUNT_WORD.finditer(text):
        word = match.group().lower()
        value = {"once": 1, "twice": 2}.get(word, _WORDS.index(word) if word in _WORDS else 0)
        found.append(Number(float(value), False, match.start()))
    return sorted(found, key=lambda n: n.place)


def says_decrease(text: str) -> bool:
    """Whether a text speaks of something becoming less."""
    return bool(_DECREASE.search(text))


def says_nothing_found(text: str) -> bool:
    """Whether a text says that there are no data."""
    return bool(_NO_DATA.search(text)) or text.strip(" .*`\"'[]()").lower() in ("", "no", "none")


def polarity(text: str) -> bool | None:
    """Return what a text answers to a yes-or-no question, ``None`` if it contradicts itself.

    It may also say neither; that is ``None`` too.
    """
    clean = re.sub(r"[*`_\[\]\"']", " ", text).strip()
    if re.fullmatch(r"[01](?:\.0*)?\.?", clean):
        return clean.startswith("1")
    stated = {_POLAR[m.lower()] for m in _CLAUSE.findall(clean)}
    if len(stated) > 1:
        return None
    first = _POLAR_WORD.match(clean)
    if first:
        return _POLAR[first[1].lower()]
    if stated:
        return stated.pop()
    if re.match(r"[01]\b(?![.,:/-]\d)", clean):
        return clean.startswith("1")
    words = {_POLAR[m.lower()] for m in _POLAR_WORD.findall(clean)} - {False}
    if _DENIAL.search(clean):
        return None if words else False
    return True if words else None
