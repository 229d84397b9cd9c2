"""Recomputed cells beside the published ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grasp.contracts import ConfigError
from grasp.results.figures import Key, Published
from grasp.results.tables import TITLES, Cell

#: Half of the last digit that was published, in percentage points.
ROUNDING = 0.05
_EPSILON = 1e-9


@dataclass(frozen=True)
class Line:
    """A cell, and what was published of it, if anything was.

    ``own``: the cell comes from other runs than the paper's, so it need not agree.
    """

    cell: Cell
    published: Published | None
    own: bool = False

    @property
    def agrees(self) -> bool:
        """Whether mean and deviation differ by no more than rounding."""
        if self.published is None or self.own:
            return True
        return _close(self.cell.mean, self.published.mean) and _close(
            self.cell.std, self.published.std
        )


@dataclass(frozen=True)
class Comparison:
    """All lines that were asked for, and published cells that no run gives."""

    lines: tuple[Line, ...]
    missing: tuple[Key, ...]

    @property
    def published(self) -> int:
        """Number of published cells among the lines."""
        return sum(line.published is not None for line in self.lines)

    @property
    def differing(self) -> tuple[Line, ...]:
        """Lines that differ from what was published."""
        return tuple(line for line in self.lines if not line.agrees)

    @property
    def holds(self) -> bool:
        """Whether everything published was found and agrees."""
        return not self.missing and not self.differing


def compare(
    cells: Iterable[Cell],
    published: Mapping[Key, Published],
    wanted: Sequence[str] = (),
    *,
    own: bool = False,
) -> Comparison:
    """Put cells beside the published ones.

    Args:
        cells: Recomputed.
        published: By key.
        wanted: Tables, models or benchmarks to keep; everything without.
        own: The cells come from other runs than the paper's: they need be neither complete
            nor equal.

    Raises:
        ConfigError: There is no such table, model or benchmark.
    """
    cells = list(cells)
    keys = [*(c.key for c in cells), *published]
    words = [_word(w) for w in wanted]
    known = {part for key in keys for name in key[:3] for part in (name, *name.split(" -> "))}
    for word, given in zip(words, wanted, strict=True):
        if word not in {k.lower() for k in known}:
            raise ConfigError(
                f"there is no table, model or benchmark {given!r}",
                f"tables are {', '.join(TITLES)}; models and benchmarks are named as in them",
            )
    tables = [w for w in words if w in TITLES]
    names = [w for w in words if w not in TITLES]

    def keep(key: Key) -> bool:
        parts = {p.lower() for name in key[1:3] for p in (name, *name.split(" -> "))}
        return (not tables or key[0] in tables) and all(name in parts for name in names)

    lines = tuple(Line(c, published.get(c.key), own) for c in cells if keep(c.key))
    if own:
        return Comparison(lines, ())
    there = {line.cell.key for line in lines}
    return Comparison(lines, tuple(k for k in published if keep(k) and k not in there))


def _word(text: str) -> str:
    word = text.lower()
    return word.removeprefix("table").strip(" -_") or word if word.startswith("table") else word


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= ROUNDING + _EPSILON
