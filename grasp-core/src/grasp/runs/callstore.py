"""The call store: every answer of a run, on disk before anyone acts on it.

One SQLite file in write-ahead mode. An answer is addressed by the call's content key
and its scope (the repeat index of design section 6), so the order in which threads ask
does not matter.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.calls import call_content, completion_from_json, completion_to_json
from grasp.contracts import (
    AgentError,
    Completion,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    RunError,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    scope TEXT NOT NULL, key TEXT NOT NULL, purpose TEXT NOT NULL,
    call BLOB NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_by_key ON calls (key);
CREATE TABLE IF NOT EXISTS repeats (
    scope TEXT NOT NULL PRIMARY KEY, key TEXT NOT NULL, purpose TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    scope TEXT NOT NULL, key TEXT NOT NULL, purpose TEXT NOT NULL,
    kind TEXT NOT NULL, message TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
"""

_REMEDY = (
    "free space if the disk is full, and see that this account may write there; if the file is "
    "damaged, move it away: its calls are asked again"
)
_READ_REMEDY = (
    "see that this account may read it; restore it if it is damaged, or move it away: then its "
    "calls are asked again"
)

_KINDS: dict[str, type[AgentError]] = {
    "context_limit": ContextLimitError,
    "content_filter": ContentFilterError,
}


