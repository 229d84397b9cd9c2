"""The reward of a purchase (spec agentbench, 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, utils

from grasp_agentbench.webshop.catalogue import Goal, Product
from grasp_agentbench.webshop.nouns import Nouns

#: Above it two texts are the same.
SAME = 85

#: Letters that the original's comparison leaves out: Latin-1's, but no others.
_DROPPED = dict.fromkeys(range(0x80, 0x100))

#: Colours in the order in which they are looked for.
COLOURS = tuple(
    """alabaster apricot aqua ash asphalt azure banana beige black blue blush bordeaux bronze
    brown burgundy camel camo caramel champagne charcoal cheetah chestnut chocolate christmas
    coffee cognac copper coral cranberry cream crystal dark denim eggplant elephant espresso
    fuchsia gold granite grape graphite grass gray green grey heather indigo ivory ivy khaki
    lavender lemon leopard light lilac lime magenta maroon mauve merlot midnight mint mocha
    multicolor mushroom mustard natural navy nude olive orange peach pewter pink plum purple
    rainbow red rose royal rust sand sapphire seashell silver skull slate steel stone stonewash
    sunflower tan taupe teal tiger turquoise violet walnut wheat white wine yellow""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Reward:
    """A purchase's reward and what it is made of.

    Attributes:
        total: In [0, 1].
        type_factor: 1, 0.5, 0.1 or 0.
        title_score: Share of the goal title's nouns in the product's.
        attributes: Share of the goal's attributes that the product has.
        options: Share of the goal's options that were chosen; ``None`` if it has none.
        price: The product costs no more than the limit.
    """

    total: float
    type_factor: float
    title_score: float
    attributes: float
    options: float | None
    price: bool


def purchase_reward(
    product: Product, goal: Goal, price: float, chosen: Mapping[str, str], nouns: Nouns
) -> Reward:
    """Return the reward of buying a product with the chosen options for a price."""
    factor, title_score = _type(product, goal, nouns)
    attributes = sum(_has(product, wanted) for wanted in goal.attributes)
    options = _chosen(chosen.values(), goal.options)
    cheap = price <= goal.price_limit
    parts = len(goal.attributes) + len(goal.options) + 1
    return Reward(
        total=factor * (attributes + options + cheap) / parts,
        type_factor=factor,
        title_score=title_score,
        attributes=attributes / len(goal.attributes) if goal.attributes else 0.0,
        options=options / len(goal.options) if goal.options else None,
        price=cheap,
    )


def similarity(one: str, other: str) -> int:
    """Return how alike two texts are, 0 to 100, whatever the order and number of their words."""
    plain = (utils.default_process(t.translate(_DROPPED)) for t in (one, other))
    return round(fuzz.token_set_ratio(*plain))


def plain_colour(option: str) -> str:
    """Return the first known colour in an option, or the option."""
    return next((colour for colour in COLOURS if colour in option), option)


def _type(product: Product, goal: Goal, nouns: Nouns) -> tuple[float, float]:
    bought, wanted = nouns(product.title), nouns(goal.title)
    common = len(set(bought) & set(wanted))
    score = common / len(wanted) if wanted else 0.2
    if score == 0:
        return 0.0, score
    if score < 0.1:
        return 0.1, score
    shared = _categories(product.product_category) & _categories(goal.product_category)
    alike = product.query == goal.query or len(shared) >= 2 or score > 0.2
    return (1.0 if alike else 0.5), score


def _categories(path: str) -> set[str]:
    return {part.strip() for part in path.split("›")}


def _has(product: Product, wanted: str) -> bool:
    if any(similarity(own, wanted) > SAME for own in product.attributes):
        return True
    texts = (product.title, " ".join(product.bullets), product.description)
    return any(wanted in text.lower() for text in texts)


def _chosen(chosen: Iterable[str], wanted: Iterable[str]) -> int:
    plain = [plain_colour(option) for option in chosen]
    goals = [plain_colour(option) for option in wanted]
    return sum(any(similarity(own, goal) > SAME for own in plain) for goal in goals)
