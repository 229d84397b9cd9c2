"""Questions about hospital visits, ICU stays and care units."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.drafts import (
    ORDINALS,
    TIME_WINDOW,
    VISIT_WINDOW,
    Draft,
    Make,
    assumed,
    gold,
    pick,
    present,
    text,
)
from grasp_fhir_agentbench.synth.tables import Chart
from grasp_fhir_agentbench.synth.windows import Window


def _visits(chart: Chart, icu: bool) -> list[Any]:
    return list(chart.icu if icu else chart.admissions)


def _visit_ids(rows: Sequence[Any], icu: bool) -> dict[str, list[str]]:
    return gold(
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
            assumed(chart, window),
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
        row = pick(rows, ordinal)
        if rows and row is None:
            return None
        return Draft(
            {"w": window.phrase, "o": ordinal},
            [[text(row.end if end else row.start)]] if row else [],
            _visit_ids([row] if row else [], False),
            {"op": "visit time", "end": end, "o": ordinal, "window": window.told},
            assumed(chart, window),
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
        [[text(r.start)] for r in rows],
        _visit_ids(rows, False),
        {"op": "admission times", "window": window.told},
        assumed(chart, window),
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
        assumed(chart, window, "Being in the emergency room means being admitted from it."),
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
        {"op": "days here", "now": text(chart.now)},
        (present(chart),),
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
    row = pick(rows, ordinal)
    if rows and row is None:
        return None
    ids = {}
    if row:
        ids = gold("Encounter", [fhir.encounter_id(row.hadm_id)])
        ids["Location"] = [fhir.location_id(row.unit)]
    return Draft(
        {"w": window.phrase, "o": ordinal},
        [[row.unit]] if row else [],
        ids,
        {"op": "unit", "o": ordinal, "window": window.told},
        assumed(chart, window),
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
        ids = gold("Encounter", [fhir.encounter_id(rows[0].hadm_id)])
        ids["Location"] = [fhir.location_id(unit)]
    return Draft(
        {"x": unit},
        hours,
        ids,
        {"op": "hours since unit", "unit": unit, "now": text(chart.now)},
        (present(chart),),
        traps=("location_links", "tz_offset"),
    )


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    "hospital visits": _visit_count(False),
    "icu visits": _visit_count(True),
    "admission time": _visit_time(False),
    "discharge time": _visit_time(True),
    "admission times": _admission_times,
    "emergency": _emergency,
    "icu length": _length(True),
    "hospital length": _length(False),
    "days here": _days_here,
    "care unit": _unit,
    "hours since unit": _hours_since_unit,
}
