"""Questions about prescriptions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.drafts import (
    ANY_CASE,
    ANY_WINDOW,
    ORDINALS,
    TIME_WINDOW,
    Draft,
    Found,
    Make,
    assumed,
    gold,
    pick,
    text,
)
from grasp_fhir_agentbench.synth.tables import Chart, Prescription

_DRUG_TRAPS = ("uses_medication_reference", "case_variants")


def _drug_row(chart: Chart, rng: random.Random) -> words.Drug:
    """A drug of the patient's, seldom one they never had."""
    own = [p.drug for p in chart.prescriptions]
    return rng.choice(own) if rng.random() < 0.7 else rng.choice(list(words.DRUGS))


def _prescribed(
    op: str,
    compute: Callable[[list[Prescription], random.Random], Found | None],
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
            gold("MedicationRequest", (fhir.prescription_id(p) for p in used)),
            told,
            assumed(chart, window, ANY_CASE if of_drug else ""),
            vocabulary,
            _DRUG_TRAPS,
        )

    return make


def _drug_name(rows: list[Prescription], rng: random.Random) -> Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = pick(rows, ordinal)
    return None if row is None else ([[row.drug.name.lower()]], [row], {"o": ordinal})


def _dose(rows: list[Prescription], rng: random.Random) -> Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = pick(rows, ordinal)
    return None if row is None else ([[row.dose]], [row], {"o": ordinal})


def _total_dose(rows: list[Prescription], rng: random.Random) -> Found | None:
    return [[float(sum(r.dose for r in rows))]], rows, {}


def _start(rows: list[Prescription], rng: random.Random) -> Found | None:
    ordinal = rng.choice(list(ORDINALS))
    row = pick(rows, ordinal)
    return None if row is None else ([[text(row.start)]], [row], {"o": ordinal})


def _how_many(rows: Sequence[Any], rng: random.Random) -> Found | None:
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
        gold("MedicationRequest", (fhir.prescription_id(p) for p in rows)),
        {"op": "any of drugs", "drugs": [d.name for d in drugs], "window": window.told},
        assumed(chart, window, ANY_CASE),
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
        gold("MedicationRequest", (fhir.prescription_id(p) for p in both)),
        {"op": "same time", "drug": a.name, "other": b.name, "window": window.told},
        assumed(chart, window, ANY_CASE),
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
        gold(
            "MedicationRequest", (fhir.prescription_id(p) for rows in twice.values() for p in rows)
        ),
        {"op": "exactly twice", "window": window.told},
        assumed(chart, window, ANY_CASE),
        "drug",
        _DRUG_TRAPS,
    )


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
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
}
