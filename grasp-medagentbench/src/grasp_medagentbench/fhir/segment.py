"""One in-memory SQLite database of resources and their index rows.

The base of a store is one segment; every overlay that is written to has another.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grasp_medagentbench.fhir.values import IndexRows

_SCHEMA = """
CREATE TABLE resource(
  rid INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL,
  updated INTEGER, body TEXT NOT NULL);
CREATE TABLE token(key TEXT, code TEXT, system TEXT, rid INTEGER);
CREATE TABLE reference(key TEXT, target_type TEXT, target_id TEXT, rid INTEGER);
CREATE TABLE date(
  key TEXT, low INTEGER, high INTEGER, low_day INTEGER, high_day INTEGER, rid INTEGER);
CREATE TABLE string(key TEXT, norm TEXT, exact TEXT, rid INTEGER);
CREATE TABLE quantity(key TEXT, value REAL, system TEXT, code TEXT, unit TEXT, rid INTEGER);
"""
_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS resource_id ON resource(type, id);
CREATE INDEX IF NOT EXISTS token_code ON token(key, code, system, rid);
CREATE INDEX IF NOT EXISTS token_rid ON token(rid, key, code, system);
CREATE INDEX IF NOT EXISTS reference_target ON reference(key, target_id, target_type, rid);
CREATE INDEX IF NOT EXISTS reference_to ON reference(target_id, target_type, rid);
CREATE INDEX IF NOT EXISTS reference_rid ON reference(rid, key);
CREATE INDEX IF NOT EXISTS date_rid ON date(rid, key, low, high, low_day, high_day);
CREATE INDEX IF NOT EXISTS date_low ON date(key, low, high, rid);
CREATE INDEX IF NOT EXISTS string_norm ON string(key, norm, rid);
CREATE INDEX IF NOT EXISTS string_rid ON string(rid, key);
CREATE INDEX IF NOT EXISTS quantity_rid ON quantity(rid, key, value);
"""
_VERSION = re.compile(r'"versionId":"([^"]+)"')
_TABLES = {"token": 4, "reference": 4, "date": 6, "string": 4, "quantity": 6}


@dataclass(frozen=True)
class StoredRow:
    """A resource as a segment keeps it; ``body`` is its JSON on one line."""

    rid: int
    type: str
    id: str
    updated: int | None
    body: str

    @property
    def version(self) -> str:
        """``meta.versionId``, ``1`` where the resource has none."""
        match = _VERSION.search(self.body)
        return match[1] if match else "1"


class Segment:
    """Resources in insertion order; safe to use from many threads."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        weakref.finalize(self, self._db.close)
        self._db.executescript(_SCHEMA)
        self._indexed = False

    def insert(self, rows: Iterable[tuple[StoredRow, IndexRows]]) -> None:
        """Add resources, or replace those with the same ``rid``.

        Raises:
            sqlite3.IntegrityError: Two resources have one type and id.
        """
        with self._lock:
            self._db.execute("BEGIN")
            try:
                for row, index in rows:
                    self._insert(row, index)
                if not self._indexed:
                    for statement in _INDEXES.strip().split(";\n"):
                        self._db.execute(statement)
                    self._indexed = True
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _insert(self, row: StoredRow, index: IndexRows) -> None:
        if self._indexed:
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table} WHERE rid = ?", (row.rid,))
            self._db.execute("DELETE FROM resource WHERE rid = ?", (row.rid,))
        values = (row.rid, row.type, row.id, row.updated, row.body)
        self._db.execute("INSERT INTO resource VALUES(?,?,?,?,?)", values)
        for table, width in _TABLES.items():
            found = getattr(index, table)
            if found:
                marks = ",".join("?" * width)
                self._db.executemany(
                    f"INSERT INTO {table} VALUES({marks})", [(*entry, row.rid) for entry in found]
                )

    def query(self, sql: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        """Run one SELECT."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def get(self, resource_type: str, id_: str) -> StoredRow | None:
        """The resource of that type and id."""
        found = self.query(
            "SELECT rid, type, id, updated, body FROM resource WHERE type = ? AND id = ?",
            (resource_type, id_),
        )
        return StoredRow(*found[0]) if found else None  # type: ignore[arg-type]

    def load(self, rids: Sequence[int]) -> dict[int, StoredRow]:
        """The resources with these row ids, by row id."""
        rows: dict[int, StoredRow] = {}
        for start in range(0, len(rids), 500):
            part = rids[start : start + 500]
            marks = ",".join("?" * len(part))
            found = self.query(
                f"SELECT rid, type, id, updated, body FROM resource WHERE rid IN ({marks})", part
            )
            rows.update((row[0], StoredRow(*row)) for row in found)  # type: ignore
        return rows
