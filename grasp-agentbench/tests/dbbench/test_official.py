"""The official records: splits, digests of all changes, gold queries (goals of issue 6)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import TaskError
from grasp_agentbench.dbbench.answers import same_hash
from grasp_agentbench.dbbench.data import DBBENCH
from grasp_agentbench.dbbench.database import Server, StatementError
from grasp_agentbench.dbbench.embedded.server import EmbeddedServer
from grasp_agentbench.dbbench.episode import digest_of
from grasp_agentbench.dbbench.mariadb import MariaDBServer, find_programs
from grasp_agentbench.dbbench.records import Record, expected, is_change, read_records, tables_of
from grasp_agentbench.dbbench.task import DBBench

from . import observe
from .conftest import OFFICIAL

#: Its expected digest is reproduced by no engine (spec agentbench, 2.4).
UNREPRODUCIBLE = {"225"}


def digest(server: Server, record: Record) -> str:
    tables = tables_of(record)
    database = server.open(tables)
    try:
        database.execute(record["label"][0])
        return digest_of(database, tables)
    except StatementError as error:
        return str(error)
    finally:
        database.close()


def wrong(server: Server, official: list[Record]) -> set[str]:
    changes = [r for r in official if is_change(r)]
    return {r["id"] for r in changes if not same_hash(digest(server, r), expected(r))}


def test_every_change_but_one_has_its_digest(official: list[Record]) -> None:
    assert wrong(EmbeddedServer(10), official) == UNREPRODUCIBLE


def test_the_splits_are_the_published_ones(official: list[Record], no_pulled_data: Path) -> None:
    folder = no_pulled_data / DBBENCH.name
    folder.mkdir(parents=True)
    for name in ("standard.jsonl", "dev.jsonl"):
        shutil.copy(OFFICIAL / name, folder)
    assert [p.name for p in DBBENCH.pull()] == ["standard.jsonl", "dev.jsonl"]  # Checksums hold.
    task = DBBench()
    assert task.source == "official"
    for split in ("dev", "val", "test"):
        published = json.loads((OFFICIAL / f"split_{split}.json").read_text(encoding="utf-8"))
        found = task.samples(split)
        assert [s["id"] for s in found] == [str(p["id"]) for p in published]
        assert [task.instruction(s) for s in found] == [p["description"] for p in published]


def test_a_damaged_file_is_told_in_one_line(no_pulled_data: Path) -> None:
    folder = no_pulled_data / DBBENCH.name
    folder.mkdir(parents=True)
    for name in ("standard.jsonl", "dev.jsonl"):
        (folder / name).write_text('{"type": "other"}\n', encoding="utf-8")
    with pytest.raises(TaskError, match=r"standard\.jsonl is not the official file") as caught:
        DBBench()
    assert caught.value.hint == "grasp data pull agentbench-dbbench"
    with pytest.raises(TaskError, match=r"standard\.jsonl, line 1 is not a record"):
        read_records([folder / "standard.jsonl"])
    shutil.rmtree(folder)
    with pytest.raises(TaskError, match="have not been pulled"):
        DBBench(source="official")


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDBServer]:
    if find_programs() is None:
        pytest.skip("MariaDB is not installed")
    server = MariaDBServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.integration
def test_mariadb_has_the_same_digests(mariadb: MariaDBServer, official: list[Record]) -> None:
    assert wrong(mariadb, official) == UNREPRODUCIBLE
    embedded = EmbeddedServer(10)
    for record in official:
        if is_change(record):
            assert digest(mariadb, record) == digest(embedded, record)


def rows(server: Server, record: Record, query: str) -> Any:
    database = server.open(tables_of(record))
    try:
        return sorted([[observe.cell(c) for c in row] for row in database.execute(query)], key=str)
    except StatementError as error:
        return error.number
    finally:
        database.close()


@pytest.mark.integration
def test_gold_queries_have_the_same_rows(mariadb: MariaDBServer, official: list[Record]) -> None:
    names = ("standard.jsonl", "dev.jsonl")
    lines = [ln for n in names for ln in (OFFICIAL / n).read_text("utf-8").splitlines()]
    run = 0
    for record, line in zip(official, lines, strict=True):
        if is_change(record):
            continue
        query = json.loads(line)["sql"]["query"]
        found = rows(mariadb, record, query)
        if isinstance(found, list):
            run += 1
            assert rows(EmbeddedServer(10), record, query) == found, query
    assert run >= 60
