"""Products and goals in WebShop's own schema, from official files or our generator."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError

#: A product's price where none is given, in dollars.
DEFAULT_PRICE = 100.0
#: Attribute of products without any.
NO_ATTRIBUTE = "DUMMY_ATTR"
#: Limit where a product is too dear for any.
NO_LIMIT = 1_000_000.0
#: Limits that goals may have.
_LIMITS = tuple(10.0 * n for n in range(1, 100))
#: Seed of the order of goals, as in the original.
GOAL_SEED = 233


@dataclass(frozen=True)
class Product:
    """A product as the shop shows and grades it.

    Attributes:
        asin: Identifier of up to ten characters.
        title: Its name.
        category: Department, such as ``fashion``.
        query: What people search for, lower case.
        product_category: Path of categories, joined by ``›``.
        description: Text; may be empty.
        bullets: Features.
        prices: One in dollars, or the ends of a range.
        options: Name -> values, all lower case.
        attributes: What can be asked for.
    """

    asin: str
    title: str
    category: str
    query: str
    product_category: str
    description: str
    bullets: tuple[str, ...]
    prices: tuple[float, ...]
    options: Mapping[str, tuple[str, ...]]
    attributes: tuple[str, ...]

    @property
    def price_tag(self) -> str:
        """Its price as the pages write it."""
        return " to ".join(f"${price}" for price in self.prices)


@dataclass(frozen=True)
class Goal:
    """What is to be bought.

    Attributes:
        asin: A product that fits.
        instruction: What the buyer is told, price limit included.
        attributes: What the product must be.
        options: Values that must be chosen.
        price_limit: In dollars.
        title: Of the product.
        query: Of the product.
        product_category: Of the product.
    """

    asin: str
    instruction: str
    attributes: tuple[str, ...]
    options: tuple[str, ...]
    price_limit: float
    title: str
    query: str
    product_category: str


@dataclass(frozen=True)
class Catalogue:
    """Products, what each costs, and the goals in their final order.

    Attributes:
        products: In the order of the file.
        prices: ASIN -> dollars; drawn once for products with a range.
        goals: Shuffled.
    """

    products: tuple[Product, ...]
    prices: Mapping[str, float]
    goals: tuple[Goal, ...]
    by_asin: Mapping[str, Product] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_asin", {p.asin: p for p in self.products})


def read_catalogue(folder: Path, seed: int) -> Catalogue:
    """Read WebShop's own files.

    Args:
        folder: With ``items_shuffle*.json``, ``items_ins_v2*.json`` and ``items_human_ins.json``.
        seed: Of prices and limits.

    Raises:
        TaskError: A file is missing or is not what it should be.
    """
    items = _load(folder, "items_shuffle")
    attributes = _load(folder, "items_ins_v2")
    instructions = _load(folder, "items_human_ins")
    try:
        catalogue = build_catalogue(items, attributes, instructions, seed)
        if not catalogue.goals:
            raise ValueError("no product has instructions")
        return catalogue
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise TaskError(
            f"the files in {folder} are not WebShop's: {type(error).__name__}: {error}",
            "take items_shuffle*.json, items_ins_v2*.json and items_human_ins.json of one release",
        ) from None


def _load(folder: Path, stem: str) -> Any:
    # The largest set, where several are there.
    found = sorted(folder.glob(f"{stem}*.json"), key=lambda p: (len(p.name), p.name))
    if not found:
        raise TaskError(f"there is no {stem}*.json in {folder}", "set data_dir or WEBSHOP_DATA")
    try:
        return json.loads(found[0].read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TaskError(f"can't read {found[0]}: {error}", "fetch it again") from None


def build_catalogue(
    items: Iterable[Mapping[str, Any]],
    attributes: Mapping[str, Mapping[str, Any]],
    instructions: Mapping[str, Sequence[Mapping[str, Any]]],
    seed: int,
) -> Catalogue:
    """Make a catalogue from data in WebShop's schema.

    Prices and limits come from ``seed``, so a goal is the same wherever it is made; the
    original draws them anew at each start.
    """
    products: dict[str, Product] = {}
    for item in items:
        asin = str(item["asin"])
        if asin != "nan" and len(asin) <= 10 and asin not in products:
            products[asin] = _product(item, attributes.get(asin, {}))
    rng = random.Random(f"webshop:prices:{seed}")
    prices = {asin: _price(product, rng) for asin, product in products.items()}
    rng = random.Random(f"webshop:limits:{seed}")
    goals = [
        _goal(product, told, prices[asin], rng)
        for asin, product in products.items()
        for told in instructions.get(asin, ())
        if told["instruction_attributes"]
    ]
    random.Random(GOAL_SEED).shuffle(goals)
    return Catalogue(tuple(products.values()), prices, tuple(goals))


def _product(item: Mapping[str, Any], facts: Mapping[str, Any]) -> Product:
    bullets = item["small_description"]
    bullets = bullets if isinstance(bullets, list) else [bullets]
    attributes = facts.get("attributes") or [NO_ATTRIBUTE]
    if not _are_texts(attributes):
        raise TypeError(f"the attributes of {item['asin']} are no list of texts")
    options: dict[str, tuple[str, ...]] = {}
    for name, values in (item.get("customization_options") or {}).items():
        if values is not None:
            options[name.lower()] = tuple(_option(v["value"]) for v in values)
    return Product(
        asin=str(item["asin"]),
        title=str(item["name"]),
        category=str(item["category"]),
        query=str(item["query"]).lower().strip(),
        product_category=str(item["product_category"]),
        description=str(item["full_description"] or ""),
        bullets=tuple(str(b) for b in bullets if b is not None),
        prices=_prices(item.get("pricing")),
        options=options,
        attributes=tuple(attributes),
    )


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(v, str) for v in values)


def _option(value: Any) -> str:
    return str(value).strip().replace("/", " | ").lower()


def _prices(pricing: Any) -> tuple[float, ...]:
    if not pricing:
        return (DEFAULT_PRICE,)
    try:
        said = [re.sub(r"[^\d.]", "", part) for part in str(pricing).split("$")[1:]]
        return tuple(float(Decimal(part)) for part in said)[:2] or (DEFAULT_PRICE,)
    except InvalidOperation:
        raise ValueError(f"{pricing!r} is not a price") from None


def _price(product: Product, rng: random.Random) -> float:
    return product.prices[0] if len(product.prices) == 1 else rng.uniform(*product.prices)


def _goal(product: Product, told: Mapping[str, Any], price: float, rng: random.Random) -> Goal:
    limits = [limit for limit in _LIMITS if limit > price][:4]
    limit, said = NO_LIMIT, ""
    if len(limits) >= 2:
        limit = max(rng.sample(limits, 2))
        said = f", and price lower than {limit:.2f} dollars"
    options = told["instruction_options"]
    chosen = list(options.values()) if isinstance(options, Mapping) else options
    wanted = told["instruction_attributes"]
    said_so = isinstance(told["instruction"], str) and _are_texts(wanted)
    if not (said_so and isinstance(chosen, list)):
        raise TypeError(f"the instruction of {product.asin} is malformed")
    return Goal(
        asin=product.asin,
        instruction=str(told["instruction"]).strip(".") + said,
        attributes=tuple(wanted),
        options=tuple(str(o) for o in chosen),
        price_limit=limit,
        title=product.title,
        query=product.query,
        product_category=product.product_category,
    )
