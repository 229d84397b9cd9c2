"""Asking the writer, and the templates of what is asked."""

from __future__ import annotations

from typing import Any

from grasp.contracts import AgentError, Outcome
from grasp.methods import Context
from grasp.methods.templates import Templates

_TEMPLATES = Templates("grasp_baselines")


def ask(context: Context, purpose: str, scope: str, template: str, **facts: Any) -> str | None:
    """Put a filled template to the writer.

    Returns:
        The answer; ``None`` if the call failed for good, which teaches nothing.

    Raises:
        AgentError: Only one that would fail every call.
    """
    try:
        return context.writer_agent(purpose, scope).inference(_TEMPLATES.fill(template, **facts))
    except AgentError as error:
        if error.fatal:
            raise
        return None


def question(outcome: Outcome, context: Context) -> str:
    """Return what was asked, and what the task says beside it."""
    beside = context.task.question_context(context.sample(outcome.sample_id))
    return "\n".join(part for part in (outcome.instruction, beside) if part)


def response(actions: tuple[str, ...], answer: str) -> str:
    """Return what an agent said last, for a writer."""
    return answer or (actions[-1] if actions else "")
