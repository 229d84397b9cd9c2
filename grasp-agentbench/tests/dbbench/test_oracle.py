"""Every sample can be solved, and near misses solve none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp_agentbench.dbbench.records import Record, is_change
from grasp_agentbench.dbbench.task import DBBench

from .agents import Oracle, statement


def verdicts(task: DBBench, oracle: Oracle, records: Mapping[str, Record]) -> dict[str, bool]:
    session = Session(oracle)

    def one(record: Record) -> tuple[str, bool]:
        rollout = task.rollout(record, session.agent("rollout", record["id"]))
        return record["id"], task.evaluate(record, rollout)

    with ThreadPoolExecutor(8) as pool:
        return dict(pool.map(one, records.values()))


def test_the_oracle_solves_every_generated_sample(records: Mapping[str, Record]) -> None:
    task = DBBench(source="synthetic")
    assert all(verdicts(task, Oracle(records), records).values())


def test_the_statements_of_questions_find_their_labels(records: Mapping[str, Record]) -> None:
    """Labels are computed without SQL; the embedded database comes to the same."""
    from grasp_agentbench.dbbench.answers import same_answer
    from grasp_agentbench.dbbench.embedded.connection import EmbeddedDatabase
    from grasp_agentbench.dbbench.records import tables_of

    for record in records.values():
        if not is_change(record):
            database = EmbeddedDatabase(tables_of(record), 5)
            rows = database.execute(record["sql"])
            assert same_answer(str(rows), record["label"]), (record["sql"], rows, record["label"])


def other_value(record: Record) -> list[Any]:
    """Another cell of the table, or a number a little off."""
    label = str(record["label"][0])
    try:
        return [str(float(label.replace(",", "")) + 0.5)]
    except ValueError:
        cells = {c for row in record["table"]["table_info"]["rows"] for c in row}
        return [min(c for c in cells if c.casefold() != label.casefold())]


NEAR: Mapping[str, tuple[Callable[[Record], str | None], Callable[[Record], list[Any]]]] = {
    "says nothing": (statement, lambda r: []),
    "another value": (statement, other_value),
    "one value more": (statement, lambda r: [*r["label"], "and more"]),
    "in a sentence": (statement, lambda r: [f"The answer is {r['label'][0]}."]),
}


@pytest.mark.parametrize("name", NEAR)
def test_near_misses_of_questions(name: str, records: Mapping[str, Record]) -> None:
    run, say = NEAR[name]
    asked = {i: r for i, r in records.items() if not is_change(r) and i.startswith("test")}
    assert not any(verdicts(DBBench(source="synthetic"), Oracle(asked, run, say), asked).values())


def twice(record: Record) -> str:
    """Touches more rows than asked for."""
    return statement(record).partition(" WHERE ")[0]


CHANGES: Mapping[str, tuple[str, Callable[[Record], str | None]]] = {
    "nothing done": ("INSERT", lambda r: None),
    "a cell empty": ("INSERT", lambda r: statement(r).rpartition(", ")[0] + ", '')"),
    "a cell missing": ("INSERT", lambda r: statement(r).rpartition(", ")[0] + ")"),
    "nothing changed": ("UPDATE", lambda r: None),
    "every row": ("UPDATE", twice),
    "other letters": ("UPDATE", lambda r: statement(r).replace(" = '", " = 'x", 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_near_misses_of_changes(name: str, records: Mapping[str, Record]) -> None:
    kind, run = CHANGES[name]
    asked = {
        i: r for i, r in records.items() if r["type"] == kind and i.startswith(("test", "val"))
    }
    found = verdicts(DBBench(source="synthetic"), Oracle(asked, run), asked)
    assert not any(found.values())