class CallStore:
    """Answers and failures of one run. Thread-safe.

    A failure is never an answer. It becomes part of the run's history (``settled``) when
    the journal records what followed from it; one that the process died with is
    forgotten and the call is made again.

    Args:
        path: The file; created if missing.

    Raises:
        RunError: The file is not a call store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            self._db.execute("DELETE FROM failures WHERE settled = 0")
        except sqlite3.Error as error:
            raise RunError(f"can't open the call store {path}: {error}", _REMEDY) from None

    def __len__(self) -> int:
        with self._lock, _read_errors(self.path):
            return int(self._db.execute("SELECT COUNT(*) FROM calls").fetchone()[0])

    def get(self, key: str, scope: str) -> Completion | AgentError | None:
        """Return the answer or the settled failure of this very call."""
        with self._lock, _read_errors(self.path):
            row = self._db.execute(
                "SELECT answer FROM calls WHERE scope = ? AND key = ?", (scope, key)
            ).fetchone()
            if row is None:
                failed = self._db.execute(
                    "SELECT kind, message FROM failures WHERE scope = ? AND key = ? AND settled",
                    (scope, key),
                ).fetchone()
            if row is not None:
                return completion_from_json(json.loads(row[0]))
        return None if failed is None else _failure(*failed)

    def find(self, key: str) -> Completion | None:
        """Return the answer to the same content under any scope, the first by scope."""
        with self._lock, _read_errors(self.path):
            row = self._db.execute(
                "SELECT answer FROM calls WHERE key = ? ORDER BY scope LIMIT 1", (key,)
            ).fetchone()
            return None if row is None else completion_from_json(json.loads(row[0]))

    def put(
        self, key: str, scope: str, purpose: str, call: ModelCall, completion: Completion
    ) -> None:
        """Store an answer; when this returns it survives ``kill -9``."""
        # The fastest level: half a millisecond a call is more than a few bytes are worth.
        content = zlib.compress(_dumps(call_content(call)).encode("utf-8"), 1)
        answer = _dumps(completion_to_json(completion))
        with self._lock, _disk_errors(self.path):
            self._db.execute(
                "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?)",
                (scope, key, purpose, content, answer),
            )

    def put_repeat(self, key: str, scope: str, purpose: str) -> None:
        """Note that a call was answered by an earlier one's answer; only readers look at it."""
        with self._lock, _disk_errors(self.path):
            self._db.execute(
                "INSERT OR IGNORE INTO repeats VALUES (?, ?, ?)", (scope, key, purpose)
            )

    def put_failure(self, key: str, scope: str, purpose: str, error: AgentError) -> None:
        """Note a failure; it counts once ``settle`` is called."""
        with self._lock, _disk_errors(self.path):
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, 0)",
                (scope, key, purpose, error.kind, error.message),
            )

    def settle(self) -> None:
        """Make the failures so far part of the run's history."""
        with self._lock, _disk_errors(self.path):
            self._db.execute("UPDATE failures SET settled = 1 WHERE settled = 0")

    def failures(self) -> dict[str, AgentError]:
        """Return every settled failure by its scope."""
        with self._lock, _read_errors(self.path):
            found = self._db.execute(
                "SELECT scope, kind, message FROM failures WHERE settled ORDER BY scope"
            ).fetchall()
        return {scope: _failure(kind, message) for scope, kind, message in found}

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every stored call, ordered by scope: scope, key, purpose, call, answer."""
        with self._lock, _read_errors(self.path):
            rows = self._db.execute(
                "SELECT scope, key, purpose, call, answer FROM calls ORDER BY scope, key"
            ).fetchall()
        for scope, key, purpose, call, answer in rows:
            with _read_errors(self.path):
                said = {"call": json.loads(zlib.decompress(call)), "answer": json.loads(answer)}
            yield {"scope": scope, "key": key, "purpose": purpose, **said}

    def close(self) -> None:
        """Close the file; further use is an error."""
        with self._lock:
            self._db.close()


@dataclass(frozen=True)
class StoredCall:
    """One call of a run: where it was made, what for, and the address of what was said."""

    scope: str
    key: str
    purpose: str
    repeated: bool


class CallReader:
    """Reads a call store without touching it, also while a run writes to it.

    A file that a run was killed over before it had made its tables is a store without calls.

    Raises:
        RunError: The file is not a call store.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _read_errors(path):
            self._db = _read_only(path)
            tables = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'calls'"
            self._made = bool(self._db.execute(tables).fetchone()[0])

    def calls(self) -> list[StoredCall]:
        """Return every answered call, ordered by scope."""
        if not self._made:
            return []
        with _read_errors(self._path):
            found = self._select("SELECT scope, key, purpose, 0 FROM calls")
            with contextlib.suppress(sqlite3.OperationalError):  # Older stores have no repeats.
                found += self._select("SELECT scope, key, purpose, 1 FROM repeats")
        return sorted(
            (StoredCall(scope, key, purpose, bool(again)) for scope, key, purpose, again in found),
            key=lambda call: call.scope,
        )

    def exchange(self, key: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the messages and the answer behind a key.

        Raises:
            KeyError: There is no such answer.
        """
        if not self._made:
            raise KeyError(key)
        with _read_errors(self._path):
            row = self._db.execute(
                "SELECT call, answer FROM calls WHERE key = ? ORDER BY scope LIMIT 1", (key,)
            ).fetchone()
        if row is None:
            raise KeyError(key)
        with _read_errors(self._path):
            return json.loads(zlib.decompress(row[0]))["messages"], json.loads(row[1])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _select(self, query: str) -> list[tuple[str, str, str, int]]:
        return self._db.execute(query).fetchall()


def _read_only(path: Path) -> sqlite3.Connection:
    """Open a store to read it, after a writer's unfinished first transaction is taken back."""
    address = path.absolute().as_uri()
    if path.with_name(f"{path.name}-journal").exists():  # Killed before write-ahead began.
        writer = sqlite3.connect(f"{address}?mode=rw", uri=True)
        with contextlib.closing(writer), contextlib.suppress(sqlite3.OperationalError):
            writer.execute("SELECT 1 FROM sqlite_master")
    database = sqlite3.connect(f"{address}?mode=ro", uri=True)
    try:
        database.execute("SELECT 1 FROM sqlite_master")
        return database
    except sqlite3.OperationalError:  # Reading writes too, beside the file.
        database.close()
        if os.access(path.parent, os.W_OK):
            raise
    ahead = path.with_name(f"{path.name}-wal")
    if not ahead.exists() or not ahead.stat().st_size:
        return sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    with _copied(path) as copy, contextlib.closing(sqlite3.connect(copy)) as source:
        memory = sqlite3.connect(":memory:")
        source.backup(memory)
        return memory


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[Path]:
    """Copy a store as it is at this moment into a temporary folder; the store is left alone.

    Raises:
        RunError: It can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="grasp-calls-") as folder:
        copy = Path(folder) / path.name
        with (
            _read_errors(path),
            contextlib.closing(_read_only(path)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        yield copy


@contextlib.contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Copy a store into a temporary folder, with what was written ahead of it."""
    with tempfile.TemporaryDirectory(prefix="grasp-calls-") as folder:
        for file in (path, path.with_name(f"{path.name}-wal")):
            if file.exists():
                shutil.copyfile(file, Path(folder) / file.name)
        yield Path(folder) / path.name


def _failure(kind: str, message: str) -> AgentError:
    return _KINDS.get(kind, EndpointError)(message, kind=kind)


@contextlib.contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn a failed read into one clear error."""
    try:
        yield
    except (sqlite3.Error, zlib.error, OSError, ValueError, LookupError, TypeError) as error:
        # SQLite checks its pages, and no bytes within a row.
        raise RunError(f"can't read the call store {path}: {error}", _READ_REMEDY) from None


class _disk_errors:
    """Turns a failed write into one clear error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise RunError(
                f"can't write {self._path}: {error}",
                "free disk space, then go on where it stopped with --resume",
            ) from None


def _dumps(data: Mapping[str, Any]) -> str:
    # ASCII, because answers may hold lone surrogates that UTF-8 can't encode.
    return json.dumps(data, separators=(",", ":"))
