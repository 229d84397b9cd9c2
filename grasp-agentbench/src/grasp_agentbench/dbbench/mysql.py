"""A real MySQL or MariaDB: one database of it for each episode."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from grasp.contracts import ConfigError, PluginError, TaskError
from grasp_agentbench.dbbench.database import (
    ROWS_READ,
    StatementError,
    StatementTimeout,
    create_statement,
    quote,
)
from grasp_agentbench.dbbench.records import Table

#: SQLSTATE of the errors that models make most; the driver doesn't tell it.
_STATES: Mapping[int, str] = {
    1044: "42000", 1045: "28000", 1046: "3D000", 1050: "42S01", 1051: "42S02", 1052: "23000",
    1054: "42S22", 1060: "42S21", 1062: "23000", 1064: "42000", 1065: "42000", 1066: "42000",
    1072: "42000", 1091: "42000", 1109: "42S02", 1136: "21S01", 1142: "42000", 1146: "42S02",
    1222: "21000", 1227: "42000", 1241: "21000", 1242: "21000", 1305: "42000", 1582: "42000",
}  # fmt: skip
#: Of a statement that took too long, in MariaDB and MySQL.
_TIMEOUTS = frozenset((1969, 3024))
#: Of a connection that is gone.
_LOST = frozenset((2003, 2006, 2013, 2055))
#: Of one that its own statement has ended.
_KILLED = 1927
#: Of one that can't be made.
_UNREACHABLE = frozenset((2002, 2003, 2013))
#: What to do about a server that can't be used, by its error's number.
_HINTS: Mapping[int, str] = {
    0: "may the account make databases and users?",
    1045: "set the account's password: MYSQL_PWD",
    1231: "set an sql_mode that this server has",
}

_numbers = itertools.count()
#: Accounts are called so, and their databases by the account and a number.
_OURS = re.compile(r"(grasp_[0-9a-f]{12})(?:_\d+)?")
#: Seconds that a connection may be silent: as long as a run lasts.
_SILENCE = 365 * 86400
#: Seconds for a server to answer at first.
_PATIENCE = 10
#: Password of our account, which lives as long as this process.
_SECRET = os.urandom(16).hex()
_INSTALL = "pip install 'grasp-agentbench[dbbench]'"


class NoServer(TaskError):
    """Nothing answers at the address."""


def parse_dsn(dsn: str) -> dict[str, Any]:
    """Return the driver's arguments of ``mysql://user:password@host:port/?unix_socket=PATH``.

    Without a password in it, the variable MYSQL_PWD is used; a run's record keeps no password.

    Raises:
        ConfigError: It is not of this form.
    """
    try:
        parts = urlsplit(dsn)
        port = parts.port
        known = parts.scheme in ("mysql", "mariadb")
    except ValueError:
        known = False
    if not known:
        raise ConfigError(
            "the dsn is not an address of a MySQL server", "mysql://USER:PASSWORD@HOST:3306/"
        )
    arguments: dict[str, Any] = {"user": unquote(parts.username or "root")}
    password = unquote(parts.password or "") or os.environ.get("MYSQL_PWD")
    if password:
        arguments["password"] = password
    socket = parse_qs(parts.query).get("unix_socket")
    if socket:
        return {**arguments, "unix_socket": socket[0]}
    return {**arguments, "host": parts.hostname or "127.0.0.1", "port": port or 3306}


class MySQLServer:
    """A server that runs already.

    Args:
        arguments: The driver's, such as ``parse_dsn`` gives; the account must be allowed to
            make databases and users.
        seconds: Longest that a statement may run.
        sql_mode: Of every connection; empty, as most expected digests were made.
    """

    def __init__(
        self, arguments: Mapping[str, Any], seconds: float = 60.0, sql_mode: str = ""
    ) -> None:
        self._arguments = dict(arguments)
        self._seconds = seconds
        self._mode = sql_mode
        self._version = ""
        self._user = f"grasp_{secrets.token_hex(6)}"
        self._lock: Any = None

    def start(self) -> None:
        """Make the account under which statements of models run: it can read no files.

        Raises:
            TaskError: The server can't be used.
        """
        try:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT VERSION()")
                self._version = str(cursor.fetchone()[0])
                account = self._account(self._user).replace("%", "%%")
                cursor.execute(f"CREATE USER {account} IDENTIFIED BY %s", (_SECRET,))
            # Held as long as this process lives, however it ends.
            self._lock = self.connect()
            with self._lock.cursor() as cursor:
                cursor.execute("SELECT GET_LOCK(%s, 0)", (self._user,))
                self._remove_the_dead(cursor)
        except self._driver().Error as error:
            told = _told(error)
            message = f"the MySQL server can't be used: {told}"
            if told.number in _UNREACHABLE:
                raise NoServer(message, "is it running, and is this its address?") from None
            raise TaskError(message, _HINTS.get(told.number, _HINTS[0])) from None

    def _remove_the_dead(self, cursor: Any) -> None:
        """Remove accounts and databases of runs that were killed: nobody holds their locks."""
        cursor.execute("SELECT schema_name FROM information_schema.schemata")
        names = [str(name) for (name,) in cursor.fetchall()]
        drops = {name: f"DROP DATABASE IF EXISTS {quote(name)}" for name in names}
        with contextlib.suppress(self._driver().Error):  # Not every account may look.
            cursor.execute("SELECT user FROM mysql.user WHERE user LIKE 'grasp\\_%'")
            users = [str(name) for (name,) in cursor.fetchall()]
            # A database that is called like an account is dropped as what it is.
            drops = {u: f"DROP USER IF EXISTS {self._account(u)}" for u in users} | drops
        for name, drop in drops.items():
            found = _OURS.fullmatch(name)
            if found is None:
                continue
            cursor.execute("SELECT IS_FREE_LOCK(%s)", (found[1],))
            if cursor.fetchone()[0] == 1:
                with contextlib.suppress(self._driver().Error):  # Another run may remove it too.
                    cursor.execute(drop)

    def open(self, tables: Sequence[Table]) -> MySQLDatabase:
        """Make a database with these tables."""
        name = f"{self._user}_{next(_numbers)}"
        try:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {quote(name)} CHARACTER SET utf8mb4")
                cursor.execute(f"GRANT ALL ON {quote(name)}.* TO {self._account(self._user)}")
            connection = self.log_in(name)
            return MySQLDatabase(self, connection, name, tables)
        except self._driver().Error as error:
            raise ConnectionError(f"the MySQL server: {_told(error)}") from None

    def drop(self, name: str) -> None:
        """Drop a database."""
        try:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {quote(name)}")
        except self._driver().Error:
            return  # The server is gone, and so is what it held.

    def stop(self) -> None:
        """Remove the account."""
        if not self._version:
            return
        self._version = ""
        with (
            contextlib.suppress(self._driver().Error),  # If it is gone, the account is too.
            self.connect() as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DROP USER IF EXISTS {self._account(self._user)}")
        if self._lock is not None:
            with contextlib.suppress(self._driver().Error, OSError):
                self._lock.close()
            self._lock = None

    def connect(self, **others: Any) -> Any:
        """Return a new connection of the driver."""
        # What is no server of MySQL may take a connection and never say a word.
        limit = int(self._seconds) + 5 if self._version else _PATIENCE
        arguments = {
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": _PATIENCE,
            "read_timeout": limit,
            "write_timeout": limit,
            "local_infile": False,
            **self._arguments,
            **others,
        }
        connection = self._driver().connect(**arguments)
        with connection.cursor() as cursor:
            cursor.execute(
                "SET SESSION sql_mode = %s, SESSION wait_timeout = %s", (self._mode, _SILENCE)
            )
            if "MariaDB" in self._version:
                cursor.execute("SET SESSION max_statement_time = %s", (self._seconds,))
            elif self._version:
                cursor.execute(f"SET SESSION max_execution_time = {int(1000 * self._seconds)}")
        return connection

    def log_in(self, database: str) -> Any:
        """Return a new connection of the account that statements of models run under."""
        return self.connect(user=self._user, password=_SECRET, database=database)

    def _account(self, user: str) -> str:
        # On a socket one is local, and a nameless local account would come before ours.
        host = "localhost" if "unix_socket" in self._arguments else "%"
        return f"{quote(user)}@'{host}'"

    @staticmethod
    def _driver() -> Any:
        try:
            import pymysql
        except ImportError:
            raise PluginError("a MySQL server needs the package pymysql", _INSTALL) from None
        return pymysql


class MySQLDatabase:
    """One database; used by one thread at a time."""

    def __init__(
        self, server: MySQLServer, connection: Any, name: str, tables: Sequence[Table]
    ) -> None:
        self._server = server
        self._connection = connection
        self._name = name
        with connection.cursor() as cursor:
            for table in map(_named, tables):
                cursor.execute(create_statement(table))
                marks = ", ".join(["%s"] * len(table.columns))
                cursor.executemany(f"INSERT INTO {quote(table.name)} VALUES ({marks})", table.rows)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement. See ``Database.execute``."""
        import pymysql

        try:
            with self._connection.cursor(pymysql.cursors.SSCursor) as cursor:
                cursor.execute(str(sql))
                rows = cursor.fetchmany(ROWS_READ) if cursor.description else []
                if len(rows) == ROWS_READ:
                    self._reconnect()  # Rather than read the rest of a result without end.
                return [tuple(row) for row in rows]
        except pymysql.Error as error:
            number = error.args[0] if error.args else 0
            if number in _TIMEOUTS:
                raise StatementTimeout from None
            if number in _LOST:
                self._reconnect()
                raise StatementTimeout from None
            if number == _KILLED:
                self._reconnect()
            raise _told(error) from None
        except (UnicodeError, TypeError) as error:
            raise StatementError(1105, "HY000", str(error)) from None

    def cells(self, table: Table) -> list[tuple[str | None, ...]]:
        """Return the table's cells. See ``Database.cells``.

        Raises:
            ConnectionError: The server is gone.
        """
        try:
            return self._cells(table)
        except StatementError as error:
            if error.number not in _LOST:
                raise
        self._reconnect()  # A model's statement may end its own connection.
        try:
            return self._cells(table)
        except StatementError as error:
            if error.number in _LOST:  # Not what the statements have done.
                raise ConnectionError(f"the MySQL server: {error}") from None
            raise

    def _cells(self, table: Table) -> list[tuple[str | None, ...]]:
        import pymysql

        listed = ", ".join(f"CAST({quote(c)} AS CHAR)" for c in _named(table).columns)
        name = f"{quote(self._name)}.{quote(table.name)}"
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"SELECT {listed} FROM {name}")
                return list(cursor.fetchall())
        except pymysql.Error as error:
            raise _told(error) from None

    def close(self) -> None:
        """Drop it."""
        self._close()
        self._server.drop(self._name)

    def _close(self) -> None:
        try:
            self._connection._force_close()
        except OSError:
            return

    def _reconnect(self) -> None:
        import pymysql

        self._close()
        try:
            self._connection = self._server.log_in(self._name)
        except pymysql.Error as error:
            raise ConnectionError(f"the MySQL server: {_told(error)}") from None


def _named(table: Table) -> Table:
    """Give columns without a name one: MySQL needs it (one official table has such a column)."""
    names = tuple(c or f"column{n}" for n, c in enumerate(table.columns, 1))
    return Table(table.name, names, table.rows)


def _told(error: Exception) -> StatementError:
    number = int(error.args[0]) if error.args and str(error.args[0]).isdigit() else 1105
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    return StatementError(number, _STATES.get(number, "HY000"), message)
