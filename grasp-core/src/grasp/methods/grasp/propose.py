"""From failures to candidates: the writer's proposals, validated (method.md, 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from grasp.contracts import AgentError, Message, Task
from grasp.methods.context import Context
from grasp.methods.grasp.answers import AnswerError
from grasp.methods.grasp.explain import ask
from grasp.methods.grasp.observe import Effect, Entry, history_note
from grasp.methods.grasp.prompts import edits_schema, read_edits, render
from grasp.methods.settings import CycleSettings
from grasp.skills import SKELETON, Action, Candidate, Edit, SkillLibrary, free_slots, pair_edits

#: Rejected edits the writer is reminded of, newest first.
REMEMBERED_REJECTIONS = 8


@dataclass(frozen=True)
class Rejection:
    """An edit the gate turned down, for the writer to know."""

    title: str
    reason: str
    summary: str


@dataclass(frozen=True)
class Situation:
    """All a writer is told of one update."""

    library: SkillLibrary
    groups: Sequence[tuple[str, list[Entry]]]
    passing: Sequence[Entry]
    effects: Mapping[str, Effect]
    rejected: Sequence[Rejection]


@dataclass(frozen=True)
class Proposal:
    """One answer of the writer, read and validated."""

    index: int
    group: str
    edits: tuple[Edit, ...] = ()
    problems: tuple[str, ...] = field(default=())


def allowed_actions(settings: CycleSettings, library: SkillLibrary) -> tuple[str, ...]:
    """Return the actions a writer may use now."""
    if settings.append_only or not len(library):
        return (Action.ADD.value,)
    return tuple(a.value for a in Action)


def edits_allowed(settings: CycleSettings, library: SkillLibrary) -> int:
    """Return how many edits one proposal may make: room for a swap where slots are scarce."""
    scarce = free_slots(library, settings.max_skills) <= 2
    return max(settings.max_edits_per_proposal, 2 if scarce else 1)


def propose(situation: Situation, context: Context, scope: str) -> list[Proposal]:
    """Ask for K proposals at once; proposal k is about failure group k mod groups."""
    return context.engine.executor.map(
        lambda index: _propose_one(situation, context, scope, index),
        range(context.settings.candidates),
        on_interrupt=context.writer.cancel,
    )


def _propose_one(situation: Situation, context: Context, scope: str, index: int) -> Proposal:
    settings = context.settings
    label, _ = situation.groups[index % len(situation.groups)]
    prompt = proposal_prompt(situation, context.task, settings, index)
    maximum = edits_allowed(settings, situation.library)
    schema = edits_schema(settings.prompts, maximum, allowed_actions(settings, situation.library))
    agent = context.writer_agent("propose", f"{scope}/propose/{index}")
    try:
        edits, problems = read_edits(ask(agent, prompt, schema, settings))
    except AnswerError as error:
        return Proposal(index, label, problems=(str(error),))
    except AgentError as error:
        if error.fatal:
            raise
        return Proposal(index, label, problems=(f"{error.kind}: {error.message}",))
    if settings.prompts == "compact" and not settings.append_only:
        edits = [rewriting(e, situation.library) for e in edits]
    if len(edits) > maximum:
        problems.append(f"{len(edits) - maximum} edits over the limit of {maximum} dropped")
    valid, invalid = validate(edits[:maximum], situation.library, settings)
    return Proposal(index, label, tuple(valid), (*problems, *invalid))


def proposal_prompt(
    situation: Situation, task: Task, settings: CycleSettings, index: int
) -> list[Message]:
    """Return the prompt of proposal ``index``."""
    label, failures = situation.groups[index % len(situation.groups)]
    shown = {e.id for e in failures}
    others = [e for _, members in situation.groups for e in members if e.id not in shown]
    library = situation.library
    return render(
        settings.prompts,
        "propose",
        task_family=task.updater_task_family,
        guidance=task.updater_guidance.strip(),
        skills=library.skills,
        capacity=settings.max_skills,
        slots=free_slots(library, settings.max_skills),
        effects=situation.effects,
        notes={s.name: history_note(library, s.name) for s in library},
        group=label,
        failures=failures if settings.prompts == "full" else varied(failures, index),
        passing=situation.passing,
        others=others,
        rejected=situation.rejected[-REMEMBERED_REJECTIONS:][::-1],
        max_edits=edits_allowed(settings, library),
        actions=allowed_actions(settings, library),
        trace_messages=settings.trace_messages,
        trace_chars=settings.trace_chars,
    )


def rewriting(edit: Edit, library: SkillLibrary) -> Edit:
    """Read an ADD of an existing skill as its new version.

    Compact proposals name no action; a small model that still makes mistakes writes the
    skill anew under its name. Large models are told to MODIFY (method.md, 3.8).
    """
    if edit.action is Action.ADD and edit.name in library:
        return replace(edit, action=Action.MODIFY)
    return edit


def varied(failures: Sequence[Entry], index: int) -> list[Entry]:
    """Choose the few failures a compact prompt shows: each kind in turn, others for each k.

    Args:
        failures: The failure group.
        index: Number of the proposal, k.

    Returns:
        3 to 6 of them, fewer if there are fewer.
    """
    kinds: dict[tuple[str, ...], list[Entry]] = {}
    for entry in failures:
        kinds.setdefault((entry.label, *entry.outcome.tags), []).append(entry)
    rounds = zip_longest(*(members[index % len(members) :] + members[: index % len(members)]
                           for _, members in sorted(kinds.items())))  # fmt: skip
    ordered = [entry for one in rounds for entry in one if entry is not None]
    return ordered[: 3 + index % 4]


def validate(
    edits: Sequence[Edit], library: SkillLibrary, settings: CycleSettings
) -> tuple[list[Edit], list[str]]:
    """Sort a proposal's edits into valid ones and reasons against the others."""
    removes = [] if settings.append_only else edits
    slots = free_slots(library, settings.max_skills, removes)
    valid: list[Edit] = []
    problems: list[str] = []
    for edit in edits:
        problem = _problem(edit, library, settings, slots)
        if problem:
            problems.append(f"{edit.action} {edit.name}: {problem}")
            continue
        slots -= edit.action is Action.ADD
        valid.append(edit)
    return valid, problems


def _problem(edit: Edit, library: SkillLibrary, settings: CycleSettings, slots: int) -> str | None:
    if edit.name == SKELETON:
        return "the template can't be edited"
    if settings.append_only and edit.action is not Action.ADD:
        return "only ADD is allowed"
    if edit.action is Action.ADD:
        if edit.name in library:
            return "the skill exists; MODIFY it instead"
        if not edit.body:
            return "the content is empty"
        return "the library is full" if slots < 1 else None
    if edit.name not in library:
        return "no such skill"
    if edit.action is Action.MODIFY and not edit.body:
        return "the content is empty"
    return None


def candidates_of(
    proposals: Sequence[Proposal], library: SkillLibrary, settings: CycleSettings
) -> list[Candidate]:
    """Turn proposals into distinct candidates, in proposal order.

    Each can be applied to ``library`` on its own: an ADD that only its partner's REMOVE
    makes room for is dropped when pairs are split.
    """
    found: list[Candidate] = []
    seen: set[Any] = set()
    for proposal in proposals:
        for edits in pair_edits(proposal.edits, split_pairs=settings.split_pairs):
            candidate = Candidate(edits, proposal.index, proposal.group)
            adds = sum(e.action is Action.ADD for e in edits)
            if candidate.identity in seen or adds > free_slots(library, settings.max_skills, edits):
                continue
            seen.add(candidate.identity)
            found.append(candidate)
    return found
