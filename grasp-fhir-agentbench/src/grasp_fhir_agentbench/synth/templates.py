"""What the synthetic questions ask: templates, their gold answers and gold resources.

A template draws what it asks about from a chart; what has no clear answer (two rows at one
moment, a value too near to a limit) is drawn again. Truths come from the tables alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.tables import Chart, Prescription
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
_SAME_TIME = timedelta(minutes=1)


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


# -- rows ---------------------------------------------------------------------------


def _distinct(rows: Sequence[Any]) -> bool:
    """Whether no two rows are at one moment, so that first and last are clear."""
    moments = [moment_of(r) for r in rows]
    return len(set(moments)) == len(moments)


def _pick(rows: Sequence[Any], ordinal: str) -> Any | None:
    place = ORDINALS[ordinal]
    if not -len(rows) <= place < len(rows) or not _distinct(rows):
        return None
    # "Second" and "second to last" of two rows would be the first and the last.
    if ordinal in ("second", "second to last") and len(rows) < 2:
        return None
    return rows[place]


def _ids(kind: str, ids: Iterable[str]) -> dict[str, list[str]]:
    unique = list(dict.fromkeys(ids))
    return {kind: unique} if unique else {}


def _text(when: Any) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _present(chart: Chart) -> str:
    return f"Assume the current time is {_text(chart.now.replace(second=0))}."


def _assumed(chart: Chart, window: Window, *more: str) -> tuple[str, ...]:
    """Assumptions of a question; the present where it matters."""
    return (*((_present(chart),) if window.relative else ()), *(m for m in more if m))


# -- what is measured ---------------------------------------------------------------


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

#: ``(rows, chance)`` -> the answer's rows, the rows it follows from, and what was asked.
_Found = tuple[list[list[Any]], Sequence[Any], dict[str, Any]]
_Compute = Callable[[Sequence[Any], random.Random], "_Found | None"]


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
            _ids("Observation", (source.id_of(r) for r in used)),
            told,
            _assumed(chart, window, where, _rounding(op)),
            traps=source.traps,
        )

    return make


def _slots_of_nothing(rng: random.Random, what: words.Measured) -> dict[str, Any]:
    middle = round((what.low + what.high) / 2, what.digits)
    return {"o": rng.choice(("first", "last")), "p": "first", "limit": middle}


def _rounding(op: str) -> str:
    return {"sum": "The answer is the sum of all values."}.get(op, "")


def _value_at(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = _pick(rows, ordinal)
    return None if row is None else ([[row.value]], [row], {"o": ordinal})


def _time_at(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = _pick(rows, ordinal)
    return None if row is None else ([[_text(row.when)]], [row], {"o": ordinal})


def _aggregate(op: str) -> _Compute:
    def compute(rows: Sequence[Any], rng: random.Random) -> _Found | None:
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


def _any_value(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    return [[1]], rows, {}


def _change(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    first, second = rng.choice((("first", "second"), ("first", "last"), ("second to last", "last")))
    before, after = _pick(rows, first), _pick(rows, second)
    if before is None or after is None or before is after or before.value == after.value:
        return None
    digits = before.what.digits
    change = round(after.value - before.value, digits)
    return [[change]], [before, after], {"o": second, "p": first}


def _greater(rows: Sequence[Any], rng: random.Random) -> _Found | None:
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


def _ever_above(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    limit = _limit(rows, rng)
    above = [r for r in rows if r.value > limit]
    if any(abs(r.value - limit) < 1e-6 for r in rows):
        return None
    return [[int(bool(above))]], above, {"limit": limit}


def _first_below(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    limit = _limit(rows, rng)
    below = [r for r in rows if r.value < limit]
    if not below or not _distinct(rows) or any(abs(r.value - limit) < 1e-6 for r in rows):
        return None
    return [[_text(below[0].when)]], below[:1], {"limit": limit}


def _hours_since(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    what = rng.choice(list(words.LABS))
    rows = [r for r in chart.labs if r.what is what]
    if nothing != (not rows):
        return None
    answer = [[(chart.now - rows[-1].when).total_seconds() / 3600]] if rows else []
    return Draft(
        {"x": what.name},
        answer,
        _ids("Observation", (fhir.lab_id(r) for r in rows[-1:])),
        {"op": "hours since last", "label": what.name, "now": _text(chart.now)},
        (_present(chart),),
        traps=LAB.traps,
    )


# -- prescriptions ------------------------------------------------------------------

_DRUG_TRAPS = ("uses_medication_reference", "case_variants")
_CASE = "Ignore case and surrounding whitespace of names."


def _drug_row(chart: Chart, rng: random.Random) -> words.Drug:
    """A drug of the patient's, seldom one they never had."""
    own = [p.drug for p in chart.prescriptions]
    return rng.choice(own) if rng.random() < 0.7 else rng.choice(list(words.DRUGS))


