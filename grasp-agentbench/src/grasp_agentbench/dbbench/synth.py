"""Our own tables and questions, from a seed; labels are computed from the rows, not by SQL.

What makes them hard is what makes the benchmark hard: numbers are text (so ``MAX`` and
``ORDER BY`` go wrong without a cast), with separators and units; names need backticks; near
misses stand in the tables.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Any

from grasp_agentbench.dbbench.database import quote
from grasp_agentbench.dbbench.digest import table_digest
from grasp_agentbench.dbbench.records import Record

#: Kinds of questions about a table, in equal shares.
SELECTS = (
    *("other", "counting", "comparison", "ranking"),
    *("aggregation-SUM", "aggregation-MAX", "aggregation-MIN", "aggregation-AVG"),
)
#: Split -> INSERT, UPDATE, and questions: GRASP's sizes.
SIZES: Mapping[str, tuple[int, int, int]] = {
    "dev": (60, 60, 56),
    "val": (40, 40, 44),
    "test": (20, 20, 20),
}


@dataclass(frozen=True)
class Column:
    """A column: how it is called, and what stands in it.

    Attributes:
        name: Its name.
        values: Words to choose from, for text.
        low: Smallest number, for numbers.
        high: Largest number.
        form: How a number is written, such as ``"{:,}"`` or ``"{} km"``.
    """

    name: str
    values: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    form: str = "{}"

    @property
    def is_number(self) -> bool:
        """It holds numbers."""
        return not self.values


@dataclass(frozen=True)
class Subject:
    """What tables are about: names of tables, the column that tells rows apart, and others."""

    tables: tuple[str, ...]
    key: Column
    others: tuple[Column, ...]


_TOWNS = ("Aldmoor", "Brackwell", "Castelrun", "Dunhaven", "Eastmere", "Fallowby", "Greywick",
          "Hollenbeck", "Ivorton", "Juniper Bay", "Kestrel Point", "Larkford", "Middlemarsh",
          "Northgate", "Oakhurst", "Pinecliff", "Quarrytown", "Ravensholm", "St. Abel",
          "Thornbury", "Upper Vale", "Westerly", "Yarrow", "Zelnik")  # fmt: skip
_PEOPLE = ("Ada Birch", "Bela Kont", "Cora O'Neil", "Dario Lupo", "Edda Frost", "Femi Adeyi",
           "Greta Holm", "Hugo Marsh", "Ines Prado", "Jonas Wirt", "Kaya Demir", "Liam Roe",
           "Mara Stein", "Nils Aker", "Olga Petrov", "Pavel Novak", "Quinn Hale", "Rosa Luz",
           "Sven Dahl", "Tara Singh", "Ugo Bianchi", "Vera Linde", "Wim Jansen",
           "Zoë Laurent")  # fmt: skip
_SHIPS = tuple(f"{a} {b}" for a in ("Silver", "Grey", "Northern", "Lone", "Bright", "Old")
               for b in ("Heron", "Star", "Wave", "Otter"))  # fmt: skip
_BOOKS = tuple(f"{a} {b}" for a in ("A Map of", "Notes on", "Beyond", "The Last", "Under", "Seven")
               for b in ("Salt", "Winter", "Rivers", "Glass"))  # fmt: skip

SUBJECTS = (
    Subject(
        ("Harbour Ships", "ship_register", "Ships of the Port"),
        Column("Ship", _SHIPS),
        (
            Column("Home Port", _TOWNS[:6]),
            Column("Year built", low=1905, high=2019),
            Column("Length", low=8, high=240, form="{} m"),
            Column("Cargo", low=90, high=99000, form="{:,}"),
            Column("Flag", ("Alba", "Norland", "Istria")),
        ),
    ),
    Subject(
        ("Town Statistics", "towns", "Census of Towns"),
        Column("Town", _TOWNS),
        (
            Column("County", ("Ash", "Bramble", "Cedar", "Dove")),
            Column("Population", low=850, high=480000, form="{:,}"),
            Column("Area", low=4, high=310),
            Column("Elevation", low=2, high=1900, form="{} m"),
            Column("Mayor", _PEOPLE),
        ),
    ),
    Subject(
        ("Library Loans", "book_loans", "Most borrowed books"),
        Column("Title", _BOOKS),
        (
            Column("Author", _PEOPLE[:9]),
            Column("Year", low=1931, high=2022),
            Column("Loans", low=7, high=1400),
            Column("Price", low=6, high=95, form="${}"),
            Column("Genre", ("novel", "poetry", "history", "travel")),
        ),
    ),
    Subject(
        ("Marathon Results", "race_results", "Results (women's race)"),
        Column("Runner", _PEOPLE),
        (
            Column("Club", ("Falcons", "Lakeside", "Old Mill", "Unattached")),
            Column("Rank", low=1, high=120),
            Column("Points", low=3, high=1100),
            Column("Age group", ("18-29", "30-39", "40-49", "50+")),
            Column("Town", _TOWNS[:8]),
        ),
    ),
    Subject(
        ("Greenhouse Stock", "plant_stock", "Plants & Prices"),
        Column("Plant", tuple(f"{a} {b}" for a in ("Dwarf", "Wild", "Blue", "Giant")
                              for b in ("Aster", "Fern", "Iris", "Lupin", "Sage", "Thyme"))),
        (
            Column("Bench", ("A", "B", "C")),
            Column("Quantity", low=2, high=900),
            Column("Unit price", low=1, high=64),
            Column("Height", low=5, high=210, form="{} cm"),
            Column("Status", ("in stock", "reserved", "sold out")),
        ),
    ),
    Subject(
        ("Radio Programmes", "programme_ratings", "Ratings of Programmes"),
        Column("Programme", tuple(f"{a} {b}" for a in ("Morning", "Evening", "Sunday", "Midnight")
                                  for b in ("Hour", "Voices", "Report", "Records", "Walk"))),
        (
            Column("Host", _PEOPLE[8:18]),
            Column("Episodes", low=4, high=640),
            Column("Share", low=1, high=48, form="{}%"),
            Column("Listeners", low=900, high=620000, form="{:,}"),
            Column("Network", ("One", "Two", "Culture")),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Drawn:
    """A table as drawn: its subject, name, columns in order, and rows of plain values."""

    subject: Subject
    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | int, ...], ...]

    def place(self, column: Column) -> int:
        return self.columns.index(column)

    def cell(self, row: Sequence[str | int], column: Column) -> str:
        return _written(column, row[self.place(column)])


def synthetic_splits(seed: int) -> Mapping[str, Sequence[Record]]:
    """Return ``dev``, ``val`` and ``test`` for a seed; records are in the official form."""
    return {split: _records(split, seed) for split in SIZES}


@lru_cache(maxsize=8)
def _records(split: str, seed: int) -> tuple[Record, ...]:
    inserts, updates, questions = SIZES[split]
    kinds = ["INSERT"] * inserts + ["UPDATE"] * updates
    kinds += [SELECTS[n % len(SELECTS)] for n in range(questions)]
    return tuple(_record(f"{split}-{n}", kind, seed) for n, kind in enumerate(kinds))


def _record(name: str, kind: str, seed: int) -> Record:
    rng = random.Random(f"dbbench:{seed}:{name}")
    drawn = _draw(rng)
    make = _MAKERS.get(kind)
    asked = make(rng, drawn) if make else _aggregation(rng, drawn, kind.rpartition("-")[2])
    headers = [c.name for c in drawn.columns]
    rows = [[drawn.cell(row, c) for c in drawn.columns] for row in drawn.rows]
    record: Record = {
        "id": name,
        "type": kind,
        "description": asked["ask"],
        "add_description": f"The name of this table is {drawn.name}, and the headers of this "
        f"table are {','.join(headers)}.",
        "evidence": "",
        "table": {
            "table_name": drawn.name,
            "table_info": {
                "columns": [{"name": h, "type": "TEXT"} for h in headers],
                "rows": rows,
            },
        },
        "label": asked["label"],
        "source": "synthetic",
    }
    if "after" in asked:
        record["answer_md5"] = f"[('{table_digest(asked['after'](rows))}',)]"
    else:
        record["sql"] = asked["sql"]
    return record


def _draw(rng: random.Random) -> _Drawn:
    subject = rng.choice(SUBJECTS)
    others = list(subject.others)
    rng.shuffle(others)
    numbers = [c for c in others if c.is_number]
    kept = {*numbers[:2], *others[: rng.randint(3, 5)]}
    columns = (subject.key, *(c for c in subject.others if c in kept))
    keys = rng.sample(subject.key.values, rng.randint(9, min(20, len(subject.key.values) - 2)))
    rows = tuple((key, *(_value(rng, c) for c in columns[1:])) for key in keys)
    return _Drawn(subject, rng.choice(subject.tables), columns, rows)


def _value(rng: random.Random, column: Column) -> str | int:
    if column.values:
        return rng.choice(column.values)
    # Few digits as often as many, so that text and numbers are ordered differently.
    top = rng.choice([t for t in (10, 100, 1000, 10_000, column.high) if column.low < t])
    return rng.randint(column.low, min(top, column.high))


def _other(rng: random.Random, column: Column, old: Collection[str]) -> str:
    """Return a value that is none of the old ones, if there is one."""
    values = (_written(column, _value(rng, column)) for _ in range(100))
    return next((v for v in values if v not in old), _written(column, _value(rng, column)))


def _written(column: Column, value: str | int) -> str:
    return str(value) if column.values else column.form.format(value)


def _as_number(column: Column) -> str:
    """Return the SQL expression of a column's number."""
    said = quote(column.name)
    for mark in (",", "$", "%", " cm", " m"):
        if mark in column.form:
            said = f"REPLACE({said}, '{mark}', '')"
    return f"CAST({said} AS SIGNED)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _numbers(drawn: _Drawn, column: Column) -> list[int]:
    return [int(row[drawn.place(column)]) for row in drawn.rows]


