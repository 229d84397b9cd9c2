"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like a misspelt one, or ``""``."""
    # Imported when something is misspelt: it is as slow as a third of click.
    from difflib import get_close_matches

    names = list(known)
    folded = {n.lower().replace("_", "-"): n for n in reversed(names)}
    same = folded.get(name.lower().replace("_", "-"))
    if same:
        return same
    found = get_close_matches(name, names, 1)
    return found[0] if found else ""


def hint(name: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown name: the nearest known one, or all of them."""
    names = list(known)
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"there are: {', '.join(names) or 'none'}"
