"""Builds the cohort for a set of task records."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp_medagentbench.cohort.background import background
from grasp_medagentbench.cohort.names import CITIES, STREETS
from grasp_medagentbench.cohort.people import (
    Identity,
    Registry,
    absent_people,
    births,
    fixed_people,
)
from grasp_medagentbench.cohort.plan import V1_PLAN, Plan
from grasp_medagentbench.cohort.resources import Resource, lab, patient, stored
from grasp_medagentbench.cohort.tracks import Branches, Tracks, fill
from grasp_medagentbench.facts import GLUCOSE, HBA1C, MAGNESIUM, POTASSIUM
from grasp_medagentbench.records import Record, patients_of

_UNITS = {MAGNESIUM: "mg/dL", GLUCOSE: "mg/dL", POTASSIUM: "mmol/L", HBA1C: "%"}


@dataclass(frozen=True)
class Cohort:
    """Charts, and what they were made to show.

    Attributes:
        resources: FHIR resources in the order in which they are stored.
        patients: How many patients tasks ask about.
        decoys: How many other patients there are.
        branches: Task type → MRN → branch.
    """

    resources: list[Resource]
    patients: int
    decoys: int
    branches: dict[str, Branches]

    def mix(self, splits: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, dict[str, int]]]:
        """Return how often each branch occurs: task type → split → branch → records."""
        result: dict[str, dict[str, dict[str, int]]] = {}
        for split, records in splits.items():
            for record in records:
                name = str(record["id"]).split("_")[0]
                branch = self.branches.get(name, {}).get(str(record.get("eval_MRN")))
                if branch is not None:
                    counts = result.setdefault(name, {}).setdefault(split, {})
                    counts[branch] = counts.get(branch, 0) + 1
        return result


def build_cohort(
    splits: Mapping[str, Sequence[Record]], seed: int = 0, plan: Plan = V1_PLAN
) -> Cohort:
    """Return charts for every patient of the records.

    The same records, seed and plan give the same charts on every machine.

    Args:
        splits: The records, split by split; every branch is balanced inside each.
        seed: Source of all chance.
        plan: Weights of the branches of each task type.

    Raises:
        TaskError: A task 1 record names nobody, or an MRN is two people.
    """
    generator = random.Random(f"cohort {seed}")
    records = [record for group in splits.values() for record in group]
    groups = _groups(splits)
    tracks, branches = fill(groups, plan, generator)
    people, decoys = _identities(records, groups, generator)
    resources: list[Resource] = []
    order = [*people, *decoys]
    generator.shuffle(order)
    for identity in order:
        resources.append(_patient(identity, generator))
    for identity in people:
        resources += _chart(identity.mrn, tracks, generator)
    return Cohort(stored(resources), len(people), len(decoys), branches)


def _groups(splits: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, list[str]]]:
    """Return task type → split → MRNs."""
    groups: dict[str, dict[str, list[str]]] = {}
    for split, records in splits.items():
        for record in records:
            name = str(record["id"]).split("_")[0]
            group = groups.setdefault(name, {}).setdefault(split, [])
            mrn = record.get("eval_MRN")
            if mrn and mrn not in group:
                group.append(str(mrn))
    return groups


def _identities(
    records: Sequence[Record],
    groups: Mapping[str, Mapping[str, Sequence[str]]],
    generator: random.Random,
) -> tuple[list[Identity], list[Identity]]:
    searches = [r for r in records if str(r["id"]).startswith("task1_")]
    known, absent = fixed_people(searches), absent_people(searches)
    registry = Registry(generator, known.values(), absent)
    born = births(groups.get("task2", {}), known, registry)
    mrns = list(dict.fromkeys([*patients_of(records), *known]))
    people = {
        mrn: known.get(mrn) or registry.person(born.get(mrn) or registry.birth()) for mrn in mrns
    }
    models = [*known.values(), *absent] or list(people.values())[:10]
    similar = [
        found
        for number, person in enumerate(models)
        for kind in ((2,) if person in absent else (number % 3, (number + 1) % 3))
        for found in registry.lookalikes(person, kind)
    ]
    spare = _unused_mrns(set(mrns), len(similar), generator)
    return (
        [Identity(mrn, person, registry.gender(person)) for mrn, person in people.items()],
        [
            Identity(mrn, person, registry.gender(person))
            for mrn, person in zip(spare, similar, strict=True)
        ],
    )


def _unused_mrns(used: set[str], count: int, generator: random.Random) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        mrn = f"S{generator.randint(7_000_000, 7_999_999)}"
        if mrn not in used:
            used.add(mrn)
            found.append(mrn)
    return found


def _patient(identity: Identity, generator: random.Random) -> Resource:
    city, state, postal_code = generator.choice(CITIES)
    address: dict[str, Any] = {
        "use": "home",
        "line": [f"{generator.randint(1, 990)} {generator.choice(STREETS)}"],
        "city": city,
        "state": state,
        "postalCode": postal_code,
        "country": "US",
    }
    person = identity.person
    return patient(
        identity.mrn,
        person.given,
        person.family,
        person.birth,
        identity.gender,
        address,
        f"555-01{generator.randint(0, 99):02d}",
    )


def _chart(mrn: str, tracks: Tracks, generator: random.Random) -> list[Resource]:
    blocks = background(mrn, generator)
    for code, histories in tracks.items():
        history = histories.get(mrn, [])
        blocks.append([lab(mrn, code, m.value, _UNITS[code], m.time) for m in history])
    generator.shuffle(blocks)
    return [resource for block in blocks for resource in block]
