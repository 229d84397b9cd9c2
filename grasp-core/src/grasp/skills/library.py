"""The skill library: an immutable value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from grasp.contracts import SkillError
from grasp.skills.edits import Action, Edit
from grasp.skills.skill import SKELETON, Provenance, Skill


@dataclass(frozen=True)
class SkillLibrary:
    """Learned skills in the order they were added, and the versions they replaced.

    ``apply`` returns a new library; a candidate therefore never touches disk.
    """

    skills: tuple[Skill, ...] = ()
    archive: tuple[Skill, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for skill in self.skills:
            if skill.name in seen:
                raise SkillError(f"two skills are named {skill.name!r}")
            if skill.name == SKELETON:
                raise SkillError(f"{SKELETON!r} is the read-only template, not a learned skill")
            seen.add(skill.name)

    def __len__(self) -> int:
        return len(self.skills)

    def __iter__(self) -> Iterator[Skill]:
        return iter(self.skills)

    def __contains__(self, name: object) -> bool:
        return any(s.name == name for s in self.skills)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in library order."""
        return tuple(s.name for s in self.skills)

    def get(self, name: str) -> Skill | None:
        """Return the skill of this name, or ``None``."""
        return next((s for s in self.skills if s.name == name), None)

    def versions(self, name: str) -> tuple[Skill, ...]:
        """Return the archived earlier versions of a skill, oldest first."""
        return tuple(s for s in self.archive if s.name == name)

    def apply(
        self, edits: Edit | Iterable[Edit], provenance: Provenance | None = None
    ) -> SkillLibrary:
        """Return the library with the edits made, in order.

        Args:
            edits: One edit or several that belong together.
            provenance: Stored with every added or modified skill.

        Raises:
            SkillError: ADD of an existing name, or MODIFY or REMOVE of a missing one.
        """
        library = self
        for edit in (edits,) if isinstance(edits, Edit) else edits:
            library = library._apply_one(edit, provenance)
        return library

    def _apply_one(self, edit: Edit, provenance: Provenance | None) -> SkillLibrary:
        old = self.get(edit.name)
        origin = None if provenance is None else replace(provenance, action=edit.action.value)
        if edit.action is Action.ADD:
            if old is not None:
                raise SkillError(f"can't add {edit.name!r}: it exists", "propose MODIFY instead")
            added = Skill(edit.name, edit.description, edit.body, edit.tags, 1, origin)
            return SkillLibrary((*self.skills, added), self.archive)
        if old is None:
            raise SkillError(f"can't {edit.action.value.lower()} {edit.name!r}: no such skill")
        if edit.action is Action.REMOVE:
            kept = tuple(s for s in self.skills if s.name != edit.name)
            return SkillLibrary(kept, (*self.archive, old))
        new = replace(
            old,
            description=edit.description or old.description,
            body=edit.body,
            tags=edit.tags or old.tags,
            version=old.version + 1,
            provenance=origin,
        )
        changed = tuple(new if s.name == edit.name else s for s in self.skills)
        return SkillLibrary(changed, (*self.archive, old))


def free_slots(library: SkillLibrary, capacity: int, edits: Sequence[Edit] = ()) -> int:
    """Return how many skills may still be added, counting the removals in ``edits``."""
    removes = {e.name for e in edits if e.action is Action.REMOVE and e.name in library}
    return capacity - len(library) + len(removes)
