"""What a batch showed: transitions since the last epoch, and how skills have done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grasp.contracts import Outcome
from grasp.skills import SkillLibrary


@dataclass(frozen=True)
class Entry:
    """One dev episode as the writer sees it."""

    outcome: Outcome
    transition: str
    label: str = ""
    diagnosis: str = ""

    @property
    def id(self) -> str:
        """The sample's id."""
        return self.outcome.sample_id


def transition(outcome: Outcome, before: Outcome | None) -> str:
    """Name the change since the previous epoch."""
    if before is None or before.is_error:
        return "first seen"
    names = {
        (False, True): "fixed",
        (True, False): "regressed",
        (False, False): "still failing",
        (True, True): "still passing",
    }
    return names[before.correct, outcome.correct]


def entries(outcomes: Iterable[Outcome], previous: Mapping[str, Outcome]) -> list[Entry]:
    """Return the episodes that really ran, with their transitions."""
    return [Entry(o, transition(o, previous.get(o.sample_id))) for o in outcomes if not o.is_error]


@dataclass(frozen=True)
class Effect:
    """How a skill has done this epoch, in the runs it was present for (method.md, 3.3)."""

    runs: int = 0
    fixes: int = 0
    regressions: int = 0


def effectiveness(
    library: SkillLibrary, outcomes: Sequence[Outcome], previous: Mapping[str, Outcome]
) -> dict[str, Effect]:
    """Count runs, fixes and regressions of every learned skill.

    Args:
        library: The current library.
        outcomes: Episodes of this epoch so far.
        previous: Last epoch's outcomes by sample id.
    """
    effects: dict[str, Effect] = {}
    for name in library.names:
        present = [o for o in outcomes if name in o.skills and not o.is_error]
        changes = [transition(o, previous.get(o.sample_id)) for o in present]
        effects[name] = Effect(len(present), changes.count("fixed"), changes.count("regressed"))
    return effects


def history_note(library: SkillLibrary, name: str) -> str:
    """Return what the writer should know before modifying a skill again, or ``""``."""
    current = library.get(name)
    earlier = library.versions(name)
    if current is None or not earlier:
        return ""
    now = current.provenance.probe_score if current.provenance else None
    for old in earlier:
        then = old.provenance.probe_score if old.provenance else None
        if then is not None and now is not None and then > now:
            return (
                f"version {old.version} scored {then:+g} on its probe, the current version "
                f"{current.version} only {now:+g}: the last change may have made it worse"
            )
    if current.version >= 3:
        return f"already modified {current.version - 1} times: consider leaving it as it is"
    return ""
