"""``_include`` and ``_revinclude``: resources that go along with the ones found."""

from __future__ import annotations

from collections.abc import Sequence

from grasp_medagentbench.fhir.definitions import search_parameters
from grasp_medagentbench.fhir.request import Filter, Include, SearchRequest
from grasp_medagentbench.fhir.segment import StoredRow
from grasp_medagentbench.fhir.store import View
from grasp_medagentbench.fhir.values import index_key


def included(view: View, request: SearchRequest, shown: Sequence[int]) -> list[StoredRow]:
    """The resources to add to a page of ``shown`` rows, each once, none of them shown."""
    found: dict[int, StoredRow] = {}
    for include in request.includes:
        for row in _forward(view, request.resource_type, include, shown):
            found.setdefault(row.rid, row)
    if request.revincludes:
        targets = view.load(shown)
        for include in request.revincludes:
            for row in _backward(view, include, targets):
                found.setdefault(row.rid, row)
    return [row for rid, row in found.items() if rid not in set(shown)]


def _reference_names(resource_type: str, wanted: str) -> list[str]:
    known = search_parameters(resource_type)
    return [
        name
        for name, parameter in known.items()
        if parameter.kind == "reference" and wanted in ("*", name)
    ]


def _forward(
    view: View, resource_type: str, include: Include, shown: Sequence[int]
) -> list[StoredRow]:
    if include.source not in ("*", resource_type):
        return []
    names = _reference_names(resource_type, include.parameter)
    keys = [index_key(resource_type, name) for name in names]
    if not keys:
        return []
    rows = []
    for type_, id_ in view.referenced(shown, keys):
        if include.target in ("", type_):
            row = view.read(type_, id_) if type_ else None
            if row is not None:
                rows.append(row)
    return rows


def _backward(view: View, include: Include, targets: Sequence[StoredRow]) -> list[StoredRow]:
    if include.source == "*" or not targets:
        return []
    rows: list[StoredRow] = []
    values = tuple(f"{row.type}/{row.id}" for row in targets)
    for name in _reference_names(include.source, include.parameter):
        parameter = search_parameters(include.source)[name]
        request = SearchRequest(include.source, filters=(Filter(parameter, values),))
        rows += view.load(view.search(request))
    return rows
