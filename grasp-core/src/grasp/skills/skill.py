"""One skill: a named piece of advice in Markdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grasp.contracts import SkillError

MAX_NAME = 64
MAX_DESCRIPTION = 1024
#: Read-only template of the original; never learned, edited or injected.
SKELETON = "skeleton"

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug(text: str) -> str:
    """Turn any text into a valid skill name; ``""`` if nothing is left of it."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:MAX_NAME].strip("-")


@dataclass(frozen=True)
class Provenance:
    """Where a skill's current version comes from.

    Attributes:
        epoch: Epoch of the update, from 0.
        cycle: Batch within the epoch, from 0.
        action: ``ADD`` or ``MODIFY``.
        probe_score: Adjusted probe score when it was accepted; ``None`` without a gate.
        fixes: Probe samples it fixed.
        regressions: Probe samples it broke.
        samples: Up to 10 ids of failing samples that triggered the edit.
    """

    epoch: int
    cycle: int
    action: str
    probe_score: float | None = None
    fixes: int = 0
    regressions: int = 0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skill:
    """A skill as an immutable value.

    Raises:
        SkillError: The name is not lower case with single hyphens and at most 64
            characters (it becomes a folder name), or the description is too long.
    """

    name: str
    description: str
    body: str
    tags: tuple[str, ...] = ()
    version: int = 1
    provenance: Provenance | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if len(self.name) > MAX_NAME or not _NAME.fullmatch(self.name):
            raise SkillError(
                f"invalid skill name {self.name!r}",
                "use lower-case letters, digits and single hyphens, at most 64 characters",
            )
        if len(self.description) > MAX_DESCRIPTION:
            raise SkillError(
                f"the description of skill {self.name!r} has {len(self.description)} characters",
                f"shorten it to {MAX_DESCRIPTION}",
            )

    @property
    def digest(self) -> str:
        """Short hash of everything a model may see of this skill."""
        seen = "\0".join((self.name, self.description, self.body, *self.tags))
        return hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @property
    def when_to_use(self) -> str:
        """Text of the section "When to use" of the body, or ``""``."""
        match = re.search(
            r"^#{1,6}[ \t]*when to use[^\n]*\n(.*?)(?=^#{1,6}[ \t]|\Z)",
            self.body,
            re.IGNORECASE | re.MULTILINE | re.DOTALL,
        )
        return match.group(1).strip() if match else ""
