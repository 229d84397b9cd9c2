"""A server that somebody else runs, by its address: over TCP, with a password."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import TaskError
from grasp_agentbench.dbbench import mariadb as own
from grasp_agentbench.dbbench import mysql
from grasp_agentbench.dbbench.mysql import MySQLServer, NoServer, parse_dsn
from grasp_agentbench.dbbench.records import Record
from grasp_agentbench.dbbench.task import DBBench

from .agents import Oracle
from .test_oracle import verdicts

pytestmark = pytest.mark.integration
PASSWORD = "p@ss/word"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A MariaDB at a port of this machine, whose account ``boss`` may do everything."""
    if own.find_programs() is None:
        pytest.skip("MariaDB is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    told = own._serving

    def at_a_port(*arguments: Any) -> list[str]:
        said = [part for part in told(*arguments) if part != "--skip-networking"]
        return [*said, "--bind-address=127.0.0.1", f"--port={number}"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "_serving", at_a_port)
        server = own.MariaDBServer()
        server.start()
    assert server._server is not None
    with server._server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER boss@'%%' IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute("GRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION")
        cursor.execute("CREATE USER clerk@'%'")
    yield number
    server.stop()


@pytest.fixture
def dsn(port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    return f"mysql://boss@127.0.0.1:{port}/"


def rows(dsn: str, statement: str) -> list[str]:
    with MySQLServer(parse_dsn(dsn)).connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall() if str(row[0]).startswith("grasp_")]


def left(dsn: str) -> list[str]:
    # The server of the fixture has an account of its own, at its socket.
    return rows(dsn, "SHOW DATABASES") + rows(dsn, "SELECT user FROM mysql.user WHERE host = '%'")


def test_the_oracle_solves_samples_there(dsn: str, records: Mapping[str, Record]) -> None:
    some = dict(list(records.items())[::9])
    task = DBBench(source="synthetic", dsn=dsn)
    task.setup()
    try:
        assert all(verdicts(task, Oracle(some), some).values())
    finally:
        task.close()
    assert left(dsn) == []


KILLED = """
import sys, time
from grasp_agentbench.dbbench.mysql import MySQLServer, parse_dsn
from grasp_agentbench.dbbench.records import Table
server = MySQLServer(parse_dsn(sys.argv[1]))
server.start()
database = server.open([Table("t", ("a",), (("1",),))])
print("up", flush=True)
time.sleep(600)
"""


def test_the_next_run_removes_what_a_killed_one_left(dsn: str) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, dsn], stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "up\n"
    living = left(dsn)
    assert len(living) == 2

    def next_run() -> None:
        server = MySQLServer(parse_dsn(dsn))
        server.start()
        server.stop()

    next_run()
    assert left(dsn) == living, "what a living run has is not touched"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    ends = time.monotonic() + 10
    while left(dsn) and time.monotonic() < ends:  # The server must see that it is gone.
        next_run()
        time.sleep(0.1)
    assert left(dsn) == []


def test_an_account_that_may_not_is_told(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MYSQL_PWD", raising=False)
    with pytest.raises(TaskError, match="can't be used: 1227"):
        DBBench(source="synthetic", dsn=f"mysql://clerk@127.0.0.1:{port}/").setup()
    with pytest.raises(TaskError, match="can't be used: 1045"):
        DBBench(source="synthetic", dsn=f"mysql://boss:wrong@127.0.0.1:{port}/").setup()


def test_what_never_answers_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"mysql://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NoServer, match="can't be used: 2013"):
            DBBench(source="synthetic", dsn=address).setup()


def test_a_mode_that_the_server_has_not_is_told_at_once() -> None:
    if own.find_programs() is None:
        pytest.skip("MariaDB is not installed")
    task = DBBench(source="synthetic", backend="mariadb", sql_mode="STRICT")
    with pytest.raises(TaskError, match="1231") as caught:
        task.setup()
    assert caught.value.hint == "set an sql_mode that this server has"


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="can't be used: 2003"):
        DBBench(source="synthetic", dsn=f"mysql:///?unix_socket={tmp_path}/none").setup()
