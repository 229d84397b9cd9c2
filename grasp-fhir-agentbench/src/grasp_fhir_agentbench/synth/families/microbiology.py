"""Questions about microbiology tests."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from grasp_fhir_agentbench.synth import fhir, windows
from grasp_fhir_agentbench.synth import vocabulary as words
from grasp_fhir_agentbench.synth.drafts import (
    ANY_WINDOW,
    ORDINALS,
    Draft,
    Make,
    assumed,
    gold,
    pick,
    text,
)
from grasp_fhir_agentbench.synth.tables import Chart


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
        row = pick(rows, ordinal)
        if rows and row is None and op != "any test":
            return None
        used = rows if op == "any test" else ([row] if row else [])
        ids = gold("Observation", (fhir.culture_id(r) for r in used))
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
            answer = [[text(row.when)]]
        told = {"op": op, "window": window.told, "o": ordinal}
        told |= {} if op == "specimen" else {"specimen": specimen[1]}
        return Draft(
            {"w": window.phrase, "x": specimen[1].lower(), "o": ordinal},
            answer,
            ids,
            told,
            assumed(chart, window),
            vocabulary,
            ("micro_links",),
        )

    return make


#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    "specimen": _culture("specimen"),
    "organism": _culture("organism"),
    "any culture": _culture("any test"),
    "culture time": _culture("culture time"),
}
