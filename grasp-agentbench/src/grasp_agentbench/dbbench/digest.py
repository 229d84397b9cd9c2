"""The digest of a table that the benchmark compares after a change (spec agentbench, 2.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

#: Digest of a table without rows, as the original prints it.
EMPTY = "None"


def table_digest(rows: Iterable[Sequence[str | None]]) -> str:
    """Return the digest of a table; the order of its rows doesn't matter.

    Args:
        rows: Cells as text, in the order of the columns; ``None`` for NULL, which is left out.
    """
    short = sorted(_md5(",".join(c for c in row if c is not None))[:5] for row in rows)
    return _md5(",".join(short)) if short else EMPTY


def joint_digest(tables: Iterable[str]) -> str:
    """Return the digest of several tables from theirs."""
    return "_".join(sorted(tables))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
