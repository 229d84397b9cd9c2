"""Search results as HAPI sends them (spec fhir-store, 5.3).

The resources of a page are printed once and kept: a page is put together as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from grasp_medagentbench.fhir.pretty import compact, loads, pretty
from grasp_medagentbench.fhir.subset import Subset


@dataclass(frozen=True)
class Entry:
    """One entry of a result: where the resource is, its JSON on one line, how it was found."""

    url: str
    body: str
    mode: str = "match"


@dataclass(frozen=True)
class Page:
    """One page of a result; ``total`` is None where HAPI doesn't tell it."""

    id: str
    updated: str
    links: tuple[tuple[str, str], ...]
    entries: Sequence[Entry]
    total: int | None
    subset: Subset


@lru_cache(maxsize=20_000)
def _printed(body: str, subset: Subset, indented: bool) -> str:
    resource = subset.apply(loads(body))
    return pretty(resource) if indented else compact(resource)


def print_resource(body: str, subset: Subset, *, indented: bool) -> str:
    """One resource as its own answer."""
    return _printed(body, subset, indented)


def print_page(page: Page, *, indented: bool) -> str:
    """A searchset Bundle; there is no ``entry`` where nothing was found."""
    head: dict[str, object] = {
        "resourceType": "Bundle",
        "id": page.id,
        "meta": {"lastUpdated": page.updated, **page.subset.tag()},
        "type": "searchset",
    }
    if page.total is not None:
        head["total"] = page.total
    if page.links:
        head["link"] = [{"relation": relation, "url": url} for relation, url in page.links]
    if not page.entries:
        return pretty(head) if indented else compact(head)
    if not indented:
        parts = [_compact_entry(entry, page.subset) for entry in page.entries]
        return f'{compact(head)[:-1]},"entry":[{",".join(parts)}]}}'
    parts = [_pretty_entry(entry, page.subset) for entry in page.entries]
    return f'{pretty(head)[:-2]},\n  "entry": [ {", ".join(parts)} ]\n}}'


def _pretty_entry(entry: Entry, subset: Subset) -> str:
    resource = _printed(entry.body, subset, True).replace("\n", "\n    ")
    return (
        f'{{\n    "fullUrl": {pretty(entry.url)},\n    "resource": {resource},\n'
        f'    "search": {{\n      "mode": "{entry.mode}"\n    }}\n  }}'
    )


def _compact_entry(entry: Entry, subset: Subset) -> str:
    resource = _printed(entry.body, subset, False)
    return (
        f'{{"fullUrl":{compact(entry.url)},"resource":{resource},'
        f'"search":{{"mode":"{entry.mode}"}}}}'
    )
