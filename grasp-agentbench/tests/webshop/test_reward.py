"""The reward is the original's (spec agentbench, 3.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thefuzz import fuzz

from grasp_agentbench.webshop.catalogue import Goal, Product
from grasp_agentbench.webshop.nouns import heuristic
from grasp_agentbench.webshop.reward import plain_colour, purchase_reward, similarity

LAMP = Product(
    asin="B1",
    title="Acme Brushed Nickel Table Lamp",
    category="garden",
    query="table lamp",
    product_category="Home & Kitchen › Lighting › Lamps › Table Lamps",
    description="It has a Touch Control.",
    bullets=("Warm white light", "USB port inside"),
    prices=(39.5,),
    options={"color": ("navy blue", "white"), "style": ("tall",)},
    attributes=("glass shade",),
)
GOAL = Goal(
    asin="B1",
    instruction="i need a lamp",
    attributes=("glass shade", "touch control", "usb port"),
    options=("navy blue", "tall"),
    price_limit=40.0,
    title=LAMP.title,
    query="table lamp",
    product_category=LAMP.product_category,
)
ALL = {"color": "navy blue", "style": "tall"}


def reward(product: Product = LAMP, price: float = 39.5, **chosen: str) -> float:
    return purchase_reward(product, GOAL, price, chosen, heuristic).total


def test_worked_examples() -> None:
    assert reward(**ALL) == 1.0
    assert reward(color="navy blue") == pytest.approx(5 / 6)
    assert reward() == pytest.approx(4 / 6)
    assert reward(price=40.0, **ALL) == 1.0
    assert reward(price=40.01, **ALL) == pytest.approx(5 / 6)
    # "white" is found in neither option; a shade of blue is as good as another.
    assert reward(color="white", style="tall") == pytest.approx(5 / 6)
    assert reward(color="royal blue", style="tall") == 1.0
    plain = replace(LAMP, attributes=("DUMMY_ATTR",), description="", bullets=())
    assert reward(plain, **ALL) == pytest.approx(3 / 6)


def test_attributes_are_found_alike_or_in_the_texts() -> None:
    """``touch control`` only stands in the description, ``usb port`` in a feature."""
    words = replace(LAMP, attributes=("shade of glass",))
    assert reward(words, **ALL) == 1.0
    assert reward(replace(words, attributes=("glass",)), **ALL) == 1.0  # A part of the words.
    assert reward(replace(words, attributes=("grass shadow",)), **ALL) == pytest.approx(5 / 6)


OTHER = replace(LAMP, query="desk", product_category="Office › Desks", title="Oak Desk")


@pytest.mark.parametrize(
    ("title", "query", "path", "factor"),
    [
        ("Oak Desk", "desk", "Office › Desks", 0.0),  # No noun in common.
        ("Oak Desk", "table lamp", LAMP.product_category, 0.0),  # That beats the query.
        ("Oak Desk Lamp", "desk", "Office › Desks", 1.0),  # One noun in four is enough.
        ("Acme Desk", "desk", "Office › Desks", 1.0),
    ],
)
def test_another_kind_of_product(title: str, query: str, path: str, factor: float) -> None:
    product = replace(LAMP, title=title, query=query, product_category=path)
    found = purchase_reward(product, GOAL, 39.5, ALL, heuristic)
    assert found.type_factor == factor


def test_the_three_penalties() -> None:
    """With nouns given by hand: shares of 0, below 0.1, up to 0.2, and above."""
    words = {GOAL.title: tuple(f"n{i}" for i in range(20))}

    def factor(common: int, query: str = "desk", path: str = "Office") -> float:
        product = replace(OTHER, title=f"t{common}", query=query, product_category=path)
        nouns = {**words, product.title: tuple(f"n{i}" for i in range(common))}
        return purchase_reward(product, GOAL, 1.0, {}, lambda t: nouns[t]).type_factor

    assert [factor(n) for n in (0, 1, 2, 4, 5)] == [0.0, 0.1, 0.5, 0.5, 1.0]
    assert factor(2, query="table lamp") == 1.0
    assert factor(2, path="X › Lamps › Home & Kitchen") == 1.0
    assert factor(2, path="X › Lamps") == 0.5
    assert factor(1, query="table lamp") == 0.1


def test_a_goal_without_nouns_or_options() -> None:
    goal = replace(GOAL, title="of the", options=())
    found = purchase_reward(LAMP, goal, 1.0, {}, heuristic)
    assert (found.total, found.title_score, found.options) == (1.0, 0.2, None)


def test_colours() -> None:
    assert plain_colour("deep navy blue") == "blue"  # In the order of the list.
    assert plain_colour("tall") == "tall"
    assert plain_colour("stainless steel") == "steel"
    assert plain_colour("titanium") == "tan"


TEXTS = st.text(alphabet="abc xyz0-_é'|/Ω", max_size=24)


@settings(max_examples=500)
@given(TEXTS, TEXTS)
def test_texts_are_compared_as_the_original_compares_them(one: str, other: str) -> None:
    assert similarity(one, other) == fuzz.token_set_ratio(one, other)


WORDS = st.sampled_from(["red", "navy blue", "tall", "x-large", "pack of 2", "light grey"])


@given(st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=3), st.floats(1, 100))
def test_rewards_lie_between_none_and_all(
    chosen: list[str], wanted: list[str], price: float
) -> None:
    goal = replace(GOAL, options=tuple(wanted))
    options = {str(n): v for n, v in enumerate(chosen)}
    found = purchase_reward(LAMP, goal, price, options, heuristic)
    assert 0 <= found.total <= 1
    more = purchase_reward(LAMP, goal, price, {**options, "x": "red"}, heuristic)
    assert more.total >= found.total
    if set(wanted) <= set(chosen) and price <= goal.price_limit:
        assert found.total == 1
