"""Builds the cohort for a set of task records."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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
from grasp_medagentbench.cohort.resources import Resource, patient, stored
from grasp_medagentbench.cohort.tracks import Branches, Tracks, fill, groups_of
from grasp_medagentbench.records import Record, patients_of


class Filler(Protocol):
    """Makes the data that the task types of one version read."""

    def __call__(
        self, splits: Mapping[str, Sequence[Record]], plan: Plan, generator: random.Random
    ) -> tuple[Tracks, dict[str, Branches]]:
        """Return what charts hold, and task type → MRN → branch."""
        ...


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
    splits: Mapping[str, Sequence[Record]],
    seed: int = 0,
    plan: Plan = V1_PLAN,
    *,
    filler: Filler = fill,
    searches: str = "task1",
    ages: str = "task2",
) -> Cohort:
    """Return charts for every patient of the records.

    The same records, seed and plan give the same charts on every machine.

    Args:
        splits: The records, split by split; every branch is balanced inside each.
        seed: Source of all chance.
        plan: Weights of the branches of each task type.
        filler: Makes the data that the task types read.
        searches: Type that asks for patients by name, if there is one.
        ages: Type that asks for patients' ages, if there is one.

    Raises:
        TaskError: A record that searches names nobody, or an MRN is two people.
    """
    generator = random.Random(f"cohort {seed}")
    records = [record for group in splits.values() for record in group]
    tracks, branches = filler(splits, plan, generator)
    named = [r for r in records if str(r["id"]).startswith(f"{searches}_")] if searches else []
    aged = groups_of(splits).get(ages, {})
    people, decoys = _identities(patients_of(records), named, aged, generator)
    resources: list[Resource] = []
    order = [*people, *decoys]
    generator.shuffle(order)
    for identity in order:
        resources.append(_patient(identity, generator))
    for identity in people:
        resources += _chart(identity.mrn, tracks, generator)
    return Cohort(stored(resources), len(people), len(decoys), branches)


def _identities(
    patients: Sequence[str],
    searches: Sequence[Record],
    aged: Mapping[str, Sequence[str]],
    generator: random.Random,
) -> tuple[list[Identity], list[Identity]]:
    known, absent = fixed_people(searches), absent_people(searches)
    registry = Registry(generator, known.values(), absent)
    born = births(aged, known, registry)
    mrns = list(dict.fromkeys([*patients, *known]))
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
    blocks += [by_patient.get(mrn, []) for by_patient in tracks.values()]
    generator.shuffle(blocks)
    return [resource for block in blocks for resource in block]
