"""The shop's search: BM25 as Lucene computes it (spec agentbench, 3.3)."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from grasp_agentbench.webshop.catalogue import Product

#: Most products of a search.
MOST = 50
#: Of Lucene's English analyser.
STOP_WORDS = tuple(
    """a an and are as at be but by for if in into is it no not of on or such that the their
    then there these they this to was will with""".split()  # noqa: SIM905
)


class Index(Protocol):
    """Finds products. Safe to use from many threads."""

    name: str

    def search(self, words: str) -> list[int]:
        """Return the numbers of up to ``MOST`` products, best first."""
        ...


def document(product: Product) -> str:
    """Return the text under which a product is found."""
    options = ", and ".join(f"{n}: {', '.join(v)}" for n, v in product.options.items())
    first = product.bullets[0] if product.bullets else ""
    return " ".join((product.title, product.description, first, options)).lower()


class Bm25Index:
    """BM25 with Lucene's parameters, Porter's stems and Lucene's stop words."""

    name = "bm25s"

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s
        import Stemmer

        self._tokenize = bm25s.tokenize
        self._stemmer = Stemmer.Stemmer("porter")
        # The stemmer keeps a cache that threads must not share.
        self._lock = threading.Lock()
        self._bm25: Any = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
        self._bm25.index(self._tokens(texts), show_progress=False)

    def search(self, words: str) -> list[int]:
        """Return the numbers of products. See ``Index.search``."""
        import numpy

        (tokens,) = self._tokens([words], ids=False)
        if not tokens:
            return []
        scores = self._bm25.get_scores(tokens)
        # Stable, so that products with equal scores come in the order of the catalogue.
        order = numpy.argsort(-scores, kind="stable")[:MOST]
        return [int(n) for n in order if scores[n] > 0]

    def _tokens(self, texts: Sequence[str], *, ids: bool = True) -> Any:
        with self._lock:
            return self._tokenize(
                list(texts),
                stopwords=list(STOP_WORDS),
                stemmer=self._stemmer,
                return_ids=ids,
                show_progress=False,
            )


class FullTextIndex:
    """SQLite's full-text search; needs no package, agrees a little less with Lucene."""

    name = "sqlite-fts5"

    def __init__(self, texts: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute("CREATE VIRTUAL TABLE t USING fts5(d, tokenize='porter ascii')")
        self._connection.executemany(
            "INSERT INTO t (rowid, d) VALUES (?, ?)", enumerate(texts, start=1)
        )

    def search(self, words: str) -> list[int]:
        """Return the numbers of products. See ``Index.search``."""
        wanted = [w for w in re.findall(r"[a-z0-9]+", words.lower()) if w not in STOP_WORDS]
        if not wanted:
            return []
        query = " OR ".join(f'"{word}"' for word in wanted)
        said = "SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t), rowid LIMIT ?"
        with self._lock:
            return [row - 1 for (row,) in self._connection.execute(said, (query, MOST))]


def find(keywords: Sequence[str], index: Index, products: Sequence[Product]) -> list[Product]:
    """Return what a search finds; ``<r>``, ``<a>``, ``<c>`` and ``<q>`` are special.

    They are: any products, those with an attribute, of a category, of a query.
    """
    kind, rest = keywords[0], " ".join(keywords[1:]).strip()
    if kind == "<r>":
        any_products = random.Random("webshop:any").sample(range(len(products)), len(products))
        return [products[n] for n in any_products[:MOST]]
    if kind == "<a>":
        return [p for p in products if rest in p.attributes]
    if kind == "<c>":
        return [p for p in products if p.category == (keywords[1:] or [""])[0].strip()]
    if kind == "<q>":
        return [p for p in products if p.query == rest]
    return [products[n] for n in index.search(" ".join(keywords))]