def _prescribed(
    op: str,
    compute: Callable[[list[Prescription], random.Random], _Found | None],
    *,
    empty: list[list[Any]],
    of_drug: bool = True,
    by_route: bool = False,
    vocabulary: str = "",
) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, ANY_WINDOW)
        if window is None:
            return None
        drug = _drug_row(chart, rng)
        route = rng.choice(("IV", "PO", "SC", "PR"))
        rows = [p for p in chart.prescriptions if window.covers(p)]
        if of_drug:
            rows = [p for p in rows if p.drug is drug]
        if by_route:
            rows = [p for p in rows if p.route == route]
        if nothing != (not rows):
            return None
        found = compute(rows, rng) if rows else (empty, (), {"o": rng.choice(("first", "last"))})
        if found is None:
            return None
        answer, used, more = found
        told = {"op": op, "window": window.told, **more}
        told |= {"drug": drug.name} if of_drug else {}
        told |= {"route": route} if by_route else {}
        slots = {"w": window.phrase, "x": drug.name.lower(), "r": route}
        return Draft(
            slots | {k: str(v) for k, v in more.items()},
            answer,
            _ids("MedicationRequest", (fhir.prescription_id(p) for p in used)),
            told,
            _assumed(chart, window, _CASE if of_drug else ""),
            vocabulary,
            _DRUG_TRAPS,
        )

    return make


def _drug_name(rows: list[Prescription], rng: random.Random) -> _Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = _pick(rows, ordinal)
    return None if row is None else ([[row.drug.name.lower()]], [row], {"o": ordinal})


def _dose(rows: list[Prescription], rng: random.Random) -> _Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = _pick(rows, ordinal)
    return None if row is None else ([[row.dose]], [row], {"o": ordinal})


def _total_dose(rows: list[Prescription], rng: random.Random) -> _Found | None:
    return [[float(sum(r.dose for r in rows))]], rows, {}


def _start(rows: list[Prescription], rng: random.Random) -> _Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = _pick(rows, ordinal)
    return None if row is None else ([[_text(row.start)]], [row], {"o": ordinal})


def _how_many(rows: Sequence[Any], rng: random.Random) -> _Found | None:
    return [[len(rows)]], rows, {}


def _any_of_three(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, ANY_WINDOW)
    if window is None:
        return None
    drugs = rng.sample(list(words.DRUGS), 3)
    rows = [p for p in chart.prescriptions if p.drug in drugs and window.covers(p)]
    if nothing != (not rows):
        return None
    names = [d.name.lower() for d in drugs]
    return Draft(
        {"w": window.phrase, "x": f"{names[0]}, {names[1]} or {names[2]}"},
        [[int(bool(rows))]],
        _ids("MedicationRequest", (fhir.prescription_id(p) for p in rows)),
        {"op": "any of drugs", "drugs": [d.name for d in drugs], "window": window.told},
        _assumed(chart, window, _CASE),
        traps=_DRUG_TRAPS,
    )


