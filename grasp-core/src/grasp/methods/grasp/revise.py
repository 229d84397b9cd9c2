"""Contrastive revision: a winner that broke something is narrowed once (method.md, 3.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grasp.contracts import AgentError, Outcome
from grasp.methods.context import Context
from grasp.methods.gate import Judgement
from grasp.methods.grasp.answers import AnswerError
from grasp.methods.grasp.explain import ask
from grasp.methods.grasp.observe import entries
from grasp.methods.grasp.prompts import edits_schema, read_edits, render
from grasp.skills import Candidate, Edit


def narrow(
    winner: Candidate,
    regressed: Sequence[Outcome],
    judgement: Judgement,
    previous: Mapping[str, Outcome],
    context: Context,
    scope: str,
) -> tuple[list[Edit], list[str]]:
    """Ask for a narrower version of a winner's last edit.

    Args:
        winner: The candidate that won.
        regressed: Episodes it broke, as they went with it.
        judgement: How it did.
        previous: Last epoch's outcomes by sample id.
        context: The run.
        scope: Place of the update in the run.

    Returns:
        At most one edit, of the same action and skill, and what was wrong with the answer.

    Raises:
        AgentError: Only a fatal one.
    """
    settings, task = context.settings, context.task
    last = winner.edits[-1]
    prompt = render(
        settings.prompts,
        "revise",
        task_family=task.updater_task_family,
        guidance=task.updater_guidance.strip(),
        counts=judgement.counts,
        edits=winner.edits,
        regressed=entries(regressed, previous),
        trace_messages=settings.trace_messages,
        trace_chars=settings.trace_chars,
    )
    schema = edits_schema(settings.prompts, 1, (last.action.value,))
    agent = context.writer_agent("revise", f"{scope}/revise")
    try:
        edits, problems = read_edits(ask(agent, prompt, schema, settings))
    except AnswerError as error:
        return [], [str(error)]
    except AgentError as error:
        if error.fatal:
            raise
        return [], [f"{error.kind}: {error.message}"]
    if settings.prompts == "compact":  # Whose answers name no action.
        edits = [replace(e, action=last.action) for e in edits]
    same = [e for e in edits if (e.action, e.name) == (last.action, last.name)]
    if edits and not same:
        problems.append("the revision is about another skill or action")
    return same[:1], problems
