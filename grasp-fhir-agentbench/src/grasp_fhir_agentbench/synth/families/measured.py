"""Questions about laboratory values, vital signs and outputs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.drafts import (
    ANY_WINDOW,
    ICU_WINDOW,
    ORDINALS,
    Draft,
    Found,
    Make,
    assumed,
    distinct,
    gold,
    pick,
    present,
    text,
)
from grasp_fhir_agentbench.synth.tables import Chart


@dataclass(frozen=True)
class _Source:
    """A table of measured values."""

    rows: Callable[[Chart], Sequence[Any]]
    what: Sequence[words.Measured]
    id_of: Callable[[Any], str]
    table: str
    window: Sequence[str]
    traps: tuple[str, ...] = ()

    def spoken(self, what: words.Measured) -> tuple[str, str]:
        """How a question names it, and the assumption that says where it is."""
        return words.SPOKEN_VITALS.get(what.name, (what.name, ""))


LAB = _Source(lambda c: c.labs, words.LABS, fhir.lab_id, "labevents", ANY_WINDOW, ("tz_offset",))
VITAL = _Source(
    lambda c: [v for v in c.vitals if v.what in words.VITALS],
    words.VITALS,
    fhir.vital_id,
    "chartevents",
    ICU_WINDOW,
    ("icu_encounter", "tz_offset"),
)
WEIGHT = _Source(
    lambda c: [v for v in c.vitals if v.what is words.WEIGHT],
    (words.WEIGHT,),
    fhir.vital_id,
    "chartevents",
    ICU_WINDOW,
    ("icu_encounter",),
)
HEIGHT = _Source(
    lambda c: [v for v in c.vitals if v.what is words.HEIGHT],
    (words.HEIGHT,),
    fhir.vital_id,
    "chartevents",
    ("all", "first icu", "last icu"),
    ("icu_encounter",),
)
OUTPUT = _Source(
    lambda c: c.outputs,
    words.OUTPUTS,
    fhir.output_id,
    "outputevents",
    ICU_WINDOW,
    ("output_is_observation",),
)

_Compute = Callable[[Sequence[Any], random.Random], "Found | None"]


def _measured(source: _Source, op: str, compute: _Compute, *, empty: list[list[Any]]) -> Make:
    """Ask something of one label's values in a window; ``empty`` answers where there are none."""

    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, source.window)
        what = rng.choice(list(source.what))
        if window is None:
            return None
        rows = [r for r in source.rows(chart) if r.what is what and window.covers(r)]
        told: dict[str, Any] = {"op": op, "label": what.name, "window": window.told}
        if nothing != (not rows):
            return None
        slots: dict[str, Any]
        if rows:
            found = compute(rows, rng)
            if found is None:
                return None
            answer, used, slots = found
        else:
            answer, used, slots = empty, (), _slots_of_nothing(rng, what)
        told |= slots
        name, where = source.spoken(what)
        return Draft(
            {
                "w": window.phrase,
                "x": name,
                "u": what.unit,
                **{k: str(v) for k, v in slots.items()},
            },
            answer,
            gold("Observation", (source.id_of(r) for r in used)),
            told,
            assumed(chart, window, where, _rounding(op)),
            traps=source.traps,
        )

    return make


def _slots_of_nothing(rng: random.Random, what: words.Measured) -> dict[str, Any]:
    middle = round((what.low + what.high) / 2, what.digits)
    return {"o": rng.choice(("first", "last")), "p": "first", "limit": middle}


def _rounding(op: str) -> str:
    return {"sum": "The answer is the sum of all values."}.get(op, "")


def _value_at(rows: Sequence[Any], rng: random.Random) -> Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = pick(rows, ordinal)
    return None if row is None else ([[row.value]], [row], {"o": ordinal})


def _time_at(rows: Sequence[Any], rng: random.Random) -> Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = pick(rows, ordinal)
    return None if row is None else ([[text(row.when)]], [row], {"o": ordinal})


def _aggregate(op: str) -> _Compute:
    def compute(rows: Sequence[Any], rng: random.Random) -> Found | None:
        values = [float(r.value) for r in rows]
        results: dict[str, float] = {
            "min": min(values),
            "max": max(values),
            "avg": sum(values) / len(values),
            "sum": sum(values),
            "count": len(values),
        }
        return [[results[op]]], rows, {}

    return compute


def _any_value(rows: Sequence[Any], rng: random.Random) -> Found | None:
    return [[1]], rows, {}


def _change(rows: Sequence[Any], rng: random.Random) -> Found | None:
    first, second = rng.choice((("first", "second"), ("first", "last"), ("second to last", "last")))
    before, after = pick(rows, first), pick(rows, second)
    if before is None or after is None or before is after or before.value == after.value:
        return None
    digits = before.what.digits
    change = round(after.value - before.value, digits)
    return [[change]], [before, after], {"o": second, "p": first}