def _same_time(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, TIME_WINDOW)
    if window is None or len(chart.prescriptions) < 2:
        return None
    a, b = (p.drug for p in rng.sample(chart.prescriptions, 2))
    if not nothing:
        at: dict[Any, list[Prescription]] = {}
        for row in chart.prescriptions:
            at.setdefault(row.start, []).append(row)
        pairs = [rows[:2] for rows in at.values() if len(rows) > 1]
        if not pairs:
            return None
        a, b = (p.drug for p in rng.choice(pairs))
    if a is b:
        return None
    rows = [p for p in chart.prescriptions if window.covers(p)]
    used = [
        (p, q) for p in rows for q in rows if p.drug is a and q.drug is b and p.start == q.start
    ]
    if nothing == bool(used):
        return None
    both = [row for pair in used for row in pair]
    return Draft(
        {"w": window.phrase, "x": a.name.lower(), "y": b.name.lower()},
        [[int(bool(used))]],
        _ids("MedicationRequest", (fhir.prescription_id(p) for p in both)),
        {"op": "same time", "drug": a.name, "other": b.name, "window": window.told},
        _assumed(chart, window, _CASE),
        traps=_DRUG_TRAPS,
    )


def _exactly_twice(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, ANY_WINDOW)
    if window is None:
        return None
    by_drug: dict[str, list[Prescription]] = {}
    for row in chart.prescriptions:
        if window.covers(row):
            by_drug.setdefault(row.drug.name.lower(), []).append(row)
    twice = {name: rows for name, rows in by_drug.items() if len(rows) == 2}
    if nothing != (not twice) or len(twice) > 5:
        return None
    return Draft(
        {"w": window.phrase},
        [[name] for name in sorted(twice)],
        _ids(
            "MedicationRequest", (fhir.prescription_id(p) for rows in twice.values() for p in rows)
        ),
        {"op": "exactly twice", "window": window.told},
        _assumed(chart, window, _CASE),
        "drug",
        _DRUG_TRAPS,
    )


# -- microbiology -------------------------------------------------------------------


def _culture(op: str) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, ANY_WINDOW)
        if window is None:
            return None
        specimen = rng.choice(words.SPECIMENS)
        rows = [r for r in chart.cultures if window.covers(r)]
        if op != "specimen":
            rows = [r for r in rows if r.specimen == specimen]
        if nothing != (not rows):
            return None
        ordinal = rng.choice(list(ORDINALS)) if rows else rng.choice(("first", "last"))
        row = _pick(rows, ordinal)
        if rows and row is None and op != "any test":
            return None
        used = rows if op == "any test" else ([row] if row else [])
        ids = _ids("Observation", (fhir.culture_id(r) for r in used))
        vocabulary = ""
        if op == "any test":
            answer: list[list[Any]] = [[int(bool(rows))]]
        elif row is None:
            answer = []
        elif op == "specimen":
            answer, vocabulary = [[row.specimen[1].lower()]], "specimen"
            ids["Specimen"] = [fhir.specimen_id(row)]
        elif op == "organism":
            if row.organism is None:
                return None
            answer, vocabulary = [[row.organism[1].lower()]], "organism"
            ids["Observation"].append(fhir.organism_id(row))
        else:
            answer = [[_text(row.when)]]
        told = {"op": op, "window": window.told, "o": ordinal}
        told |= {} if op == "specimen" else {"specimen": specimen[1]}
        return Draft(
            {"w": window.phrase, "x": specimen[1].lower(), "o": ordinal},
            answer,
            ids,
            told,
            _assumed(chart, window),
            vocabulary,
            ("micro_links",),
        )

    return make


# -- visits -------------------------------------------------------------------------


def _visits(chart: Chart, icu: bool) -> list[Any]:
    return list(chart.icu if icu else chart.admissions)


def _visit_ids(rows: Sequence[Any], icu: bool) -> dict[str, list[str]]:
    return _ids(
        "Encounter",
        (fhir.icu_id(r.stay_id) if icu else fhir.encounter_id(r.hadm_id) for r in rows),
    )


