"""Notes: read from a writer's answer, kept in order, shown as one block."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

#: How every note begins.
_LEAD = re.compile("when asked", re.IGNORECASE | re.ASCII)
#: What follows the backticks is a language only if the line ends there.
_FENCE = re.compile(r"```(?:[\w-]*[ \t]*\n|json\b)?(.*?)```", re.DOTALL)
_TAGS = re.compile(r"</?(?:memory|current_prompt)>", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_HEADER = "Notes on mistakes made before; they apply wherever the same is asked."


def read_note(text: str) -> str:
    """Return the note of a writer's answer, or ``""`` (baselines.md, 1, normalising)."""
    fenced = _FENCE.search(text)
    if fenced:
        text = fenced[1]
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    if isinstance(listed, list):
        usable = [note for item in listed if isinstance(item, str) and (note := _normal(item))]
        return usable[-1] if usable else ""
    return _normal(text)


def _normal(text: str) -> str:
    lines = [_BULLET.sub("", line).strip() for line in _TAGS.sub("", text).splitlines()]
    lines = [line for line in lines if line and line != _HEADER]
    starts = [n for n, line in enumerate(lines) if _LEAD.match(line)]
    # The last one that is said, up to where another would begin; else from amid a line.
    said = " ".join(lines[starts[-1] :] if starts else lines)
    lead = _LEAD.search(said)
    return " ".join(said[lead.start() :].split()) if lead else ""


def add_notes(
    notes: Sequence[str], new: Iterable[str], limit: int | None = None
) -> tuple[str, ...]:
    """Return the notes with new ones behind them; equal ones (but for case) stand once.

    Args:
        notes: As they are.
        new: To add; empty ones are dropped.
        limit: Newest notes to keep; all without.
    """
    kept: dict[str, str] = {}
    for note in (*notes, *new):
        if note:
            kept.setdefault(note.lower(), note)
    found = tuple(kept.values())
    return found if limit is None else found[-limit:]


def render_notes(notes: Sequence[str]) -> str:
    """Return the block that an agent is shown; empty without notes."""
    if not notes:
        return ""
    return "\n".join(["<memory>", _HEADER, *(f"- {note}" for note in notes), "</memory>"])
