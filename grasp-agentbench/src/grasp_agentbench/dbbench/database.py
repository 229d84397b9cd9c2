"""What the task asks of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from grasp_agentbench.dbbench.records import Table

#: Rows that are read of a result: more than can be shown of it.
ROWS_READ = 1000


class StatementError(Exception):
    """A statement failed; the text is what MySQL's client says, with number and state."""

    def __init__(self, number: int, state: str, message: str) -> None:
        super().__init__(f"{number} ({state}): {message}")
        self.number = number


class StatementTimeout(Exception):
    """A statement took too long and was stopped."""


class Database(Protocol):
    """The database of one episode."""

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement and keep what it changed; return its rows, if it has any.

        Raises:
            StatementError: It failed, and has changed nothing.
            StatementTimeout: It took too long.
        """
        ...

    def cells(self, table: Table) -> list[tuple[str | None, ...]]:
        """Return what stands in the columns that a table had at first, as text.

        Raises:
            StatementError: The table or a column is gone.
        """
        ...

    def close(self) -> None:
        """Drop it."""
        ...


class Server(Protocol):
    """Where the databases of episodes are made. Safe to use from many threads."""

    def start(self) -> None:
        """Get ready; called once, before the first database is opened.

        Raises:
            TaskError: It can't be used here.
        """
        ...

    def open(self, tables: Sequence[Table]) -> Database:
        """Make a database with these tables.

        Raises:
            OSError: The server can't be reached.
            TaskError: It has not been started.
        """
        ...

    def stop(self) -> None:
        """Release everything."""
        ...


def quote(name: str) -> str:
    """Return a name as MySQL quotes it."""
    return "`" + name.replace("`", "``") + "`"


def create_statement(table: Table) -> str:
    """Return the statement that makes a table; every column is TEXT, as in the benchmark."""
    columns = ", ".join(f"{quote(c)} TEXT" for c in table.columns)
    return f"CREATE TABLE {quote(table.name)} ({columns})"
