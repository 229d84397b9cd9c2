"""One visit to the shop: its pages as text, and what clicks and searches do (spec, 3.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp_agentbench.webshop.catalogue import Catalogue, Goal, Product
from grasp_agentbench.webshop.nouns import Nouns
from grasp_agentbench.webshop.reward import Reward, purchase_reward
from grasp_agentbench.webshop.search import Index, find

#: Products on a page of results.
WINDOW = 10

_BACK, _PREVIOUS, _NEXT, _BUY = "Back to Search", "< Prev", "Next >", "Buy Now"
_SUB_PAGES = ("Description", "Features", "Reviews")
_ACTION = re.compile(r"(.+)\[(.+)\]")


@dataclass(frozen=True)
class Page:
    """A page: its visible texts, its buttons, and the links and options under them.

    Attributes:
        kind: ``search``, ``results``, ``item``, ``sub`` or ``done``.
        texts: In the order of the page.
        buttons: Names of buttons.
        links: ASINs.
        options: Value -> name of its option.
    """

    kind: str
    texts: tuple[str, ...]
    buttons: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What the agent sees."""
        return " [SEP] ".join(t.strip() for t in self.texts)

    @property
    def clickables(self) -> list[str]:
        """What can be clicked, as it must be written."""
        shown = [b.lower() for b in self.buttons] + [a.lower() for a in self.links]
        return list(dict.fromkeys([*shown, *self.options]))

    @property
    def actions(self) -> dict[str, Any]:
        """The available actions, as the agent is told of them."""
        return {"has_search_bar": self.kind == "search", "clickables": self.clickables}


class Visit:
    """The state of one episode. Used by one thread.

    Args:
        catalogue: The shop's products.
        index: Finds them.
        goal: What is to be bought.
        nouns: For the reward.
    """

    def __init__(self, catalogue: Catalogue, index: Index, goal: Goal, nouns: Nouns) -> None:
        self._catalogue, self._index, self._nouns = catalogue, index, nouns
        self._goal = goal
        self._keywords: list[str] = []
        self._found: Sequence[Product] = ()
        self._number = 1
        self._product: Product | None = None
        #: Name -> value of the options chosen for the product.
        self.chosen: dict[str, str] = {}
        #: What was bought, and the reward; ``None`` before.
        self.bought: Product | None = None
        self.reward: Reward | None = None
        self.page = self._search_page()

    def step(self, action: str) -> None:
        """Do ``search[words]`` or ``click[value]``; anything else does nothing."""
        found = _ACTION.match(action)
        if found is None:
            return
        kind, argument = found[1], found[2].lower()
        if kind == "search":
            self._search(argument.split(" "))
        elif kind == "click" and argument in self.page.clickables and argument != "search":
            self._click(argument)

    def _search(self, keywords: list[str], number: int = 1) -> None:
        if keywords is not self._keywords:
            self._found = find(keywords, self._index, self._catalogue.products)
        self._keywords, self._number = keywords, number
        self._product, self.chosen = None, {}
        self.page = self._results_page()

    def _click(self, value: str) -> None:
        if value == _BUY.lower():
            self._buy()
        elif value == _BACK.lower():
            self._product, self.chosen = None, {}
            self.page = self._search_page()
        elif value == _NEXT.lower() and self.page.kind == "results":
            self._search(self._keywords, self._number + 1)
        elif value == _PREVIOUS.lower() and self.page.kind == "results":
            self._search(self._keywords, self._number - 1)
        elif value == _PREVIOUS.lower() and self.page.kind == "item":
            self._search(self._keywords, self._number)
        elif value in [name.lower() for name in _SUB_PAGES]:
            self.page = self._sub_page(value)
        else:
            self._open(value)

    def _open(self, value: str) -> None:
        """Show a product: another one, the same with an option, or from a page about it."""
        if value in self.page.options:
            self.chosen[self.page.options[value]] = value
        elif value.upper() in self.page.links:
            self._product = self._catalogue.by_asin[value.upper()]
        self.page = self._item_page()

    def _buy(self) -> None:
        product = self._shown
        price = self._catalogue.prices[product.asin]
        self.bought = product
        self.reward = purchase_reward(product, self._goal, price, self.chosen, self._nouns)
        self.page = Page("done", ("Thank you for shopping with us!",))

    # -- pages ---------------------------------------------------------------------------

    @property
    def _shown(self) -> Product:
        assert self._product is not None, "no product is shown"
        return self._product

    def _search_page(self) -> Page:
        texts = ("WebShop", "Instruction:", self._goal.instruction, "Search")
        return Page("search", texts, ("search",))

    def _results_page(self) -> Page:
        start = (self._number - 1) * WINDOW
        shown = self._found[start : start + WINDOW]
        previous = (_PREVIOUS,) if self._number > 1 else ()
        total = f"Page {self._number} (Total results: {len(self._found)})"
        listed = [t for p in shown for t in (p.asin, p.title, p.price_tag)]
        texts = (*self._head(_BACK), total, *previous, _NEXT, *listed)
        links = tuple(p.asin for p in shown)
        return Page("results", texts, (_BACK, *previous, _NEXT), links)

    def _item_page(self) -> Page:
        product = self._shown
        options = [t for name, values in product.options.items() for t in (name, *values)]
        facts = (product.title, f"Price: {product.price_tag}", "Rating: N.A.")
        head = self._head(_BACK, _PREVIOUS)
        names = {v: name for name, values in product.options.items() for v in values}
        return Page(
            "item",
            (*head, *options, *facts, *_SUB_PAGES, _BUY),
            (_BACK, _PREVIOUS, *_SUB_PAGES, _BUY),
            options=names,
        )

    def _sub_page(self, name: str) -> Page:
        product = self._shown
        texts: dict[str, tuple[str, ...]] = {
            "description": (product.description,) if product.description else (),
            "features": product.bullets,
            "reviews": ("No reviews found",),
        }
        head = self._head(_BACK, _PREVIOUS)
        return Page("sub", (*head, *texts[name]), (_BACK, _PREVIOUS))

    def _head(self, *buttons: str) -> tuple[str, ...]:
        return ("Instruction:", self._goal.instruction, *buttons)