def _pick_number(rng: random.Random, drawn: _Drawn) -> Column:
    return rng.choice([c for c in drawn.columns if c.is_number])


def _insert(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    taken = {row[0] for row in drawn.rows}
    key = rng.choice([v for v in drawn.subject.key.values if v not in taken])
    row = [key, *(_written(c, _value(rng, c)) for c in drawn.columns[1:])]
    told = list(zip((c.name for c in drawn.columns), row, strict=True))
    if rng.random() < 0.5:
        rng.shuffle(told)
    said = ", ".join(f"{name} = {value!r}" for name, value in told)
    ask = rng.choice(
        (
            f"Add a new row to the table '{drawn.name}' with these values: {said}.",
            f"Insert an entry for {key!r} into '{drawn.name}'; the values are {said}.",
            f"The table '{drawn.name}' lacks one entry ({said}). Add it.",
        )
    )
    values = ", ".join(map(_text, row))
    sql = f"INSERT INTO {quote(drawn.name)} VALUES ({values})"
    return {"ask": ask, "label": [sql], "after": lambda rows: [*rows, row]}


def _update(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    others = list(drawn.columns[1:])
    changed = rng.sample(others, rng.choice((1, 1, 2)))
    by_other = rng.random() < 0.35
    words = [c for c in others if c.values and c not in changed]
    column = rng.choice(words) if by_other and words else drawn.subject.key
    where = drawn.cell(rng.choice(drawn.rows), column)
    touched = [row for row in drawn.rows if drawn.cell(row, column) == where]
    new = {}
    for one in changed:
        old = {drawn.cell(row, one) for row in touched}
        new[drawn.place(one)] = _other(rng, one, old)
    said = " and ".join(f"{drawn.columns[p].name} to {v!r}" for p, v in new.items())
    many = "the row whose" if column is drawn.subject.key else "every row whose"
    ask = rng.choice(
        (
            f"In the table '{drawn.name}', set {said} for {many} {column.name} is {where!r}.",
            f"Change {said} in '{drawn.name}' where {column.name} is {where!r}.",
            f"Correct {many} {column.name} is {where!r} in '{drawn.name}': set {said}.",
        )
    )
    sets = ", ".join(f"{quote(drawn.columns[p].name)} = {_text(v)}" for p, v in new.items())
    sql = f"UPDATE {quote(drawn.name)} SET {sets} WHERE {quote(column.name)} = {_text(where)}"
    place = drawn.place(column)

    def after(rows: Sequence[Sequence[str]]) -> list[list[str]]:
        return [
            [new.get(n, cell) if row[place] == where else cell for n, cell in enumerate(row)]
            for row in rows
        ]

    return {"ask": ask, "label": [sql], "after": after}


def _question(ask: str, label: Sequence[str], sql: str) -> dict[str, Any]:
    return {"ask": ask, "label": list(label), "sql": sql}


def _lookup(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    column = rng.choice(drawn.columns[1:])
    row = rng.choice(drawn.rows)
    key = str(row[0])
    ask = rng.choice(
        (
            f"What is the {column.name} of {key}?",
            f"Which {column.name} does the table '{drawn.name}' give for {key}?",
        )
    )
    where = f"{quote(drawn.subject.key.name)} = {_text(key)}"
    sql = f"SELECT {quote(column.name)} FROM {quote(drawn.name)} WHERE {where}"
    return _question(ask, [drawn.cell(row, column)], sql)


def _counting(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    column = rng.choice(drawn.columns[1:])
    table = quote(drawn.name)
    if column.values:
        value = str(rng.choice(drawn.rows)[drawn.place(column)])
        count = sum(row[drawn.place(column)] == value for row in drawn.rows)
        ask = f"How many rows of '{drawn.name}' have the {column.name} {value!r}?"
        where = f"{quote(column.name)} = {_text(value)}"
    else:
        limit = rng.choice(_numbers(drawn, column))
        count = sum(n > limit for n in _numbers(drawn, column))
        ask = f"How many rows of '{drawn.name}' have a {column.name} of more than {limit}?"
        where = f"{_as_number(column)} > {limit}"
    return _question(ask, [str(count)], f"SELECT COUNT(*) FROM {table} WHERE {where}")


def _comparison(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    column = _pick_number(rng, drawn)
    place = drawn.place(column)
    one, other = rng.sample(drawn.rows, 2)
    tries = 0
    while one[place] == other[place] and tries < 50:
        one, other = rng.sample(drawn.rows, 2)
        tries += 1
    more = rng.random() < 0.5
    ordered = sorted((one, other), key=lambda row: int(row[place]), reverse=more)
    word = "higher" if more else "lower"
    ask = f"Which of the two has the {word} {column.name}: {one[0]} or {other[0]}?"
    key = quote(drawn.subject.key.name)
    pair = f"{_text(str(one[0]))}, {_text(str(other[0]))}"
    sql = (
        f"SELECT {key} FROM {quote(drawn.name)} WHERE {key} IN ({pair}) "
        f"ORDER BY {_as_number(column)} {'DESC' if more else 'ASC'} LIMIT 1"
    )
    return _question(ask, [str(ordered[0][0])], sql)


def _ranking(rng: random.Random, drawn: _Drawn) -> dict[str, Any]:
    column = _pick_number(rng, drawn)
    numbers = _numbers(drawn, column)
    ranked = sorted(range(len(numbers)), key=lambda n: numbers[n], reverse=True)
    down = rng.random() < 0.6
    if not down:
        ranked.reverse()
    # The places at which no two rows are equal.
    clear = [p for p in range(3) if numbers.count(numbers[ranked[p]]) == 1]
    table, key = quote(drawn.name), quote(drawn.subject.key.name)
    order = f"ORDER BY {_as_number(column)} {'DESC' if down else 'ASC'}"
    extreme = "highest" if down else "lowest"
    if not clear:
        return _lookup(rng, drawn)
    place = rng.choice(clear)
    nth = ("", "second ", "third ")[place]
    ask = f"Which {drawn.subject.key.name} has the {nth}{extreme} {column.name}?"
    sql = f"SELECT {key} FROM {table} {order} LIMIT {place}, 1"
    return _question(ask, [str(drawn.rows[ranked[place]][0])], sql)


_TOTALS: Mapping[str, tuple[str, Callable[[Sequence[int]], float]]] = {
    "SUM": ("total", sum),
    "MAX": ("highest", max),
    "MIN": ("lowest", min),
    "AVG": ("average", fmean),
}


def _aggregation(rng: random.Random, drawn: _Drawn, name: str) -> dict[str, Any]:
    column = _pick_number(rng, drawn)
    word, total = _TOTALS[name]
    words = [c for c in drawn.columns[1:] if c.values]
    numbers, condition, told = _numbers(drawn, column), "", ""
    if words and rng.random() < 0.5:
        by = rng.choice(words)
        value = str(rng.choice(drawn.rows)[drawn.place(by)])
        rows = [row for row in drawn.rows if row[drawn.place(by)] == value]
        numbers = [int(row[drawn.place(column)]) for row in rows]
        condition = f" WHERE {quote(by.name)} = {_text(value)}"
        told = f" of the rows whose {by.name} is {value!r}"
    ask = f"As a plain number, what is the {word} {column.name} in '{drawn.name}'{told}?"
    result = total(numbers)
    label = str(result if isinstance(result, int) else round(result, 4))
    sql = f"SELECT {name}({_as_number(column)}) FROM {quote(drawn.name)}{condition}"
    return _question(ask, [label], sql)


_MAKERS: Mapping[str, Callable[[random.Random, _Drawn], dict[str, Any]]] = {
    "INSERT": _insert,
    "UPDATE": _update,
    "other": _lookup,
    "counting": _counting,
    "comparison": _comparison,
    "ranking": _ranking,
}
