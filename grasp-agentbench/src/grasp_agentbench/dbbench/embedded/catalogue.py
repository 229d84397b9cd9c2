"""What MySQL tells of its tables: SHOW, DESCRIBE and information_schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from grasp_agentbench.dbbench.database import StatementError, quote
from grasp_agentbench.dbbench.embedded.functions import NAMED

#: Name of the one database of an episode.
DATABASE = "dbbench"
Rows = list[tuple[Any, ...]]

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
#: Name in information_schema -> its columns here.
_VIEWS = {
    "tables": ("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE"),
    "columns": (
        *("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "ORDINAL_POSITION"),
        *("COLUMN_DEFAULT", "IS_NULLABLE", "DATA_TYPE", "COLUMN_TYPE", "COLUMN_KEY", "EXTRA"),
    ),
    "schemata": ("CATALOG_NAME", "SCHEMA_NAME"),
}


def tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the tables."""
    return [name for (name,) in connection.execute(_TABLES)]


def columns(connection: sqlite3.Connection, table: str) -> Rows:
    """Return the rows of ``DESCRIBE``.

    Raises:
        StatementError: There is no such table.
    """
    said = f"PRAGMA table_info({quote(table)})"
    found = connection.execute(said).fetchall()
    if not found:
        raise unknown_table(table)
    return [
        (name, (kind or "text").lower(), "NO" if needed else "YES", "PRI" if key else "", value, "")
        for _, name, kind, needed, value, key in found
    ]


def unknown_table(table: str) -> StatementError:
    """Return what MySQL says of a table that isn't there."""
    return StatementError(1146, "42S02", f"Table '{DATABASE}.{table}' doesn't exist")


def describe(connection: sqlite3.Connection, statement: exp.Describe) -> Rows:
    """Answer ``DESCRIBE table``; ``EXPLAIN`` of a statement is not supported."""
    if not isinstance(statement.this, exp.Table):
        raise StatementError(1235, "42000", "This is not supported: EXPLAIN")
    return columns(connection, statement.this.name)


def show(connection: sqlite3.Connection, statement: Any) -> Rows:
    """Answer a ``SHOW`` statement."""
    what = str(statement.this).upper()
    target = statement.args.get("target")
    name = target.name if isinstance(target, exp.Expression) else str(target or "")
    rows = _shown(connection, what, name, full=bool(statement.args.get("full")))
    like = statement.args.get("like")
    if like is not None:
        pattern = like.name if isinstance(like, exp.Expression) else str(like)
        matches = connection.execute
        rows = [r for r in rows if matches("SELECT like(?, ?)", (pattern, r[0])).fetchone()[0]]
    return rows


def _shown(connection: sqlite3.Connection, what: str, name: str, *, full: bool) -> Rows:
    if what == "TABLES":
        kind = ("BASE TABLE",) if full else ()
        return [(t, *kind) for t in tables(connection)]
    if what in ("COLUMNS", "FIELDS"):
        rows = columns(connection, name)
        if not full:
            return rows
        return [
            (r[0], r[1], "utf8mb4_general_ci", *r[2:], "select,insert,update", "") for r in rows
        ]
    if what == "CREATE TABLE":
        listed = ",\n".join(
            f"  {quote(r[0])} {r[1]} DEFAULT NULL" for r in columns(connection, name)
        )
        ending = ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
        return [(name, f"CREATE TABLE {quote(name)} (\n{listed}\n{ending}")]
    if what in ("DATABASES", "SCHEMAS"):
        return [(DATABASE,), ("information_schema",)]
    if what in ("INDEX", "INDEXES", "KEYS"):
        columns(connection, name)
    return []  # Warnings, variables, triggers: there are none.


def information_schema(connection: sqlite3.Connection, statement: exp.Expression) -> None:
    """Make the tables of information_schema that a statement names, and name them so in it."""
    for table in statement.find_all(exp.Table):
        if table.db.lower() == "information_schema":
            wanted = table.name.lower()
            if wanted not in _VIEWS:
                name = f"information_schema.{table.name}"
                raise StatementError(1109, "42S02", f"Unknown table '{table.name}' in {name}")
            _make(connection, wanted)
            table.set("db", None)
            table.set("this", exp.to_identifier(f"information_schema_{wanted}", quoted=True))
        elif table.db.lower() == DATABASE:
            table.set("db", None)
    for column in statement.find_all(exp.Column):
        column.set("db", None)


def check_names(connection: sqlite3.Connection, statement: exp.Expression) -> None:
    """Refuse names of tables in other letters: MySQL on Linux tells them apart.

    Raises:
        StatementError: There is such a table, but for upper and lower case.
    """
    there = tables(connection)
    folded = {name.lower() for name in there}
    here = {cte.alias for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if table.name.lower() in folded and table.name not in there and table.name not in here:
            raise unknown_table(table.name)


def _make(connection: sqlite3.Connection, wanted: str) -> None:
    name = quote(f"information_schema_{wanted}")
    names = _VIEWS[wanted]
    listed = ", ".join(names)
    connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    connection.execute(f"CREATE TEMP TABLE {name} ({listed})")
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", _facts(connection, wanted))


def _facts(connection: sqlite3.Connection, wanted: str) -> Sequence[tuple[Any, ...]]:
    if wanted == "schemata":
        return [("def", DATABASE), ("def", "information_schema")]
    if wanted == "tables":
        return [("def", DATABASE, t, "BASE TABLE", "InnoDB") for t in tables(connection)]
    return [
        (
            "def",
            DATABASE,
            table,
            row[0],
            n,
            row[4],
            row[2],
            row[1].split("(")[0],
            row[1],
            row[3],
            "",
        )
        for table in tables(connection)
        for n, row in enumerate(columns(connection, table), 1)
    ]


def known_function(name: str) -> bool:
    """Tell whether there is a function of that name, for errors about its arguments."""
    return name.upper() in NAMED
