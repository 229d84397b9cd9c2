"""Our own MariaDB server: unprivileged, on a socket, gone when the run is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from grasp.contracts import TaskError
from grasp_agentbench.dbbench.mysql import MySQLDatabase, MySQLServer, NoServer
from grasp_agentbench.dbbench.records import Table
from grasp_agentbench.supervisor import Supervised

#: Seconds for the server's folder to be made, and for it to answer.
_START_SECONDS = 300.0
REMEDY = "sudo apt-get install mariadb-server, brew install mariadb, or name a server with dsn"


def find_programs() -> tuple[str, str] | None:
    """Return the server and what makes its folder; ``None`` without them, or on Windows."""
    if not hasattr(os, "geteuid"):  # There are no sockets of Unix.
        return None
    places = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin:/usr/local/sbin"
    server = shutil.which("mariadbd", path=places)
    installer = shutil.which("mariadb-install-db", path=places)
    return (server, installer) if server and installer else None


class MariaDBServer:
    """A server of our own, started by ``start`` in a temporary folder.

    Args:
        seconds: Longest that a statement may run.
        sql_mode: Of every connection.
    """

    def __init__(self, seconds: float = 60.0, sql_mode: str = "") -> None:
        self._seconds = seconds
        self._mode = sql_mode
        self._process: Supervised | None = None
        self._server: MySQLServer | None = None
        #: Where its data lies while it runs.
        self.folder: Path | None = None

    def start(self) -> None:
        """Make its folder, start it and wait until it answers.

        Raises:
            TaskError: MariaDB isn't installed, or doesn't start.
        """
        programs = find_programs()
        if programs is None:
            raise TaskError("MariaDB is not installed", REMEDY)
        folder = self.folder = Path(tempfile.mkdtemp(prefix="grasp-mariadb-"))
        user = _unprivileged()
        data, files, socket = folder / "data", folder / "files", folder / "s"
        for made in (folder, data, files):
            made.mkdir(exist_ok=True)
            if user is not None:
                os.chown(made, *user)
        try:
            commands = [_installing(programs[1], data), _serving(programs[0], data, files, socket)]
            # The caller's own temporary folder may be closed to another account.
            variables = {"TMPDIR": str(files)}
            self._process = Supervised(folder, commands, user, variables)
            self._server = self._wait(self._process, socket)
        except BaseException:
            self.stop()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def open(self, tables: Sequence[Table]) -> MySQLDatabase:
        """Make a database with these tables."""
        if self._server is None:
            raise TaskError("the task's MariaDB has not been started", "call setup() first")
        return self._server.open(tables)

    def stop(self) -> None:
        """Stop the server and delete its folder."""
        self._server = None
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _wait(self, process: Supervised, socket: Path) -> MySQLServer:
        server = MySQLServer(
            {"user": "root", "unix_socket": str(socket)}, self._seconds, self._mode
        )
        ends = time.monotonic() + _START_SECONDS
        while True:
            try:
                server.start()
                return server
            except NoServer as error:
                if not process.running:
                    reason = _reason(process.last_words)
                    raise TaskError(f"MariaDB doesn't start: {reason}", _remedy(reason)) from None
                if time.monotonic() > ends:
                    raise TaskError(f"MariaDB doesn't start: {error.message}", REMEDY) from None
            time.sleep(0.05)


def _reason(log: str) -> str:
    """Return the line of the server's words that says most."""
    lines = log.strip().splitlines() or ["no reason given"]
    telling = [line for line in lines if "[ERROR]" in line or "denied" in line]
    return telling[0] if telling else lines[-1]


def _remedy(reason: str) -> str:
    if _unprivileged() is None or "denied" not in reason.lower():
        return REMEDY
    return "run as root, it is the account nobody's: set TMPDIR to a folder that all may enter"


def _installing(program: str, data: Path) -> list[str]:
    return [
        program,
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]


def _serving(program: str, data: Path, files: Path, socket: Path) -> list[str]:
    return [
        program,
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={socket}",
        f"--pid-file={data / 'pid'}",
        f"--tmpdir={files}",
        f"--secure-file-priv={files}",
        "--skip-networking",
        "--skip-symbolic-links",
        "--skip-log-bin",
        "--local-infile=0",
        "--innodb-buffer-pool-size=64M",
        "--innodb-log-file-size=16M",
        "--innodb-flush-log-at-trx-commit=0",
        "--max-connections=300",
        "--tmp-memory-table-size=16M",
        "--max-heap-table-size=16M",
        "--character-set-server=utf8mb4",
    ]


def _unprivileged() -> tuple[int, int] | None:
    """Return whom the server runs as where we are root, who may not run it."""
    if os.geteuid() != 0:
        return None
    import pwd  # Windows has none.

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return (65534, 65534)
    return (nobody.pw_uid, nobody.pw_gid)
