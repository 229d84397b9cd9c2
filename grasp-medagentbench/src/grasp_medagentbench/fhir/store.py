"""The embedded FHIR R4 store: an immutable base, and overlays that episodes write to.

Resources live in SQLite (standard library) with one index table a kind of search
parameter. ``Store.overlay()`` costs nothing until it is written to; what is written
there no other overlay sees.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from grasp_medagentbench.fhir.criteria import Condition, condition, one_of
from grasp_medagentbench.fhir.dates import instant_text, milliseconds_of, parse_date
from grasp_medagentbench.fhir.definitions import SearchParameter, resource_types
from grasp_medagentbench.fhir.errors import ResourceError
from grasp_medagentbench.fhir.pretty import compact
from grasp_medagentbench.fhir.request import SearchRequest, parse_search
from grasp_medagentbench.fhir.segment import Segment, StoredRow
from grasp_medagentbench.fhir.values import index_key, index_rows

#: The store's clock unless another is given: later than every recorded resource
#: (2024-12-30) and than the graders' cut-off (2025-01-01, spec clinical-mab 1.6), so
#: that what an agent writes never counts as the patient's earlier record.
DEFAULT_NOW = datetime(2025, 1, 2, tzinfo=timezone.utc)

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "grasp-medagentbench/fhir")
_PAGES_KEPT = 1_000

Resource = Mapping[str, Any]
#: The rows of a finished search, in order.
Found = tuple[int, ...]


class View:
    """What a client sees: searches and reads over one or two segments."""

    def __init__(self, now: datetime) -> None:
        self.now = milliseconds_of(now)
        self._pages: OrderedDict[str, tuple[SearchRequest, Found]] = OrderedDict()
        self._pages_lock = threading.Lock()

    def _segments(self) -> Sequence[Segment]:
        raise NotImplementedError

    def _hidden(self) -> frozenset[int]:
        return frozenset()

    @property
    def writes(self) -> int:
        """How many resources were written through this view."""
        return 0

    def read(self, resource_type: str, id_: str) -> StoredRow | None:
        """The current resource of that type and id."""
        for segment in reversed(self._segments()):
            row = segment.get(resource_type, id_)
            if row is not None:
                return row
        return None

    def search(self, request: SearchRequest) -> Found:
        """The rows that fit, in the order asked for, else in the order they were stored.

        Raises:
            RequestRejected: A value or modifier is not valid.
        """
        conditions = [condition(request.resource_type, f, self._ids) for f in request.filters]
        conditions += [self._has(*has) for has in request.has]
        sql, values = _select(request, conditions)
        hidden = self._hidden()
        rows = [
            row
            for segment in self._segments()
            for row in segment.query(sql, values)
            if row[0] not in hidden
        ]
        for position in range(len(request.sort), 0, -1):
            descending = request.sort[position - 1][1]
            known = [row for row in rows if row[position] is not None]
            known.sort(key=lambda row: row[position], reverse=descending)  # type: ignore
            rows = known + [row for row in rows if row[position] is None]
        return tuple(row[0] for row in rows)  # type: ignore[misc]

    def load(self, rids: Sequence[int]) -> list[StoredRow]:
        """The resources at these rows, in that order."""
        found: dict[int, StoredRow] = {}
        for segment in self._segments():
            found.update(segment.load(rids))
        return [found[rid] for rid in rids if rid in found]

    def referenced(self, rids: Sequence[int], keys: Sequence[str]) -> list[tuple[str, str]]:
        """``(type, id)`` that these rows point to through these index keys, without repeats."""
        targets: dict[tuple[str, str], None] = {}
        for segment in self._segments():
            for rid in rids:
                marks = ",".join("?" * len(keys))
                for row in segment.query(
                    "SELECT target_type, target_id FROM reference "
                    f"WHERE rid = ? AND key IN ({marks})",
                    (rid, *keys),
                ):
                    targets[(str(row[0]), str(row[1]))] = None
        return list(targets)

    def everything(self, resource_type: str, id_: str, types: Sequence[str]) -> Found:
        """A resource and all that point to it, in the order stored; ``types`` narrows."""
        sql = (
            "SELECT r.rid, r.type FROM resource r WHERE r.type = ? AND r.id = ? UNION "
            "SELECT r.rid, r.type FROM reference x JOIN resource r ON r.rid = x.rid "
            "WHERE x.target_type = ? AND x.target_id = ? ORDER BY 1"
        )
        values = (resource_type, id_, resource_type, id_)
        hidden = self._hidden()
        rows = [row for segment in self._segments() for row in segment.query(sql, values)]
        kept = [row for row in rows if row[0] not in hidden and (not types or row[1] in types)]
        return tuple(row[0] for row in kept)  # type: ignore[misc]

    def _ids(self, resource_type: str, name: str, value: str) -> list[str]:
        rids = self.search(parse_search(resource_type, ((name, value),)))
        return [row.id for row in self.load(rids)]

    def _has(self, resource_type: str, parameter: str, name: str, value: str) -> Condition:
        rids = self.search(parse_search(resource_type, ((name, value),)))
        ids = [id_ for _, id_ in self.referenced(rids, [index_key(resource_type, parameter)])]
        sql, values = one_of("r.id", ids)
        return Condition("", sql, tuple(values), rank=2)

    def keep_page(self, link: str, request: SearchRequest, found: Found) -> str:
        """Remember a finished search for paging; the same search has the same id."""
        page = str(uuid.uuid5(_NAMESPACE, f"{self.writes} {link}"))
        with self._pages_lock:
            self._pages[page] = (request, found)
            self._pages.move_to_end(page)
            while len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        return page

    def page(self, page: str) -> tuple[SearchRequest, Found] | None:
        """A search kept for paging; None where it was never made or is forgotten."""
        with self._pages_lock:
            return self._pages.get(page)


class Store(View):
    """The immutable base, shared by all rollouts."""

    def __init__(self, segment: Segment, *, size: int, next_id: int, now: datetime) -> None:
        super().__init__(now)
        self._segment = segment
        self.size = size
        self.next_id = next_id
        self._now = now

    @classmethod
    def from_resources(cls, resources: Iterable[Resource], *, now: datetime = DEFAULT_NOW) -> Store:
        """A store of these resources, in this order.

        Args:
            resources: FHIR R4 resources, each with ``resourceType`` and ``id``.
            now: The clock that writes are stamped with; it stands still, so that the
                same episode reads the same text at every replay.

        Raises:
            ResourceError: One has no known type or valid id, or two have the same.
        """
        segment = Segment()
        rows: dict[tuple[str, str], StoredRow] = {}
        next_id = 1

        def prepared() -> Iterator[tuple[StoredRow, Any]]:
            nonlocal next_id
            for rid, resource in enumerate(resources):
                row = _row(rid, resource)
                if (row.type, row.id) in rows:
                    raise ResourceError(f"two resources are called {row.type}/{row.id}")
                rows[(row.type, row.id)] = row
                if row.id.isascii() and row.id.isdigit():
                    next_id = max(next_id, int(row.id) + 1)
                yield row, index_rows(resource)

        try:
            segment.insert(prepared())
        except UnicodeEncodeError as error:
            raise ResourceError(f"a resource holds half a character: {error}") from None
        return cls(segment, size=len(rows), next_id=next_id, now=now)

    def overlay(self) -> Overlay:
        """A view that can be written to; nobody else sees what is written."""
        return Overlay(self)

    def _segments(self) -> Sequence[Segment]:
        return (self._segment,)

    @property
    def clock(self) -> datetime:
        """The moment at which the store's clock stands."""
        return self._now


