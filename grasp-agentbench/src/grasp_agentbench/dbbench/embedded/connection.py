"""One embedded database: SQLite in memory, for one episode."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from grasp_agentbench.dbbench.database import (
    ROWS_READ,
    StatementError,
    StatementTimeout,
    quote,
)
from grasp_agentbench.dbbench.embedded import catalogue, functions
from grasp_agentbench.dbbench.embedded.translate import parse, syntax_error, translate
from grasp_agentbench.dbbench.embedded.values import text
from grasp_agentbench.dbbench.records import Table

#: Largest database, in pages of 4 KiB: 64 MiB.
_PAGES = 16384
#: Longest text or row, in bytes.
_LONGEST = 10_000_000
#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 20_000
#: What a model's statements may not do: nothing that leaves the database in memory.
_FORBIDDEN = frozenset((sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA))
_FORBIDDEN_FUNCTIONS = frozenset(
    ("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer")
)

_WORDLESS = (exp.Transaction, exp.Commit, exp.Rollback, exp.Use, exp.Set)


class EmbeddedDatabase:
    """One database; used by one thread at a time.

    Args:
        tables: What it holds at first.
        seconds: Longest that a statement may run.
    """

    def __init__(self, tables: Sequence[Table], seconds: float) -> None:
        self._seconds = seconds
        self._connection = _connect()
        for table in tables:
            self._connection.execute(_create_statement(table))
            marks = ", ".join("?" * len(table.columns))
            said = f"INSERT INTO {quote(table.name)} VALUES ({marks})"
            self._connection.executemany(said, table.rows)
        self._guard(True)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement of MySQL. See ``Database.execute``."""
        statement = parse(_plain(sql))
        if isinstance(statement, _WORDLESS):
            return []
        self._guard(False)
        try:
            if isinstance(statement, exp.Show):
                return catalogue.show(self._connection, statement)
            if isinstance(statement, exp.Describe):
                return catalogue.describe(self._connection, statement)
            catalogue.information_schema(self._connection, statement)
            catalogue.check_names(self._connection, statement)
        finally:
            self._guard(True)
        if isinstance(statement, exp.Command):
            raise syntax_error(sql.strip()[:80])
        return self._run(translate(statement))

    def cells(self, table: Table) -> list[tuple[str | None, ...]]:
        """Return the table's cells. See ``Database.cells``."""
        self._guard(False)
        try:
            listed = {name for name, *_ in catalogue.columns(self._connection, table.name)}
            missing = [c for c in table.columns if c not in listed]
            if missing:
                raise _unknown_column(missing[0])
            listed_columns = ", ".join(map(quote, table.columns))
            said = f"SELECT {listed_columns} FROM {quote(table.name)}"
            return [tuple(map(text, row)) for row in self._connection.execute(said)]
        finally:
            self._guard(True)

    def close(self) -> None:
        """Forget it."""
        self._connection.close()

    def _run(self, said: str) -> list[tuple[Any, ...]]:
        ends = time.monotonic() + self._seconds
        self._connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                rows = self._connection.execute(said).fetchmany(ROWS_READ)
                return [tuple(row) for row in rows]
        except sqlite3.Error as error:
            if time.monotonic() > ends:
                raise StatementTimeout from None
            raise _told(error) from None
        except (OverflowError, MemoryError, UnicodeError) as error:
            raise StatementError(1105, "HY000", str(error)) from None
        finally:
            self._connection.set_progress_handler(None, 0)

    def _guard(self, on: bool) -> None:
        self._connection.set_authorizer(_authorise if on else None)


def _authorise(action: int, first: str | None, second: str | None, *_: Any) -> int:
    if action in _FORBIDDEN:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and second in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA max_page_count = {_PAGES}")
    connection.execute("PRAGMA trusted_schema = OFF")
    if hasattr(connection, "setlimit"):  # From Python 3.11.
        connection.setlimit(getattr(sqlite3, "SQLITE_LIMIT_LENGTH"), _LONGEST)  # noqa: B009
    functions.install(connection)
    return connection


def _create_statement(table: Table) -> str:
    columns = (f"{quote(c)} TEXT COLLATE {functions.COLLATION}" for c in table.columns)
    return f"CREATE TABLE {quote(table.name)} ({', '.join(columns)})"


def _plain(sql: Any) -> str:
    """Return the statement; what replaces rows inserts them, as there are no keys."""
    said = sql if isinstance(sql, str) else str(sql)
    if "\x00" in said:
        raise syntax_error(said[:80])
    return re.sub(r"(?i)^\s*replace\s+(?:into\s+)?(?=[`\w])", "INSERT INTO ", said)


_MESSAGES = (
    (r"no such table: (?:main\.|temp\.)?(.+)", 1146, "42S02", "Table 'dbbench.{}' doesn't exist"),
    (r"no such column: (.+)", 1054, "42S22", "Unknown column '{}' in 'field list'"),
    (r"table .+ has no column named (.+)", 1054, "42S22", "Unknown column '{}' in 'field list'"),
    (r"ambiguous column name: (.+)", 1052, "23000", "Column '{}' in field list is ambiguous"),
    (r"no such function: (?:mysql_)?(.+)", 1305, "42000", "FUNCTION dbbench.{} does not exist"),
    (r"table .+ already exists|there is already .+", 1050, "42S01", "Table already exists"),
    (r"duplicate column name: (.+)", 1060, "42S21", "Duplicate column name '{}'"),
    (r"misuse of (?:aggregate|window).*", 1111, "HY000", "Invalid use of group function"),
    (r"(?:table .+ has \d+ columns but )?\d+ values (?:were supplied|for \d+ columns).*"
     r"|table .+ has \d+ columns but .+|all VALUES must have the same number of terms",
     1136, "21S01", "Column count doesn't match value count at row 1"),
    (r"user-defined function raised exception|wrong number of arguments.*",
     1582, "42000", "Incorrect parameter count or value in the call to native function"),
    (r"SELECTs to the left and right of .+|sub-select returns \d+ columns.*",
     1222, "21000", "The used SELECT statements have a different number of columns"),
    (r"not authorized.*|.*prohibited.*", 1227, "42000", "Access denied for this operation"),
    (r'near "(.+)": syntax error', 1064, "42000",
     "You have an error in your SQL syntax; check the manual that corresponds to your MySQL "
     "server version for the right syntax to use near '{}' at line 1"),
)  # fmt: skip


def _told(error: sqlite3.Error) -> StatementError:
    """Return what MySQL would have said."""
    for pattern, number, state, message in _MESSAGES:
        found = re.fullmatch(pattern, str(error), re.DOTALL)
        if found:
            name = found[1] if found.re.groups and found[1] else ""
            return StatementError(number, state, message.format(name))
    return StatementError(1105, "HY000", str(error))


def _unknown_column(name: str) -> StatementError:
    return StatementError(1054, "42S22", f"Unknown column '{name}' in 'field list'")