def _visit_count(icu: bool) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, TIME_WINDOW)
        if window is None:
            return None
        rows = [r for r in _visits(chart, icu) if window.covers(r)]
        if nothing != (not rows):
            return None
        return Draft(
            {"w": window.phrase},
            [[len(rows)]],
            _visit_ids(rows, icu),
            {"op": "count visits", "icu": icu, "window": window.told},
            _assumed(chart, window),
            traps=("encounter_kinds",),
        )

    return make


def _visit_time(end: bool) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, TIME_WINDOW)
        if window is None:
            return None
        rows = [r for r in _visits(chart, False) if window.covers(r)]
        if end:
            rows = [r for r in _visits(chart, False) if r.end and _inside(window, r.end)]
        if nothing != (not rows):
            return None
        ordinal = rng.choice(list(ORDINALS)) if rows else rng.choice(("first", "last"))
        row = _pick(rows, ordinal)
        if rows and row is None:
            return None
        return Draft(
            {"w": window.phrase, "o": ordinal},
            [[_text(row.end if end else row.start)]] if row else [],
            _visit_ids([row] if row else [], False),
            {"op": "visit time", "end": end, "o": ordinal, "window": window.told},
            _assumed(chart, window),
            traps=("encounter_kinds", "open_encounter"),
        )

    return make


def _inside(window: Window, when: Any) -> bool:
    return (window.start is None or when >= window.start) and (
        window.end is None or when < window.end
    )


def _admission_times(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, TIME_WINDOW)
    if window is None:
        return None
    rows = [r for r in chart.admissions if window.covers(r)]
    if nothing != (not rows):
        return None
    return Draft(
        {"w": window.phrase},
        [[_text(r.start)] for r in rows],
        _visit_ids(rows, False),
        {"op": "admission times", "window": window.told},
        _assumed(chart, window),
        traps=("encounter_kinds",),
    )


def _emergency(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, TIME_WINDOW)
    if window is None:
        return None
    rows = [r for r in chart.admissions if r.via_emergency and window.covers(r)]
    if nothing != (not rows):
        return None
    return Draft(
        {"w": window.phrase},
        [[int(bool(rows))]],
        _visit_ids(rows, False),
        {"op": "emergency", "window": window.told},
        _assumed(chart, window, "Being in the emergency room means being admitted from it."),
        traps=("admit_source",),
    )


def _length(icu: bool) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        rows = [r for r in _visits(chart, icu) if r.end is not None]
        ordinal = rng.choice(("first", "last"))
        if nothing != (not rows):
            return None
        row = rows[ORDINALS[ordinal]] if rows else None
        days = (row.end - row.start).total_seconds() / 86400 if row else 0.0
        return Draft(
            {"o": ordinal},
            [[days]] if row else [],
            _visit_ids([row] if row else [], icu),
            {"op": "length", "icu": icu, "o": ordinal},
            ("Count only visits that have ended.",),
            traps=("encounter_kinds", "open_encounter"),
        )

    return make


