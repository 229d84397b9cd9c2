"""The embedded database does what MariaDB does with statements as models write them.

``mariadb_says.json`` is what MariaDB answered; the integration tests compare it with the one
that is installed, and write it anew with ``GRASP_RECORD_IDIOMS=1``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grasp_agentbench.dbbench.embedded.server import EmbeddedServer
from grasp_agentbench.dbbench.mariadb import MariaDBServer, find_programs

from . import observe
from .idioms import CHANGES, QUERIES

SAID = Path(__file__).with_name("mariadb_says.json")
#: What differs, and why.
EXCEPTIONS = {
    "SELECT REGEXP_SUBSTR(Note, '[0-9]+') FROM `Race Results`": "NULL, as MySQL has it",
    "INSERT INTO `Race Results` SET Name = 'Set', Points = 10 / 4": "2.5 for 2.500000000",
}


def said() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SAID.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("query", QUERIES)
def test_a_query(query: str) -> None:
    found = observe.rows(EmbeddedServer(5), query)
    assert (found == said()[query]) != (query in EXCEPTIONS)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change(change: str) -> None:
    found = observe.table(EmbeddedServer(5), change)
    assert (found == said()[change]) != (change in EXCEPTIONS)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDBServer]:
    if find_programs() is None:
        pytest.skip("MariaDB is not installed")
    server = MariaDBServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.integration
def test_what_mariadb_says(mariadb: MariaDBServer) -> None:
    found = {q: observe.rows(mariadb, q) for q in QUERIES}
    found |= {c: observe.table(mariadb, c) for c in CHANGES}
    if os.environ.get("GRASP_RECORD_IDIOMS"):
        SAID.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == said()
