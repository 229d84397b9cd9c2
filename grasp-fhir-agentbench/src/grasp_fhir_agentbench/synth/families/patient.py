"""Questions about diagnoses, procedures and the patient."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.drafts import (
    ANY_CASE,
    ANY_WINDOW,
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
from grasp_fhir_agentbench.synth.windows import moment_of


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
        gold("Condition", (fhir.coded_id("Condition", r) for r in rows)),
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
        gold("Condition", (fhir.coded_id("Condition", r) for r in rows)),
        {"op": "diagnosed", "title": title.strip(), "window": window.told},
        (ANY_CASE,),
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
            row = pick(rows, ordinal)
            if rows and row is None:
                return None
            used = [row] if row else []
            answer = [[text(moment_of(row))]] if row else []
        return Draft(
            {"w": window.phrase, "x": title[0].lower() + title[1:], "o": ordinal},
            answer,
            gold("Procedure", (fhir.coded_id("Procedure", p) for p in used)),
            {"op": f"procedure {op}", "title": title, "o": ordinal, "window": window.told},
            assumed(chart, window),
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
            assumptions = (present(chart),)
        return Draft(
            {},
            [[answer]],
            gold("Patient", [fhir.patient_id(chart)]),
            {"op": op, "now": text(chart.now)},
            assumptions,
            vocabulary,
        )

    return make


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    "gender": _about_patient("gender"),
    "marital status": _about_patient("marital status"),
    "birth date": _about_patient("birth date"),
    "age": _about_patient("age"),
    "procedure count": _procedure("count"),
    "procedure received": _procedure("received"),
    "procedure time": _procedure("time"),
    "any diagnosis": _any_diagnosis,
    "diagnosed": _diagnosed,
}