class Overlay(View):
    """A base with one episode's writes over it."""

    def __init__(self, base: Store) -> None:
        super().__init__(base.clock)
        self._base = base
        self._own: Segment | None = None
        self._writes = 0
        self._created = 0
        self._shadowed: frozenset[int] = frozenset()
        self._write_lock = threading.Lock()

    @property
    def writes(self) -> int:
        """How many resources were written through this view."""
        return self._writes

    def _segments(self) -> Sequence[Segment]:
        base = self._base._segments()
        return base if self._own is None else (*base, self._own)

    def _hidden(self) -> frozenset[int]:
        return self._shadowed

    def create(self, resource: Resource) -> StoredRow:
        """Store a new resource under a new id, as a POST does; an id it has is ignored.

        Raises:
            ResourceError: It has no known resource type.
        """
        with self._write_lock:
            id_ = str(self._base.next_id + self._created)
            self._created += 1
            return self._write(resource, id_, version=1, replaces=None)

    def update(self, resource: Resource, id_: str) -> tuple[StoredRow, bool]:
        """Store a resource under a given id, as a PUT does.

        Returns:
            The stored row, and whether it is new.

        Raises:
            ResourceError: It has no known resource type, or the id is not valid.
        """
        with self._write_lock:
            old = self.read(str(resource.get("resourceType")), id_)
            version = 1 if old is None else _next_version(old.version)
            return self._write(resource, id_, version, replaces=old), old is None

    def _write(
        self, resource: Resource, id_: str, version: int, replaces: StoredRow | None
    ) -> StoredRow:
        self._writes += 1
        updated = self.now + self._writes * 1_000
        given = resource.get("meta")
        meta = {
            "versionId": str(version),
            "lastUpdated": instant_text(updated),
            **{
                k: v
                for k, v in (given if isinstance(given, Mapping) else {}).items()
                if k not in ("versionId", "lastUpdated")
            },
        }
        stamped: dict[str, Any] = {"resourceType": resource.get("resourceType"), "id": id_}
        stamped["meta"] = meta
        for key, value in resource.items():
            stamped.setdefault(key, value)
        own_row = replaces is not None and replaces.rid >= self._base.size
        rid = replaces.rid if replaces and own_row else self._base.size + self._writes
        row = _row(rid, stamped)
        if self._own is None:
            self._own = Segment()
        self._own.insert([(row, index_rows(stamped))])
        if replaces is not None and not own_row:
            self._shadowed |= {replaces.rid}
        return row