def _greater(rows: Sequence[Any], rng: random.Random) -> Found | None:
    found = _change(rows, rng)
    if found is None:
        return None
    return [[int(found[0][0][0] > 0)]], found[1], found[2]


def _limit(rows: Sequence[Any], rng: random.Random) -> float:
    what: words.Measured = rows[0].what
    step = 0.5 * 10.0 ** float(-what.digits)
    limits = sorted({r.value for r in rows})
    chosen: float = rng.choice(limits) + rng.choice((-1, 1)) * step * rng.choice((1, 3))
    return round(chosen, what.digits + 1)


def _ever_above(rows: Sequence[Any], rng: random.Random) -> Found | None:
    limit = _limit(rows, rng)
    above = [r for r in rows if r.value > limit]
    if any(abs(r.value - limit) < 1e-6 for r in rows):
        return None
    return [[int(bool(above))]], above, {"limit": limit}


def _first_below(rows: Sequence[Any], rng: random.Random) -> Found | None:
    limit = _limit(rows, rng)
    below = [r for r in rows if r.value < limit]
    if not below or not distinct(rows) or any(abs(r.value - limit) < 1e-6 for r in rows):
        return None
    return [[text(below[0].when)]], below[:1], {"limit": limit}


def _hours_since(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    what = rng.choice(list(words.LABS))
    rows = [r for r in chart.labs if r.what is what]
    if nothing != (not rows):
        return None
    answer = [[(chart.now - rows[-1].when).total_seconds() / 3600]] if rows else []
    return Draft(
        {"x": what.name},
        answer,
        gold("Observation", (fhir.lab_id(r) for r in rows[-1:])),
        {"op": "hours since last", "label": what.name, "now": text(chart.now)},
        (present(chart),),
        traps=LAB.traps,
    )


def _output_name(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, ICU_WINDOW)
    if window is None:
        return None
    rows = [r for r in chart.outputs if window.covers(r)]
    if nothing != (not rows):
        return None
    ordinal = rng.choice(list(ORDINALS)) if rows else "first"
    row = pick(rows, ordinal)
    if rows and row is None:
        return None
    return Draft(
        {"w": window.phrase, "o": ordinal},
        [[row.what.name]] if row else [],
        gold("Observation", [fhir.output_id(row)] if row else []),
        {"op": "output name", "o": ordinal, "window": window.told},
        assumed(chart, window),
        "output",
        OUTPUT.traps,
    )


def _all_outputs(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, ("first icu", "last icu", "in month", "this year"))
    if window is None:
        return None
    rows = [r for r in chart.outputs if window.covers(r)]
    if nothing != (not rows):
        return None
    return Draft(
        {"w": window.phrase},
        [[float(sum(r.value for r in rows))]] if rows else [],
        gold("Observation", (fhir.output_id(r) for r in rows)),
        {"op": "all outputs", "window": window.told},
        assumed(chart, window, _rounding("sum")),
        traps=OUTPUT.traps,
    )


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    "lab value": _measured(LAB, "value", _value_at, empty=[]),
    "lab change": _measured(LAB, "change", _change, empty=[]),
    "lab greater": _measured(LAB, "greater", _greater, empty=[]),
    "lab time": _measured(LAB, "time", _time_at, empty=[]),
    "lab count": _measured(LAB, "count", _aggregate("count"), empty=[[0]]),
    "lab any": _measured(LAB, "any", _any_value, empty=[[0]]),
    "lab hours since": _hours_since,
    "vital value": _measured(VITAL, "value", _value_at, empty=[]),
    "vital first below": _measured(VITAL, "first below", _first_below, empty=[]),
    "vital ever above": _measured(VITAL, "ever above", _ever_above, empty=[[0]]),
    "weight": _measured(WEIGHT, "value", _value_at, empty=[]),
    "weight change": _measured(WEIGHT, "change", _change, empty=[]),
    "height": _measured(HEIGHT, "value", _value_at, empty=[]),
    "output total": _measured(OUTPUT, "sum", _aggregate("sum"), empty=[]),
    "all outputs": _all_outputs,
    "output count": _measured(OUTPUT, "count", _aggregate("count"), empty=[[0]]),
    "output name": _output_name,
    "lab min": _measured(LAB, "min", _aggregate("min"), empty=[]),
    "vital min": _measured(VITAL, "min", _aggregate("min"), empty=[]),
    "lab max": _measured(LAB, "max", _aggregate("max"), empty=[]),
    "vital max": _measured(VITAL, "max", _aggregate("max"), empty=[]),
    "lab avg": _measured(LAB, "avg", _aggregate("avg"), empty=[]),
    "vital avg": _measured(VITAL, "avg", _aggregate("avg"), empty=[]),
}
