"""The synthetic questions: balanced over templates, with patients of their own in each split."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from grasp.contracts import ConfigError
from grasp_fhir_agentbench.records import Record
from grasp_fhir_agentbench.synth import fhir
from grasp_fhir_agentbench.synth.catalogue import templates
from grasp_fhir_agentbench.synth.drafts import Draft, Template
from grasp_fhir_agentbench.synth.tables import Chart, charts

#: Questions of each split; the first three are GRASP's.
DEFAULT_SIZES: Mapping[str, int] = {"dev": 120, "val": 80, "test": 80, "ood": 60}
#: Share of the patients in each split.
_SHARES: Mapping[str, float] = {"dev": 0.35, "val": 0.225, "test": 0.225, "ood": 0.2}
#: Share of questions, besides those answered by yes or no, about what there is not.
_NOTHING = 0.2
_TRIES = 4000


@lru_cache(maxsize=8)
def questions(
    seed: int, patients: int, patient_disjoint: bool = True
) -> dict[str, tuple[Record, ...]]:
    """Return the questions of a seed, split by split.

    Args:
        seed: Of the hospital and of the questions.
        patients: In the hospital.
        patient_disjoint: No patient is in two splits.

    Raises:
        ConfigError: So few patients can't fill the splits.
    """
    hospital = charts(seed, patients)
    rng = random.Random(f"questions/{seed}/{patients}/{patient_disjoint}")
    groups = _groups(hospital, patient_disjoint)
    asked: set[str] = set()
    return {
        split: tuple(_split(split, size, groups[split], rng, asked))
        for split, size in DEFAULT_SIZES.items()
    }


def _groups(hospital: Sequence[Chart], disjoint: bool) -> dict[str, list[Chart]]:
    if not disjoint:
        return {split: list(hospital) for split in DEFAULT_SIZES}
    groups: dict[str, list[Chart]] = {split: [] for split in DEFAULT_SIZES}
    for number, chart in enumerate(hospital):
        # Whoever is furthest behind their share is next, so that every split has all kinds.
        behind = {s: _SHARES[s] * (number + 1) - len(groups[s]) for s in groups}
        groups[max(behind, key=lambda s: behind[s])].append(chart)
    return groups


def _split(
    split: str, size: int, group: Sequence[Chart], rng: random.Random, asked: set[str]
) -> list[Record]:
    held_out = split == "ood"
    pool = [t for t in templates() if t.held_out == held_out]
    records: list[Record] = []
    asked_of: dict[str, int] = {}
    for number in range(size):
        template = pool[number % len(pool)]
        turn = asked_of.get(template.name, rng.randrange(2))
        asked_of[template.name] = turn + 1
        # Yes and no in turn; of the rest, one in five about what there is not.
        nothing = turn % 2 == 1 if template.kind == "yes_no" else rng.random() < _NOTHING
        records.append(_draw(split, template, group, rng, asked, nothing=nothing))
    return records


def _draw(
    split: str,
    template: Template,
    group: Sequence[Chart],
    rng: random.Random,
    asked: set[str],
    *,
    nothing: bool,
) -> Record:
    for attempt in range(_TRIES):
        if not group:
            break
        # Some templates can't ask for nothing (or for something) of these patients.
        absent = (
            nothing
            if attempt < _TRIES // 4
            else not nothing
            if attempt < _TRIES // 2
            else (rng.random() < 0.5)
        )
        chart = rng.choice(list(group))
        draft = template.make(chart, rng, absent)
        if draft is None:
            continue
        record = _record(split, template, chart, draft, rng)
        if record["id"] not in asked:
            asked.add(record["id"])
            return record
    raise ConfigError(
        f"there is no more to ask of {len(group)} patients ({template.name})",
        "use more patients, 40 or so",
    )


def _record(
    split: str, template: Template, chart: Chart, draft: Draft, rng: random.Random
) -> Record:
    slots: dict[str, Any] = {"n": chart.subject_id, **draft.slots}
    if slots.get("w"):
        slots["w"] = f" {slots['w']}"
    question = rng.choice(template.texts).format(**slots)
    assumption = " ".join(draft.assumptions)
    content = f"{question}\n{assumption}\n{chart.subject_id}"
    return {
        "id": hashlib.sha256(content.encode()).hexdigest()[:24],
        "split": split,
        "question": question,
        "assumption": assumption,
        "patient_fhir_id": fhir.patient_id(chart),
        "true_answer": str(draft.rows),
        "true_fhir_ids": draft.ids,
        "answer_type": template.kind,
        "template": template.name,
        "family": template.family,
        "main_table_name": template.table,
        "val_dict": draft.told,
        "vocabulary": draft.vocabulary,
        "traps": list(draft.traps),
    }
