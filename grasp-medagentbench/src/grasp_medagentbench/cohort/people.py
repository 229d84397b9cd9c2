"""Who the patients are: names, dates of birth, and people easily taken for them (spec 8.1)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from grasp.contracts import TaskError
from grasp_medagentbench.cohort.names import FAMILY, GIVEN_FEMALE, GIVEN_MALE
from grasp_medagentbench.facts import NOW
from grasp_medagentbench.records import Person, Record, is_not_found, person_of

YOUNGEST, OLDEST = 20, 95
_TODAY = NOW.date()
_SPECIAL_DAYS = ((11, 13), (11, 14), (2, 29))


@dataclass(frozen=True)
class Identity:
    """A patient."""

    mrn: str
    person: Person
    gender: str


def fixed_people(records: Iterable[Record]) -> dict[str, Person]:
    """Return MRN → person for everybody whom task 1 names.

    Raises:
        TaskError: One MRN is two people.
    """
    people: dict[str, Person] = {}
    for record in records:
        if is_not_found(record):
            continue
        mrn, person = str(record["sol"][0]), person_of(record)
        if people.setdefault(mrn, person) != person:
            raise TaskError(
                f"{record['id']}: {mrn} is both {people[mrn].name} and {person.name}",
                "give every patient one MRN",
            )
    return people


class Registry:
    """Makes people up, none of whom is one that a task says doesn't exist.

    Args:
        generator: Source of all chance.
        known: People that exist by name.
        absent: People who must not exist; nor may anybody of their name, unless somebody
            known has it.
    """

    def __init__(
        self, generator: random.Random, known: Iterable[Person], absent: Iterable[Person]
    ) -> None:
        self._random = generator
        self._taken = set(known)
        self._absent = set(absent)
        names = {person.name for person in self._taken}
        self._no_names = {person.name for person in self._absent} - names
        self._used_names = names

    def person(self, birth: date) -> Person:
        """Return somebody new with a name of his own."""
        while True:
            given = self._random.choice(GIVEN_FEMALE + GIVEN_MALE)
            person = Person(given, self._random.choice(FAMILY), birth)
            if person.name not in self._used_names | self._no_names:
                self._used_names.add(person.name)
                self._taken.add(person)
                return person

    def lookalikes(self, person: Person, kind: int) -> list[Person]:
        """Return up to one person who shares something with this one.

        Args:
            person: Whom to resemble.
            kind: 0 family name, 1 full name, 2 date of birth.
        """
        if kind == 2:
            return [self.person(person.birth)]
        for _ in range(20):
            if kind == 0:
                given = self._random.choice(GIVEN_FEMALE + GIVEN_MALE)
                found = Person(given, person.family, self._near(person.birth))
            else:
                found = Person(person.given, person.family, self._near(person.birth))
            clash = found in self._taken | self._absent or found.name in self._no_names
            if not clash and (kind == 1 or found.name not in self._used_names):
                self._taken.add(found)
                self._used_names.add(found.name)
                return [found]
        return []

    def birth(self) -> date:
        """Return some date of birth."""
        days = self._random.randint(YOUNGEST * 366, OLDEST * 365)
        return _TODAY - timedelta(days=days)

    def birth_around(self, *, reached: bool) -> date:
        """Return a date whose birthday this year has been reached, or has not."""
        year = _TODAY.year - self._random.randint(YOUNGEST + 1, OLDEST - 1)
        first, last = ((1, 1), (11, 12)) if reached else ((11, 15), (12, 31))
        start, end = date(year, *first), date(year, *last)
        return start + timedelta(days=self._random.randint(0, (end - start).days))

    def birth_on(self, month: int, day: int) -> date:
        """Return a date on this day of a year in which it exists."""
        while True:
            year = _TODAY.year - self._random.randint(YOUNGEST + 1, OLDEST - 1)
            try:
                return date(year, month, day)
            except ValueError:
                continue

    def gender(self, person: Person) -> str:
        """Return a gender that goes with the given name, if that is one of ours."""
        if person.given in GIVEN_FEMALE:
            return "female"
        return "male" if person.given in GIVEN_MALE else self._random.choice(("female", "male"))

    def _near(self, birth: date) -> date:
        return birth + timedelta(days=self._random.choice((-400, -31, -10, -1, 1, 3, 10, 365)))


def births(
    groups: Mapping[str, Sequence[str]], fixed: Mapping[str, Person], registry: Registry
) -> dict[str, date]:
    """Return dates of birth for the patients whose age is asked for (task 2).

    In every split half have their birthday still before them; one birthday is today, one
    tomorrow and one on 29 February, each in a split of its own, as far as there are
    patients without a given date.
    """
    result: dict[str, date] = {}
    special = list(_SPECIAL_DAYS)
    for patients in groups.values():
        due = len(patients) // 2
        free = [mrn for mrn in patients if mrn not in fixed]
        due -= sum(not _reached(fixed[mrn].birth) for mrn in patients if mrn in fixed)
        for position, mrn in enumerate(free):
            if special and position == 0:
                result[mrn] = registry.birth_on(*special.pop(0))
            else:
                result[mrn] = registry.birth_around(reached=due <= 0)
            due -= not _reached(result[mrn])
    return result


def _reached(birth: date) -> bool:
    return (birth.month, birth.day) <= (_TODAY.month, _TODAY.day)


def absent_people(records: Iterable[Record]) -> list[Person]:
    """Return the people whom task 1 asks for in vain."""
    return [person_of(record) for record in records if is_not_found(record)]
