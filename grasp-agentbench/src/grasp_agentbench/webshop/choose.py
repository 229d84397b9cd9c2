"""Which search the shop has."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence

from grasp.contracts import PluginError, TaskBackend
from grasp_agentbench.webshop.catalogue import Product
from grasp_agentbench.webshop.lucene import REMEDY, LuceneIndex, lucene_lacks
from grasp_agentbench.webshop.search import Bm25Index, FullTextIndex, Index, document

AUTO = "auto"
_EXTRA = "pip install 'grasp-agentbench[webshop]'"
_KINDS: Mapping[str, Callable[[Sequence[str]], Index]] = {
    kind.name: kind for kind in (Bm25Index, FullTextIndex, LuceneIndex)
}
SEARCHES = (AUTO, *_KINDS)


def chosen_search(wanted: str) -> str:
    """Return the search that is used: BM25 where the extra is installed, else SQLite's."""
    if wanted != AUTO:
        return wanted
    return Bm25Index.name if _bm25_there() else FullTextIndex.name


def make_index(products: Sequence[Product], wanted: str = AUTO) -> Index:
    """Return an index of products.

    Raises:
        PluginError: What it needs is not installed.
    """
    kind = chosen_search(wanted)
    if kind == Bm25Index.name and not _bm25_there():
        raise PluginError(f"the search {kind!r} is not installed", _EXTRA)
    return _KINDS[kind]([document(product) for product in products])


def search_backends(wanted: str) -> tuple[TaskBackend, ...]:
    """Return the searches for ``grasp doctor``."""
    chosen = chosen_search(wanted)

    def backend(name: str, about: str, remedy: str = "") -> TaskBackend:
        return TaskBackend(name, not remedy, chosen == name, about, remedy)

    return (
        backend("bm25s", "BM25 as Lucene computes it", "" if _bm25_there() else _EXTRA),
        backend("sqlite-fts5", "SQLite's full-text search"),
        backend("lucene", "the original's own, in a JVM", REMEDY if lucene_lacks() else ""),
    )


def _bm25_there() -> bool:
    return all(importlib.util.find_spec(name) for name in ("bm25s", "Stemmer"))
