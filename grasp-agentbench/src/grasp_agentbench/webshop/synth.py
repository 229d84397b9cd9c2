"""Our own catalogue in WebShop's schema, from a seed; every goal can be bought.

Products of a kind differ in few attributes, options and dollars, so the first result of a
search is seldom the right one.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from grasp_agentbench.webshop.catalogue import Catalogue, build_catalogue

Options = Mapping[str, tuple[str, ...]]

_COLOURS = ("black", "navy blue", "forest green", "burgundy", "light grey", "mustard", "white",
            "coral", "dusty pink", "teal", "walnut", "silver")  # fmt: skip
_SIZES = ("x-small", "small", "medium", "large", "x-large", "xx-large")
_SHOES = tuple(str(n) for n in (6, 7, 7.5, 8, 8.5, 9, 10, 11))
_PACKS = ("pack of 1", "pack of 2", "pack of 4", "pack of 6", "pack of 12")
_FLAVOURS = ("sea salt", "honey", "dark chocolate", "lemon", "smoked paprika", "vanilla", "ginger")
_LENGTHS = ("3 feet", "6 feet", "10 feet", "15 feet")
_BEDS = ("twin", "full", "queen", "king")
_ROOMS = ('24" x 36"', '36" x 48"', '52" x 63"', '52" x 84"', '60" x 90"')
_SCENTS = ("lavender", "cedar", "unscented", "citrus", "rose water")


@dataclass(frozen=True)
class Kind:
    """A kind of product.

    Attributes:
        department: WebShop's category.
        path: Of categories.
        noun: What it is called.
        attributes: What such products can be.
        options: What can be chosen.
        prices: Lowest and highest, in dollars.
    """

    department: str
    path: str
    noun: str
    attributes: tuple[str, ...]
    options: Options
    prices: tuple[int, int]


def _kind(
    department: str, path: str, noun: str, attributes: str, prices: tuple[int, int], **options: Any
) -> Kind:
    return Kind(department, path, noun, tuple(attributes.split(", ")), options, prices)


_HOME, _FOOD, _BEAUTY = "Home & Kitchen", "Grocery & Gourmet Food", "Beauty & Personal Care"
_CLOTHES, _TECH = "Clothing, Shoes & Jewelry", "Electronics"

KINDS = (
    _kind("fashion", f"{_CLOTHES} › Women › Shoes › Athletic", "running shoes",
          "arch support, memory foam, rubber sole, slip resistant, breathable mesh, wide fit, "
          "machine washable", (28, 140), color=_COLOURS, size=_SHOES),
    _kind("fashion", f"{_CLOTHES} › Women › Shoes › Boots", "ankle boots",
          "faux leather, side zipper, rubber sole, high heel, fleece lined, waterproof, "
          "steel toe", (35, 160), color=_COLOURS, size=_SHOES),
    _kind("fashion", f"{_CLOTHES} › Men › Clothing › Shirts", "polo shirt",
          "moisture wicking, short sleeve, slim fit, button closure, regular fit, "
          "polyester cotton, machine wash", (14, 70), color=_COLOURS, size=_SIZES),
    _kind("fashion", f"{_CLOTHES} › Men › Clothing › Hoodies", "hooded sweatshirt",
          "kangaroo pocket, drawstring closure, long sleeve, fleece lined, loose fit, "
          "hand wash, quick drying", (22, 95), color=_COLOURS, size=_SIZES),
    _kind("fashion", f"{_CLOTHES} › Women › Clothing › Dresses", "summer dress",
          "elastic waist, short sleeve, floral print, side pockets, unique design, teen girls, "
          "dry clean", (18, 88), color=_COLOURS, size=_SIZES),
    _kind("beauty", f"{_BEAUTY} › Hair Care › Shampoo", "shampoo bar",
          "cruelty free, sulfate free, tea tree, damaged hair, plant based, argan oil, "
          "natural ingredients", (6, 38), scent=_SCENTS, size=_PACKS),
    _kind("beauty", f"{_BEAUTY} › Skin Care › Face", "face moisturizer",
          "fragrance free, hyaluronic acid, dry skin, fine lines, sensitive skin, oil free, "
          "dermatologist tested", (8, 64), scent=_SCENTS, size=_PACKS),
    _kind("beauty", f"{_BEAUTY} › Oral Care › Toothbrushes", "bamboo toothbrush",
          "soft bristles, bpa free, travel size, sensitive teeth, fresh breath, eco friendly, "
          "easy use", (4, 30), color=_COLOURS, size=_PACKS),
    _kind("beauty", f"{_BEAUTY} › Tools › Brushes", "makeup brush set",
          "synthetic hair, travel case, rose gold, easy clean, double sided, storage bag, "
          "high quality", (9, 55), color=_COLOURS, size=_PACKS),
    _kind("grocery", f"{_FOOD} › Snacks › Nuts", "roasted almonds",
          "gluten free, low sodium, non gmo, individually wrapped, high protein, keto friendly, "
          "resealable bag", (5, 48), flavor=_FLAVOURS, size=_PACKS),
    _kind("grocery", f"{_FOOD} › Beverages › Tea", "herbal tea",
          "caffeine free, usda organic, fair trade, sugar free, loose leaf, great gift, "
          "certified kosher", (5, 42), flavor=_FLAVOURS, size=_PACKS),
    _kind("grocery", f"{_FOOD} › Snacks › Bars", "granola bars",
          "dairy free, nut free, low calorie, whole grain, soy free, artificial flavors, "
          "simple ingredients", (4, 36), flavor=_FLAVOURS, size=_PACKS),
    _kind("grocery", f"{_FOOD} › Pantry › Sauces", "hot sauce",
          "sugar free, small batch, vegan friendly, extra hot, glass bottle, low carb, "
          "hand crafted", (4, 33), flavor=_FLAVOURS, size=_PACKS),
    _kind("electronics", f"{_TECH} › Accessories › Cables", "charging cable",
          "fast charging, gold plated, nylon braided, high speed, tangle free, usb port, "
          "right angle", (5, 34), color=_COLOURS, size=_LENGTHS),
    _kind("electronics", f"{_TECH} › Audio › Headphones", "bluetooth headphones",
          "noise cancelling, long lasting, hands free, stereo sound, foldable design, water "
          "resistant, built in microphone", (19, 180), color=_COLOURS,
          style=("on ear", "over ear", "in ear")),
    _kind("electronics", f"{_TECH} › Accessories › Cases", "phone case",
          "wireless charging, shock absorbing, tempered glass, card slot, dust proof, kick stand, "
          "non slip grip", (7, 45), color=_COLOURS,
          size=("model a10", "model a12", "model a12 pro", "model s9")),
    _kind("electronics", f"{_TECH} › Accessories › Stands", "tablet stand",
          "aluminum alloy, adjustable height, easy install, heavy duty, carrying case, "
          "cable management, compact design", (11, 72), color=_COLOURS,
          size=("7 inch", "10 inch", "13 inch")),
    _kind("garden", f"{_HOME} › Furniture › Bedroom", "platform bed frame",
          "solid wood, easy assembly, box spring, storage space, mid century, metal legs, "
          "memory foam", (120, 640), color=_COLOURS, size=_BEDS),
    _kind("garden", f"{_HOME} › Home Décor › Curtains", "blackout curtains",
          "energy efficient, machine washable, rod pocket, noise reducing, living room, "
          "super soft, thermal insulated", (15, 96), color=_COLOURS, size=_ROOMS),
    _kind("garden", f"{_HOME} › Lighting › Lamps", "table lamp",
          "touch control, glass shade, brushed nickel, warm white, energy saving, usb port, "
          "night stand", (18, 130), color=_COLOURS, style=("small", "tall", "set of 2")),
    _kind("garden", f"{_HOME} › Kitchen › Storage", "food storage containers",
          "bpa free, dishwasher safe, leak proof, air tight, microwave safe, space saving, "
          "borosilicate glass", (12, 75), color=_COLOURS, size=_PACKS),
    _kind("garden", f"{_HOME} › Furniture › Office", "office chair",
          "lumbar support, height adjustable, mesh back, heavy duty, faux leather, easy assemble, "
          "padded arms", (79, 390), color=_COLOURS, style=("low back", "high back", "drafting")),
    _kind("garden", f"{_HOME} › Bath › Towels", "bath towels",
          "quick drying, high density, ultra soft, super absorbent, long lasting, machine "
          "washable, organic cotton", (14, 90), color=_COLOURS, size=_PACKS),
    _kind("garden", f"{_HOME} › Home Décor › Rugs", "area rug",
          "non slip, stain resistant, high traffic, spot clean, dining room, easy care, "
          "low pile", (24, 320), color=_COLOURS, size=_ROOMS),
)  # fmt: skip

_BRANDS = ("Alderly", "Brookhurst", "Caldora", "Dunmere", "Eastlyn", "Fernway", "Galloway & Co",
           "Hartwick", "Ironbark", "Juno Vale", "Kestrelle", "Lomond")  # fmt: skip
_OPENINGS = ("i need {kind} that are {attributes}", "i am looking for {kind} with {attributes}",
             "find me {kind}, {attributes}", "i want to buy {kind} which is {attributes}",
             "looking for {attributes} {kind}")  # fmt: skip


@lru_cache(maxsize=4)
def synthetic_catalogue(seed: int, products: int) -> Catalogue:
    """Return a catalogue of that many products, with a goal for every second of them."""
    rng = random.Random(f"webshop:catalogue:{seed}")
    items, attributes, instructions = [], {}, {}
    for number in range(products):
        kind = KINDS[number % len(KINDS)]
        asin = f"B{seed % 100:02}{number:06}G"
        item, has = _item(asin, kind, rng)
        items.append(item)
        attributes[asin] = {"attributes": list(has)}
        if (number // len(KINDS)) % 2 == 0:
            instructions[asin] = [_instruction(kind, item, has, rng)]
    return build_catalogue(items, attributes, instructions, seed)


def _item(asin: str, kind: Kind, rng: random.Random) -> tuple[dict[str, Any], Sequence[str]]:
    has = rng.sample(kind.attributes, 4)
    brand = rng.choice(_BRANDS)
    # Two attributes stand in the title, one in the features, one in the description alone.
    title = f"{brand} {has[0].title()} {kind.noun.title()}, {has[1].title()}"
    options = {
        name: [{"value": v, "image": None} for v in sorted(rng.sample(values, _count(values, rng)))]
        for name, values in kind.options.items()
    }
    low, high = kind.prices
    price = rng.randint(low * 100, high * 100) / 100
    pricing = f"${price:.2f}"
    if rng.random() < 0.15:
        pricing += f" ${price + rng.randint(2, 30):.2f}"
    article = "an" if brand[0] in "AEIOU" else "a"
    item = {
        "asin": asin,
        "name": title,
        "category": kind.department,
        "query": kind.noun,
        "product_category": f"{kind.path} › {kind.noun.title()}",
        "full_description": f"{brand} makes {kind.noun} for every day. {has[3].capitalize()}: "
        f"what you would expect of {article} {brand} product.",
        "small_description": [
            f"{has[2].capitalize()} - made to last",
            f"Please mind the choice of {' and '.join(kind.options)} before you order",
        ],
        "pricing": pricing,
        "customization_options": options,
        "images": [f"https://shop.invalid/{asin}.jpg"],
    }
    return item, has


def _count(values: Sequence[str], rng: random.Random) -> int:
    return rng.randint(min(3, len(values)), min(7, len(values)))


def _instruction(
    kind: Kind, item: Mapping[str, Any], has: Sequence[str], rng: random.Random
) -> dict[str, Any]:
    wanted = rng.sample(has, rng.choice((1, 2, 2, 3)))
    offered = item["customization_options"]
    names = rng.sample(sorted(offered), rng.choice((1, 2, 2)))
    chosen = {name: rng.choice(offered[name])["value"].replace("/", " | ") for name in names}
    opening = rng.choice(_OPENINGS).format(kind=kind.noun, attributes=" and ".join(wanted))
    said = ", and ".join(f"{name}: {value}" for name, value in chosen.items())
    return {
        "instruction": f"{opening}, {said}.",
        "instruction_attributes": wanted,
        "instruction_options": list(chosen.values()),
    }
