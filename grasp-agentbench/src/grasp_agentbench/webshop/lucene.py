"""The search that the original uses: Lucene, with Anserini's analyser, in a JVM of this process.

The classes are those of one jar, which the package ``pyserini`` 0.22.1 brings along (146 MB, for
Java 17; none of its Python is used), or which the variable GRASP_ANSERINI_JAR names.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grasp.contracts import PluginError
from grasp_agentbench.webshop.search import MOST

JAR_VARIABLE = "GRASP_ANSERINI_JAR"
REMEDY = (
    "install Java 17, pip install 'grasp-agentbench[webshop-lucene]' and "
    "pip install --no-deps pyserini==0.22.1"
)
#: As the original's index is made and asked.
K1, B, STEMMER, FIELD = 0.9, 0.4, "porter", "contents"

_starting = threading.Lock()


def find_jar() -> Path | None:
    """Return the jar with Lucene and Anserini, if it is there."""
    named = os.environ.get(JAR_VARIABLE)
    if named:
        return Path(named) if Path(named).is_file() else None
    package = importlib.util.find_spec("pyserini")  # Found, not imported: that needs torch.
    if package is None or not package.submodule_search_locations:
        return None
    jars = Path(package.submodule_search_locations[0]).glob("resources/jars/anserini-*-fatjar.jar")
    return next(iter(sorted(jars)), None)


def lucene_lacks() -> str:
    """Return what is missing for Lucene; empty if nothing is."""
    if importlib.util.find_spec("jpype") is None:
        return "the package jpype1"
    if find_jar() is None:
        return "Anserini's jar"
    import jpype

    try:
        jpype.getDefaultJVMPath()
    except jpype.JVMNotFoundException:
        return "Java"
    return ""


class LuceneIndex:
    """Lucene's BM25 over texts in memory; ``search`` is safe to use from many threads.

    Args:
        texts: One for each product.

    Raises:
        PluginError: Java, the jar or the bridge to it is missing, or too old.
    """

    name = "lucene"

    def __init__(self, texts: Sequence[str]) -> None:
        java = _classes()
        analyzer = java("io.anserini.analysis.DefaultEnglishAnalyzer").newStemmingInstance(STEMMER)
        similarity = java("org.apache.lucene.search.similarities.BM25Similarity")(K1, B)
        text_field = java("org.apache.lucene.document.TextField")
        not_stored = java("org.apache.lucene.document.Field$Store").NO
        directory = java("org.apache.lucene.store.ByteBuffersDirectory")()
        settings = java("org.apache.lucene.index.IndexWriterConfig")(analyzer)
        writer = java("org.apache.lucene.index.IndexWriter")(
            directory, settings.setSimilarity(similarity)
        )
        for text in texts:
            document = java("org.apache.lucene.document.Document")()
            document.add(text_field(FIELD, text, not_stored))
            writer.addDocument(document)
        writer.forceMerge(1)  # One segment, whose numbers are those of the products.
        writer.close()
        reader = java("org.apache.lucene.index.DirectoryReader").open(directory)
        self._searcher = java("org.apache.lucene.search.IndexSearcher")(reader)
        self._searcher.setSimilarity(similarity)
        self._queries = java("io.anserini.search.query.BagOfWordsQueryGenerator")()
        self._analyzer = analyzer

    def search(self, words: str) -> list[int]:
        """Return the numbers of products. See ``Index.search``."""
        query = self._queries.buildQuery(FIELD, self._analyzer, words)
        return [int(hit.doc) for hit in self._searcher.search(query, MOST).scoreDocs]


def _classes() -> Any:
    """Return what finds a Java class by its name; starts the JVM once."""
    lacks = lucene_lacks()
    if lacks:
        raise PluginError(f"the search 'lucene' lacks {lacks}", REMEDY)
    import jpype

    with _starting:
        if not jpype.isJVMStarted():
            jpype.startJVM(classpath=[str(find_jar())], convertStrings=True)
    try:
        jpype.JClass("io.anserini.analysis.DefaultEnglishAnalyzer")
    except (TypeError, jpype.JException) as error:
        why = " ".join(str(error).split())[:200]
        raise PluginError(f"the search 'lucene' can't load Anserini: {why}", REMEDY) from None
    return jpype.JClass
