"""What calls cost, from a table of prices per million tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grasp.agents.suggest import did_you_mean
from grasp.contracts import ConfigError, Usage

_KINDS = ("prompt", "cached", "completion")


@dataclass(frozen=True)
class Price:
    """Prices of one model per million tokens, in any one currency."""

    prompt: float
    completion: float
    cached: float

    def charge(self, usage: Usage) -> Usage:
        """Return ``usage`` with its cost; cached tokens are a part of the prompt's."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        cost = (
            (usage.prompt_tokens - cached) * self.prompt
            + cached * self.cached
            + usage.completion_tokens * self.completion
        ) / 1_000_000
        return replace(usage, cost=cost)


FREE = Price(0.0, 0.0, 0.0)


def price_of(model: str, table: Any) -> Price:
    """Return a model's price: ``{model: {prompt: 2, cached: 0.5, completion: 8}}``.

    Args:
        model: The model's name; ``default`` in the table stands for any other.
        table: A mapping, the path of a YAML file, or ``None``: everything is free.

    Raises:
        ConfigError: The table can't be read or is not of that form.
    """
    if not table:
        return FREE
    if isinstance(table, str | Path):
        table = _read(Path(table))
    if not isinstance(table, Mapping):
        raise ConfigError("the price table is not a mapping of models", "model: {prompt: 2, …}")
    entry = table.get(model, table.get("default"))
    if entry is None:
        return FREE
    try:
        prices = {str(k): float(v) for k, v in dict(entry).items()}
    except (TypeError, ValueError):
        raise ConfigError(f"the prices of {model!r} are not numbers") from None
    for kind in prices:
        if kind not in _KINDS:
            raise ConfigError(
                f"the price table has the unknown kind {kind!r}", did_you_mean(kind, _KINDS)
            )
    prompt = prices.get("prompt", 0.0)
    return Price(prompt, prices.get("completion", 0.0), prices.get("cached", prompt))


def _read(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"the price table {path} can't be read: {' '.join(str(error).split())}"
        ) from None