def _days_here(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    rows = [a for a in chart.admissions if a.end is None]
    if nothing != (not rows):
        return None
    days = [[(chart.now - rows[0].start).total_seconds() / 86400]] if rows else []
    return Draft(
        {},
        days,
        _visit_ids(rows, False),
        {"op": "days here", "now": _text(chart.now)},
        (_present(chart),),
        traps=("open_encounter", "tz_offset"),
    )


def _unit(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, (*VISIT_WINDOW, "in year", "all"))
    if window is None:
        return None
    rows = [t for t in chart.transfers if window.covers(t)]
    if nothing != (not rows):
        return None
    ordinal = rng.choice(list(ORDINALS)) if rows else "first"
    row = _pick(rows, ordinal)
    if rows and row is None:
        return None
    ids = {}
    if row:
        ids = _ids("Encounter", [fhir.encounter_id(row.hadm_id)])
        ids["Location"] = [fhir.location_id(row.unit)]
    return Draft(
        {"w": window.phrase, "o": ordinal},
        [[row.unit]] if row else [],
        ids,
        {"op": "unit", "o": ordinal, "window": window.told},
        _assumed(chart, window),
        "care unit",
        ("location_links",),
    )


def _hours_since_unit(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    unit = rng.choice((*words.ICU_UNITS, *words.WARDS))
    rows = [t for t in chart.transfers if t.unit == unit]
    if nothing != (not rows):
        return None
    hours = [[(chart.now - rows[0].start).total_seconds() / 3600]] if rows else []
    ids = {}
    if rows:
        ids = _ids("Encounter", [fhir.encounter_id(rows[0].hadm_id)])
        ids["Location"] = [fhir.location_id(unit)]
    return Draft(
        {"x": unit},
        hours,
        ids,
        {"op": "hours since unit", "unit": unit, "now": _text(chart.now)},
        (_present(chart),),
        traps=("location_links", "tz_offset"),
    )


# -- diagnoses, procedures, the patient -----------------------------------------------


def _any_diagnosis(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, VISIT_WINDOW)
    if window is None:
        return None
    rows = [d for d in chart.diagnoses if window.covers(d)]
    if nothing != (not rows):
        return None
    return Draft(
        {"w": window.phrase},
        [[int(bool(rows))]],
        _ids("Condition", (fhir.coded_id("Condition", r) for r in rows)),
        {"op": "any diagnosis", "window": window.told},
        traps=("needs_encounter",),
    )


def _diagnosed(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, (*VISIT_WINDOW, "all"))
    if window is None:
        return None
    title = rng.choice(words.DIAGNOSES)[1]
    if not nothing and rng.random() < 0.9:
        title = _title(rng.choice(chart.diagnoses).title)
    rows = [
        d
        for d in chart.diagnoses
        if _title(d.title).lower() == title.lower()
        and (window.told["kind"] == "all" or window.covers(d))
    ]
    if nothing != (not rows):
        return None
    return Draft(
        {"w": window.phrase, "x": title.strip().lower()},
        [[int(bool(rows))]],
        _ids("Condition", (fhir.coded_id("Condition", r) for r in rows)),
        {"op": "diagnosed", "title": title.strip(), "window": window.told},
        (_CASE,),
        traps=("needs_encounter", "case_variants"),
    )


def _title(title: str) -> str:
    return " ".join(title.split())


def _procedure(op: str) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        window = windows.draw(chart, rng, ANY_WINDOW)
        if window is None:
            return None
        title = rng.choice(words.PROCEDURES)[1]
        if chart.procedures and rng.random() < 0.7:
            title = rng.choice(chart.procedures).title
        rows = [p for p in chart.procedures if p.title == title and window.covers(p)]
        if nothing != (not rows):
            return None
        ordinal = rng.choice(("first", "last"))
        used: Sequence[Any] = rows
        if op == "count":
            answer: list[list[Any]] = [[len(rows)]]
        elif op == "received":
            answer = [[int(bool(rows))]]
        else:
            row = _pick(rows, ordinal)
            if rows and row is None:
                return None
            used = [row] if row else []
            answer = [[_text(moment_of(row))]] if row else []
        return Draft(
            {"w": window.phrase, "x": title[0].lower() + title[1:], "o": ordinal},
            answer,
            _ids("Procedure", (fhir.coded_id("Procedure", p) for p in used)),
            {"op": f"procedure {op}", "title": title, "o": ordinal, "window": window.told},
            _assumed(chart, window),
            traps=("midnight_times",),
        )

    return make


def _about_patient(op: str) -> Make:
    def make(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
        if nothing:
            return None
        assumptions: tuple[str, ...] = ()
        vocabulary = ""
        if op == "gender":
            answer: Any = chart.gender
            assumptions = ("Gender is M for male and F for female.",)
            vocabulary = "gender"
        elif op == "marital status":
            answer, vocabulary = chart.marital.lower(), "marital status"
        elif op == "birth date":
            answer = chart.birth.isoformat()
        else:
            before = (chart.birth.month, chart.birth.day) > (12, 31)
            answer = chart.anchor_year - chart.birth.year - before
            assumptions = (_present(chart),)
        return Draft(
            {},
            [[answer]],
            _ids("Patient", [fhir.patient_id(chart)]),
            {"op": op, "now": _text(chart.now)},
            assumptions,
            vocabulary,
        )

    return make


def _output_name(chart: Chart, rng: random.Random, nothing: bool) -> Draft | None:
    window = windows.draw(chart, rng, ICU_WINDOW)
    if window is None:
        return None
    rows = [r for r in chart.outputs if window.covers(r)]
    if nothing != (not rows):
        return None
    ordinal = rng.choice(list(ORDINALS)) if rows else "first"
    row = _pick(rows, ordinal)
    if rows and row is None:
        return None
    return Draft(
        {"w": window.phrase, "o": ordinal},
        [[row.what.name]] if row else [],
        _ids("Observation", [fhir.output_id(row)] if row else []),
        {"op": "output name", "o": ordinal, "window": window.told},
        _assumed(chart, window),
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
        _ids("Observation", (fhir.output_id(r) for r in rows)),
        {"op": "all outputs", "window": window.told},
        _assumed(chart, window, _rounding("sum")),
        traps=OUTPUT.traps,
    )


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    "gender": _about_patient("gender"),
    "marital status": _about_patient("marital status"),
    "birth date": _about_patient("birth date"),
    "age": _about_patient("age"),
    "hospital visits": _visit_count(False),
    "icu visits": _visit_count(True),
    "admission time": _visit_time(False),
    "discharge time": _visit_time(True),
    "admission times": _admission_times,
    "emergency": _emergency,
    "icu length": _length(True),
    "hospital length": _length(False),
    "days here": _days_here,
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
    "drug name": _prescribed("drug name", _drug_name, empty=[], of_drug=False, vocabulary="drug"),
    "drug by route": _prescribed(
        "drug name", _drug_name, empty=[], of_drug=False, by_route=True, vocabulary="drug"
    ),
    "dose": _prescribed("dose", _dose, empty=[]),
    "total dose": _prescribed("total dose", _total_dose, empty=[]),
    "drug count": _prescribed("drug count", _how_many, empty=[[0]]),
    "drug time": _prescribed("drug time", _start, empty=[]),
    "any of drugs": _any_of_three,
    "drugs at one time": _same_time,
    "drugs exactly twice": _exactly_twice,
    "specimen": _culture("specimen"),
    "organism": _culture("organism"),
    "any culture": _culture("any test"),
    "culture time": _culture("culture time"),
    "output total": _measured(OUTPUT, "sum", _aggregate("sum"), empty=[]),
    "all outputs": _all_outputs,
    "output count": _measured(OUTPUT, "count", _aggregate("count"), empty=[[0]]),
    "output name": _output_name,
    "procedure count": _procedure("count"),
    "procedure received": _procedure("received"),
    "procedure time": _procedure("time"),
    "care unit": _unit,
    "hours since unit": _hours_since_unit,
    "any diagnosis": _any_diagnosis,
    "diagnosed": _diagnosed,
    "lab min": _measured(LAB, "min", _aggregate("min"), empty=[]),
    "vital min": _measured(VITAL, "min", _aggregate("min"), empty=[]),
    "lab max": _measured(LAB, "max", _aggregate("max"), empty=[]),
    "vital max": _measured(VITAL, "max", _aggregate("max"), empty=[]),
    "lab avg": _measured(LAB, "avg", _aggregate("avg"), empty=[]),
    "vital avg": _measured(VITAL, "avg", _aggregate("avg"), empty=[]),
}
