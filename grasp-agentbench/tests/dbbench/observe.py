"""What a database makes of a statement, in a form in which two databases can be compared."""

from __future__ import annotations

import datetime
from typing import Any

from grasp_agentbench.dbbench.database import Database, Server, StatementError

from .idioms import TABLE


def cell(value: Any) -> Any:
    """Numbers are equal whatever their type; MySQL's dates are text here."""
    if isinstance(value, datetime.date):
        return str(value)
    if isinstance(value, bytes):
        value = value.decode()
    try:
        return value if value is None else round(float(value), 6)
    except (TypeError, ValueError):
        return value


def rows(server: Server, query: str) -> Any:
    """Rows of a query, or the number of its error."""
    database = server.open([TABLE])
    try:
        found = [[cell(c) for c in row] for row in database.execute(query)]
    except StatementError as error:
        return error.number
    finally:
        database.close()
    return found if "ORDER BY" in query else sorted(found, key=str)


def table(server: Server, change: str) -> Any:
    """The table after a change, or the number of its error."""
    database = server.open([TABLE])
    try:
        database.execute(change)
        return _cells(database)
    except StatementError as error:
        return error.number
    finally:
        database.close()


def _cells(database: Database) -> Any:
    return sorted((list(row) for row in database.cells(TABLE)), key=str)
