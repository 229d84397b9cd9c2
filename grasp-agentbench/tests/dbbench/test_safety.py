"""Statements of a model reach nothing but their own table, and stop in time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grasp_agentbench.dbbench.database import Server, StatementError, StatementTimeout
from grasp_agentbench.dbbench.embedded.server import EmbeddedServer
from grasp_agentbench.dbbench.mariadb import MariaDBServer, find_programs
from grasp_agentbench.supervisor import Supervised

from .idioms import TABLE

ENDLESS = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) FROM r"
ESCAPES = (
    "ATTACH DATABASE '{file}' AS x",
    "VACUUM INTO '{file}'",
    "SELECT load_extension('{file}')",
    "SELECT writefile('{file}', 'x')",
    "PRAGMA writable_schema = 1",
    "SELECT * FROM `Race Results` INTO OUTFILE '{file}'",
    "SELECT 'x' INTO DUMPFILE '{file}'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE `Race Results`",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `Race Results`",
    "INSTALL SONAME '{file}'",
    "SHUTDOWN",
    "GRANT ALL ON *.* TO 'x'@'%'",
    "CREATE DATABASE other",
    "SELECT * FROM mysql.user",
)

#: MariaDB carries it out without what leads outside.
IGNORED = ("CREATE TABLE o (a TEXT) DATA DIRECTORY = '{file}'",)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDBServer]:
    if find_programs() is None:
        pytest.skip("MariaDB is not installed")
    server = MariaDBServer(seconds=1)
    server.start()
    yield server
    server.stop()


def refuse(server: Server, statement: str, folder: Path) -> None:
    file = folder / "out"
    database = server.open([TABLE])
    try:
        if statement in IGNORED:
            database.execute(statement.format(file=file))
        else:
            with pytest.raises(StatementError):
                database.execute(statement.format(file=file))
        assert not file.exists()
        assert database.execute("SELECT COUNT(*) FROM `Race Results`") == [(6,)]
    finally:
        database.close()


@pytest.mark.parametrize("statement", ESCAPES)
def test_an_escape_from_the_embedded_database(statement: str, tmp_path: Path) -> None:
    refuse(EmbeddedServer(1), statement, tmp_path)


@pytest.mark.integration
@pytest.mark.parametrize("statement", [*ESCAPES, *IGNORED])
def test_an_escape_from_mariadb(statement: str, mariadb: MariaDBServer, tmp_path: Path) -> None:
    refuse(mariadb, statement, tmp_path)


@pytest.mark.integration
def test_files_can_not_be_read(mariadb: MariaDBServer) -> None:
    database = mariadb.open([TABLE])
    assert database.execute("SELECT LOAD_FILE('/etc/passwd')") == [(None,)]
    others = database.execute("SHOW DATABASES")
    assert len(others) == 2, others  # Its own, and information_schema.
    database.close()


def stop_in_time(server: Server) -> None:
    database = server.open([TABLE])
    started = time.monotonic()
    with pytest.raises(StatementTimeout):
        database.execute(ENDLESS.replace("MAX(n)", "COUNT(*)"))
    assert time.monotonic() - started < 20
    assert database.execute("SELECT COUNT(*) FROM `Race Results`") == [(6,)]
    database.close()


def test_an_endless_statement_is_stopped() -> None:
    stop_in_time(EmbeddedServer(0.2))


@pytest.mark.integration
def test_an_endless_statement_is_stopped_in_mariadb(mariadb: MariaDBServer) -> None:
    database = mariadb.open([TABLE])
    database.execute("SET SESSION max_recursive_iterations = 4294967295")
    with pytest.raises(StatementTimeout):
        database.execute("SELECT SLEEP(30), BENCHMARK(2000000000, MD5('x'))")
    assert database.execute("SELECT COUNT(*) FROM `Race Results`") == [(6,)]
    database.close()


def test_a_pattern_that_backtracks_for_ever_is_stopped() -> None:
    database = EmbeddedServer(5).open([TABLE])
    with pytest.raises(StatementError):
        database.execute(f"SELECT '{'a' * 60}!' REGEXP '^(a|aa)+$'")
    database.close()


def test_a_result_without_end_is_not_read_whole() -> None:
    database = EmbeddedServer(5).open([TABLE])
    rows = database.execute(ENDLESS.replace("MAX(n)", "n"))
    assert len(rows) == 1000
    database.close()


def test_a_table_that_grows_without_end_is_stopped_and_undone() -> None:
    database = EmbeddedServer(20).open([TABLE])
    grow = ENDLESS.replace("MAX(n)", "REPEAT('x', 100000), 1, 2, 3, 4, 5, 6").replace(
        "FROM r) ", "FROM r LIMIT 5000) "
    )
    with pytest.raises(StatementError):
        database.execute(f"INSERT INTO `Race Results` {grow}")
    assert database.execute("SELECT COUNT(*) FROM `Race Results`") == [(6,)]
    database.close()


KILLED = """
import time
from grasp_agentbench.dbbench.mariadb import MariaDBServer
server = MariaDBServer()
server.start()
print(server.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.integration
@pytest.mark.parametrize("moment", ["folder", "installing", "serving"])
def test_nothing_is_left_of_a_killed_run(moment: str, tmp_path: Path) -> None:
    if find_programs() is None:
        pytest.skip("MariaDB is not installed")
    for parent in (tmp_path, *tmp_path.parents[:3]):  # The server's account must enter it.
        if parent.stat().st_uid == os.getuid() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert run.stdout is not None
    ends = time.monotonic() + 60
    folders: list[Path] = []
    while not folders:
        assert time.monotonic() < ends
        folders = list(tmp_path.glob("grasp-mariadb-*"))
    (folder,) = folders
    if moment == "installing":
        while not (folder / "data" / "mysql").exists():
            assert time.monotonic() < ends
    elif moment == "serving":
        assert run.stdout.readline().decode().strip() == str(folder)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    ends = time.monotonic() + 30
    while time.monotonic() < ends and (folder.exists() or _servers(folder)):
        time.sleep(0.1)
    if moment == "folder" and folder.exists():  # Killed before anyone watched: it is empty.
        assert not any(path.is_file() for path in folder.rglob("*"))
        return
    assert not folder.exists()
    assert not _servers(folder)


def _servers(folder: Path) -> list[str]:
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = command.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in said:
            found.append(said)
    return found


@pytest.mark.parametrize(
    "sql", ["SHOW CREATE", "DELETE IN u ORDER BY a LIMIT 3", "SELECT (" + "(" * 3000]
)
def test_what_is_no_statement_is_told(sql: str) -> None:
    database = EmbeddedServer(5).open([TABLE])
    with pytest.raises(StatementError):
        database.execute(sql)
    database.close()


def test_a_statement_that_is_too_deep_is_refused_before_it_is_translated() -> None:
    database = EmbeddedServer(5).open([TABLE])
    assert database.execute("SELECT 1" + "+1" * 300) == [(301,)]
    with pytest.raises(StatementError, match="Thread stack overrun"):
        database.execute("SELECT 1" + "+1" * 1500)
    database.close()


@pytest.mark.integration
@pytest.mark.parametrize("statement", ["KILL CONNECTION_ID()", "SET SESSION wait_timeout = 1"])
def test_a_model_that_ends_its_connection_is_graded(statement: str, mariadb: MariaDBServer) -> None:
    database = mariadb.open([TABLE])
    before = database.cells(TABLE)
    with contextlib.suppress(StatementError):
        database.execute(statement)
    time.sleep(1.5)
    assert database.cells(TABLE) == before
    assert database.execute("SELECT 1") == [(1,)]
    database.close()


@pytest.mark.integration
def test_a_server_that_dies_is_no_wrong_answer() -> None:
    if find_programs() is None:
        pytest.skip("MariaDB is not installed")
    server = MariaDBServer(seconds=5)
    server.start()
    try:
        database = server.open([TABLE])
        assert database.execute("SELECT 1") == [(1,)]
        other = server.open([TABLE])
        assert server.folder is not None
        for process in Path("/proc").glob("[0-9]*"):
            try:
                said = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if said.split(b"\0")[0].endswith(b"mariadbd") and str(server.folder).encode() in said:
                os.kill(int(process.name), signal.SIGKILL)
        with pytest.raises(ConnectionError, match="the MySQL server"):
            database.cells(TABLE)
        with pytest.raises(ConnectionError, match="the MySQL server"):
            other.execute("SELECT 1")
        database.close()
        other.close()
    finally:
        server.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no servers of our own")
def test_a_command_that_can_not_be_begun_says_so(tmp_path: Path) -> None:
    for commands, said in (
        ([["/nowhere/mariadbd"]], "No such file"),
        ([["sh", "-c", "echo prepared"], ["sh", "-c", "echo gone; exit 0"]], "gone"),
        ([["sh", "-c", "echo broken; exit 3"], ["sleep", "60"]], "broken"),
    ):
        (tmp_path / "x").mkdir()
        supervised = Supervised(tmp_path / "x", commands)
        assert said in supervised.last_words
        supervised.stop()
        assert not (tmp_path / "x").exists()
