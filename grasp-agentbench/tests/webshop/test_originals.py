"""Beside the parts the original uses: Lucene's search and spaCy's nouns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from grasp.contracts import PluginError
from grasp_agentbench.webshop import lucene
from grasp_agentbench.webshop.choose import make_index
from grasp_agentbench.webshop.nouns import load_nouns
from grasp_agentbench.webshop.synth import synthetic_catalogue
from grasp_agentbench.webshop.task import WebShop


@pytest.mark.integration
def test_bm25_finds_what_lucene_finds() -> None:
    if lucene.lucene_lacks():
        pytest.skip(lucene.REMEDY)
    catalogue = synthetic_catalogue(7, 720)
    asked = [goal.instruction.lower() for goal in catalogue.goals[:200]]
    theirs, ours = (make_index(catalogue.products, name) for name in ("lucene", "bm25s"))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(theirs.search, asked))
    pairs = list(zip(found, map(ours.search, asked), strict=True))
    assert found == [theirs.search(words) for words in asked]
    first = sum(a[0] == b[0] for a, b in pairs) / len(pairs)
    ten = sum(len({*a[:10]} & {*b[:10]}) / 10 for a, b in pairs) / len(pairs)
    print(f"\nthe same first product: {first:.1%}; of the first ten: {ten:.1%}")
    # Lucene keeps lengths of texts in one byte, so near misses swap places.
    assert first > 0.75
    assert ten > 0.9


@pytest.mark.integration
def test_an_episode_with_lucene() -> None:
    if lucene.lucene_lacks():
        pytest.skip(lucene.REMEDY)
    task = WebShop(source="synthetic", search="lucene")
    task.setup()
    assert task.describe()["search"] == "lucene"
    assert {b.name for b in task.backends() if b.chosen} == {"lucene"}


@pytest.mark.integration
def test_spacy_finds_nouns_that_the_reward_needs() -> None:
    try:
        nouns = load_nouns("spacy")
    except PluginError as error:
        pytest.skip(str(error))
    assert {"shirt", "cotton"} & set(nouns("Men's soft cotton shirt with short sleeves"))
    catalogue = synthetic_catalogue(7, 720)
    ours = load_nouns("heuristic")
    titles = [product.title for product in catalogue.products[:200]]
    shared = sum(bool({*nouns(t)} & {*ours(t)}) for t in titles) / len(titles)
    assert shared > 0.95


def test_lucene_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lucene, "lucene_lacks", lambda: "Java")
    task = WebShop(source="synthetic", search="lucene")
    with pytest.raises(PluginError, match="lacks Java"):
        task.setup()
