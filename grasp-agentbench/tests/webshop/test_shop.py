"""Pages, clicks, searches and the catalogue (spec agentbench, 3.1 to 3.3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import ConfigError, TaskError
from grasp_agentbench.webshop.catalogue import build_catalogue, read_catalogue
from grasp_agentbench.webshop.nouns import heuristic, load_nouns
from grasp_agentbench.webshop.search import Bm25Index, FullTextIndex, document, find
from grasp_agentbench.webshop.shop import Visit
from grasp_agentbench.webshop.task import WebShop


def item(number: int, **changes: Any) -> dict[str, Any]:
    made = {
        "asin": f"B00{number}",
        "name": f"Walnut Shelf {number}",
        "category": "garden",
        "query": " Wall Shelf ",
        "product_category": "Home › Shelves",
        "full_description": "Solid wood.",
        "small_description": ["Easy to mount", "Holds books"],
        "pricing": f"${10 + number}.99",
        "customization_options": {"Color": [{"value": " Oak/Walnut "}, {"value": "Black"}]},
        "images": ["x"],
    }
    return {**made, **changes}


def instruction(*attributes: str, options: Any = ("black",)) -> dict[str, Any]:
    return {
        "instruction": "i want a shelf.",
        "instruction_attributes": list(attributes),
        "instruction_options": list(options),
    }


def shelves(count: int = 23, seed: int = 1) -> Any:
    items = [item(n) for n in range(count)]
    told = {i["asin"]: [instruction("solid wood")] for i in items}
    return build_catalogue(items, {}, told, seed)


def visit(catalogue: Any) -> Visit:
    index = Bm25Index([document(p) for p in catalogue.products])
    return Visit(catalogue, index, catalogue.goals[0], heuristic)


def test_the_pages_of_a_visit() -> None:
    shop = visit(shelves())
    goal = shop._goal.instruction
    head = f"Instruction: [SEP] {goal} [SEP] Back to Search"
    assert shop.page.text == f"WebShop [SEP] Instruction: [SEP] {goal} [SEP] Search"
    assert shop.page.actions == {"has_search_bar": True, "clickables": ["search"]}
    shop.step("search[walnut shelf]")
    assert shop.page.text.startswith(
        f"{head} [SEP] Page 1 (Total results: 23) [SEP] Next > [SEP] B000 [SEP] Walnut Shelf 0 "
        "[SEP] $10.99 [SEP] B001"
    )
    assert shop.page.clickables[:3] == ["back to search", "next >", "b000"]
    assert len(shop.page.links) == 10
    shop.step("click[Next >]")
    assert "Page 2 (Total results: 23) [SEP] < Prev [SEP] Next >" in shop.page.text
    shop.step("click[next >]")
    assert len(shop.page.links) == 3
    shop.step("click[next >]")  # There is always a next page.
    assert shop.page.clickables == ["back to search", "< prev", "next >"]
    shop.step("click[< prev]")
    shop.step(f"click[{shop.page.links[0]}]")
    assert shop.page.text == (
        f"{head} [SEP] < Prev [SEP] color [SEP] oak | walnut [SEP] black [SEP] Walnut Shelf 20 "
        "[SEP] Price: $30.99 [SEP] Rating: N.A. [SEP] Description [SEP] Features [SEP] Reviews "
        "[SEP] Buy Now"
    )
    assert shop.page.clickables == [
        *("back to search", "< prev", "description", "features", "reviews", "buy now"),
        *("oak | walnut", "black"),
    ]
    before = shop.page
    shop.step("click[black]")
    assert (shop.page, shop.chosen) == (before, {"color": "black"})  # It doesn't show.
    shop.step("click[Features]")
    assert shop.page.text == f"{head} [SEP] < Prev [SEP] Easy to mount [SEP] Holds books"
    assert shop.page.clickables == ["back to search", "< prev"]
    shop.step("click[< prev]")
    assert (shop.page, shop.chosen) == (before, {"color": "black"})
    shop.step("click[description]")
    assert shop.page.text.endswith("< Prev [SEP] Solid wood.")
    shop.step("click[< Prev]")
    shop.step("click[reviews]")
    assert shop.page.text.endswith("No reviews found")
    shop.step("click[< prev]")
    shop.step("click[< prev]")
    assert "Page 3" in shop.page.text
    assert shop.chosen == {}
    shop.step("click[back to search]")
    assert shop.page.kind == "search"


def test_a_purchase() -> None:
    shop = visit(shelves())
    shop.step("search[walnut]")
    shop.step("click[B000]")
    shop.step("click[black]")
    shop.step("click[buy now]")
    assert shop.bought is not None
    assert shop.reward is not None
    assert shop.page.kind == "done"


@pytest.mark.parametrize(
    "action", ["buy", "click[search]", "click[b001]", "click[]", "open[x]", "search[]", "click[x"]
)
def test_what_is_not_valid_does_nothing(action: str) -> None:
    shop = visit(shelves())
    before = shop.page
    shop.step(action)
    assert shop.page is before


def test_actions_are_read_greedily() -> None:
    """As in the original: what comes before the last bracket is the name of the action."""
    shop = visit(shelves())
    shop.step("search[a shelf [black]]")
    assert shop.page.kind == "search"
    shop.step("search[a shelf] [black]")
    assert shop.page.kind == "search"
    shop.step("search[a black] shelf]")
    assert shop._keywords == ["a", "black]", "shelf"]


def test_a_new_search_forgets_options() -> None:
    shop = visit(shelves())
    for action in ("search[shelf]", "click[b001]", "click[black]", "search[walnut]"):
        shop.step(action)
    assert shop.chosen == {}


def test_special_searches() -> None:
    facts = {"B001": {"attributes": ["solid wood"]}}
    catalogue = build_catalogue([item(n) for n in range(60)], facts, {}, 1)
    index = Bm25Index([document(p) for p in catalogue.products])

    def found(words: str) -> list[str]:
        return [p.asin for p in find(words.split(" "), index, catalogue.products)]

    assert found("<a> solid wood") == ["B001"]
    assert len(found("<r>")) == 50
    assert found("<r>") == found("<r>")
    assert len(found("<c> garden")) == len(found("<q> wall shelf")) == 60
    assert found("<c>") == found("<a>") == []
    assert len(found("walnut")) == 50
    assert found("the of zzz") == []


def test_both_indexes_find_the_title_first(task: WebShop) -> None:
    products = task._catalogue.products
    texts = [document(p) for p in products]
    for index in (Bm25Index(texts), FullTextIndex(texts)):
        for number in range(0, 100, 10):
            best = index.search(products[number].title)[:3]
            titles = [products[n].title for n in best]
            assert products[number].title in titles, index.name


def test_items_are_read_as_the_shop_reads_them() -> None:
    items = [
        item(0),
        item(0, name="twice"),
        item(1, pricing="$1,200.50 $1,300"),
        item(2, pricing=None, small_description="one", customization_options={"size": None}),
        item(3, asin="nan"),
        item(4, asin="B0123456789"),
    ]
    told = {
        "B000": [instruction("solid wood"), instruction()],
        "B001": [instruction("x", options=())],
    }
    catalogue = build_catalogue(items, {}, told, 5)
    assert [p.asin for p in catalogue.products] == ["B000", "B001", "B002"]
    first, second, third = catalogue.products
    assert (first.query, first.options) == ("wall shelf", {"color": ("oak | walnut", "black")})
    assert first.attributes == ("DUMMY_ATTR",)
    assert second.price_tag == "$1200.5 to $1300.0"
    assert 1200.5 <= catalogue.prices["B001"] <= 1300
    assert (third.bullets, third.prices, third.options) == (("one",), (100.0,), {})
    limits = {g.asin: g for g in catalogue.goals}  # Goals without attributes are left out.
    assert limits["B001"].price_limit == 1_000_000
    assert limits["B001"].instruction == "i want a shelf"
    assert limits["B000"].price_limit in (30, 40, 50)
    assert limits["B000"].instruction.endswith(
        f", and price lower than {limits['B000'].price_limit:.2f} dollars"
    )


@pytest.mark.parametrize(
    ("facts", "changed"),
    [
        ({"B000": {"attributes": "wood"}}, {}),
        ({"B000": {"attributes": [3]}}, {}),
        ({}, {"instruction": None}),
        ({}, {"instruction_attributes": "wood"}),
        ({}, {"instruction_options": "red"}),
    ],
)
def test_malformed_items_are_refused(facts: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="B000"):
        build_catalogue([item(0)], facts, {"B000": [instruction("wood") | changed]}, 5)


def test_a_goal_is_always_the_same() -> None:
    assert shelves().goals == shelves().goals
    assert shelves().goals != shelves(seed=2).goals
    assert [g.asin for g in shelves().goals] == [g.asin for g in shelves(seed=2).goals]


def test_own_files(tmp_path: Path) -> None:
    items = [item(n) for n in range(210)]
    told = {i["asin"]: [instruction("solid wood")] for i in items}
    (tmp_path / "items_shuffle_1000.json").write_text(json.dumps(items[:5]))
    (tmp_path / "items_shuffle.json").write_text(json.dumps(items))
    (tmp_path / "items_ins_v2.json").write_text("{}")
    with pytest.raises(TaskError, match=r"no items_human_ins\*"):
        read_catalogue(tmp_path, 1)
    (tmp_path / "items_human_ins.json").write_text(json.dumps(told))
    task = WebShop(data_dir=tmp_path)
    assert task.source == "official"
    assert [s["id"] for s in task.samples("val")][:3] == ["1", "5", "9"]
    (tmp_path / "items_shuffle.json").write_text('[{"asin": "B1"}]')
    with pytest.raises(TaskError, match="are not WebShop's: KeyError"):
        WebShop(data_dir=tmp_path)
    (tmp_path / "items_shuffle.json").write_text("[]")
    with pytest.raises(TaskError, match="no product has instructions"):
        WebShop(data_dir=tmp_path)
    (tmp_path / "items_shuffle.json").write_text("[")
    with pytest.raises(TaskError, match="can't read"):
        WebShop(data_dir=tmp_path)


@pytest.mark.parametrize(
    "params", [{"source": "x"}, {"source": "official"}, {"nouns": "x"}, {"products": 5},
               {"max_rounds": 0}]
)  # fmt: skip
def test_bad_parameters(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        WebShop(**params)


def test_nouns() -> None:
    nouns = load_nouns("heuristic")
    assert nouns("Acme Waterproof Running Shoes for Women, Breathable, Size 9") == (
        "acme", "shoes", "women", "size",
    )  # fmt: skip
    with pytest.raises(ConfigError):
        load_nouns("x")
