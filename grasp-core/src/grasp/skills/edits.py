"""Proposed changes of a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Action(str, Enum):
    """What an edit does."""

    ADD = "ADD"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Edit:
    """One change of one skill. ``REMOVE`` needs only the name.

    For ``MODIFY`` an empty description and empty tags mean "as before".
    """

    action: Action
    name: str
    description: str = ""
    body: str = ""
    tags: tuple[str, ...] = ()
    reason: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two edits the same: all that they change, not the stated reason."""
        if self.action is Action.REMOVE:
            return (self.action.value, self.name)
        return (self.action.value, self.name, self.description, self.body, *self.tags)


@dataclass(frozen=True)
class Candidate:
    """Edits that are probed and applied together: one edit, or a REMOVE + ADD pair."""

    edits: tuple[Edit, ...]
    proposal: int = 0
    failure_group: str = ""

    @property
    def identity(self) -> tuple[tuple[str, ...], ...]:
        """Equal for candidates that would make the same library."""
        return tuple(e.identity for e in self.edits)

    @property
    def title(self) -> str:
        """Short form for people: ``ADD name`` or ``REMOVE a + ADD b``."""
        return " + ".join(f"{e.action} {e.name}" for e in self.edits)


def pair_edits(edits: Sequence[Edit], *, split_pairs: bool = False) -> list[tuple[Edit, ...]]:
    """Group a proposal's edits into candidates.

    A REMOVE and an ADD of one proposal are a swap and stay together (method.md, 3.8);
    ``split_pairs`` probes them apart as the original does.
    """
    if split_pairs:
        return [(e,) for e in edits]
    removes = [e for e in edits if e.action is Action.REMOVE]
    groups: list[tuple[Edit, ...]] = []
    for edit in edits:
        if edit.action is Action.REMOVE:
            continue
        if edit.action is Action.ADD and removes:
            groups.append((removes.pop(0), edit))
        else:
            groups.append((edit,))
    groups.extend((e,) for e in removes)
    return groups