def _next_version(version: str) -> int:
    return int(version) + 1 if version.isascii() and version.isdigit() else 2


def _row(rid: int, resource: Resource) -> StoredRow:
    type_, id_ = resource.get("resourceType"), resource.get("id")
    if type_ not in resource_types():
        raise ResourceError(f"not a FHIR R4 resource type: {type_!r}")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise ResourceError(f"{type_} has no valid id: {id_!r}")
    meta = resource.get("meta")
    stamp = meta.get("lastUpdated") if isinstance(meta, Mapping) else None
    try:
        updated = parse_date(stamp).low if isinstance(stamp, str) else None
    except ValueError:
        updated = None
    try:
        body = compact(resource)
    except (TypeError, ValueError, RecursionError) as error:
        raise ResourceError(f"{type_}/{id_} is not JSON: {error}") from None
    return StoredRow(rid, str(type_), id_, updated, body)


def _select(request: SearchRequest, conditions: list[Condition]) -> tuple[str, list[object]]:
    columns = ["r.rid"]
    values: list[object] = []
    for parameter, _ in request.sort:
        column, found = _sort_column(request.resource_type, parameter)
        columns.append(column)
        values += found
    tests: list[str] = []
    drivers = sorted((c for c in conditions if not c.negated), key=lambda c: c.rank)
    if not drivers or not drivers[0].table:
        # Index rows belong to one type anyway; asking again would misguide SQLite's planner.
        tests.append("r.type = ?")
        values.append(request.resource_type)
    if drivers:
        tests.append(drivers[0].as_driver())
        values += drivers[0].values
    for other in conditions:
        if not drivers or other is not drivers[0]:
            tests.append(other.as_check())
            values += other.values
    tests = [f"({test})" for test in tests]
    sql = f"SELECT {', '.join(columns)} FROM resource r WHERE {' AND '.join(tests)} ORDER BY r.rid"
    return sql, values


def _sort_column(resource_type: str, parameter: SearchParameter) -> tuple[str, list[object]]:
    if parameter.name == "_id":
        return "r.id", []
    if parameter.name == "_lastUpdated":
        return "r.updated", []
    table, column = {
        "date": ("date", "low"),
        "string": ("string", "norm"),
        "uri": ("string", "exact"),
        "token": ("token", "system || '|' || code"),
        "reference": ("reference", "target_type || '/' || target_id"),
        "quantity": ("quantity", "value"),
        "number": ("quantity", "value"),
    }.get(parameter.kind, ("", ""))
    if not table:
        return "NULL", []
    sql = f"(SELECT MIN({column}) FROM {table} WHERE rid = r.rid AND key = ?)"
    return sql, [index_key(resource_type, parameter.name)]
