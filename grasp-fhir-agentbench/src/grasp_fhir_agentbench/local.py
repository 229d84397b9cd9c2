"""MIMIC-IV on FHIR from its own files: an index on disk, made once (spec fhiragent, 9.5).

It answers the searches the tools make, and no others; a server does more.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from grasp.contracts import TaskError
from grasp_medagentbench.fhir import FhirResponse

BASE_URL = "http://localhost/fhir/"
_JSON = "application/fhir+json"
_VERSION = 1
_PATTERNS = ("*.ndjson", "*.ndjson.gz")
#: Rows written at a time.
_BATCH = 5_000


class LocalStore:
    """The resources of a folder of ``*.ndjson`` or ``*.ndjson.gz`` files; a ``FhirClient``.

    The index is a file in the folder's ``.grasp-index``, made when it is first opened and
    made anew where the files have changed. Safe to use from many threads.

    Args:
        folder: Where the files lie.
        progress: Told the name of each file that is read.

    Raises:
        TaskError: There are no such files, or one of them is damaged.
    """

    base_url = BASE_URL

    def __init__(self, folder: Path, progress: Callable[[str], None] | None = None) -> None:
        files = sorted(f for p in _PATTERNS for f in folder.glob(p))
        if not files:
            raise TaskError(
                f"there are no *.ndjson or *.ndjson.gz files in {folder}",
                "it is the folder fhir/ of MIMIC-IV Clinical Database Demo on FHIR that is needed",
            )
        marks = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        digest = hashlib.sha256(repr((_VERSION, marks)).encode()).hexdigest()[:16]
        self._file = folder / ".grasp-index" / f"{digest}.sqlite"
        if not self._file.is_file():
            self._build(files, progress or (lambda name: None))
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def _build(self, files: list[Path], progress: Callable[[str], None]) -> None:
        partial = self._file.with_suffix(f".{os.getpid()}.part")
        try:
            self._file.parent.mkdir(exist_ok=True)
            partial.unlink(missing_ok=True)
            database = sqlite3.connect(partial)
            try:
                database.execute("PRAGMA journal_mode=OFF")
                database.execute("PRAGMA synchronous=OFF")
                database.execute("CREATE TABLE resource (type, id, patient, body)")
                for file in files:
                    progress(file.name)
                    rows = _rows(file)
                    while batch := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
                        database.executemany("INSERT INTO resource VALUES (?, ?, ?, ?)", batch)
                database.execute("CREATE INDEX by_id ON resource (type, id)")
                database.execute("CREATE INDEX by_patient ON resource (type, patient)")
                database.commit()
            finally:
                database.close()
            os.replace(partial, self._file)
        except (OSError, sqlite3.Error) as error:
            raise TaskError(
                f"can't index {self._file.parent.parent}: {error}", "is the disk full or read-only?"
            ) from None
        finally:
            partial.unlink(missing_ok=True)

    def request(self, method: str, url: str, body: bytes | str | None = None) -> FhirResponse:
        """Answer a read or a search by ``patient``, ``subject`` or ``_id``."""
        path, query = url.removeprefix(self.base_url), ""
        path, _, query = path.partition("?")
        parts = [p for p in path.split("/") if p]
        if method != "GET" or not parts or len(parts) > 2:
            return _outcome(400, f"{method} {path} is not served")
        if parts == ["metadata"]:
            return _answer({"resourceType": "CapabilityStatement", "status": "active"})
        if len(parts) == 2:
            found = self._select("type = ? AND id = ?", parts)
            return _answer(found[0]) if found else _outcome(404, f"{path} is not known")
        tests, values = ["type = ?"], [parts[0]]
        for name, value in parse_qsl(query):
            if name in ("_count", "_format", "_pretty"):
                continue
            if name in ("patient", "subject"):
                tests.append("patient = ?")
                values.append(value.removeprefix("Patient/"))
            elif name == "_id":
                ids = value.split(",")
                tests.append(f"id IN ({', '.join('?' * len(ids))})")
                values += ids
            else:
                return _outcome(400, f"the parameter {name} is not served: patient, subject, _id")
        found = self._select(" AND ".join(tests), values)
        return _answer(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(found),
                "entry": [{"resource": r} for r in found],
            }
        )

    def has(self, kind: str, ids: list[str]) -> set[str]:
        """Return those of some ids that there are resources of a type for."""
        known: set[str] = set()
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            sql = f"SELECT id FROM resource WHERE type = ? AND id IN ({', '.join('?' * len(some))})"
            known |= {row[0] for row in self._connection().execute(sql, [kind, *some])}
        return known

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _select(self, test: str, values: list[str]) -> list[dict[str, Any]]:
        sql = f"SELECT body FROM resource WHERE {test} ORDER BY rowid"
        return [json.loads(row[0]) for row in self._connection().execute(sql, values)]

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                f"{self._file.as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection


def _rows(file: Path) -> Iterator[tuple[str, str, str | None, str]]:
    read = 0
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                if line.strip():
                    resource = json.loads(line)
                    kind, id_ = resource["resourceType"], resource["id"]
                    yield kind, id_, _patient_of(resource), line.decode("utf-8").strip()
                read += 1
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())
        raise TaskError(f"{file}, after line {read}: {reason}", "fetch the file again") from None


def _patient_of(resource: Mapping[str, Any]) -> str | None:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    who = resource.get("subject") or resource.get("patient") or {}
    reference = who.get("reference", "") if isinstance(who, Mapping) else ""
    return str(reference).rpartition("/")[2] or None


def _answer(body: Mapping[str, Any], status: int = 200) -> FhirResponse:
    return FhirResponse(status, "", _JSON, json.dumps(body))


def _outcome(status: int, text: str) -> FhirResponse:
    issue = [{"severity": "error", "code": "processing", "diagnostics": text}]
    return _answer({"resourceType": "OperationOutcome", "issue": issue}, status)
