"""Ablation: choose a candidate without probe scores (method.md, section 1)."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.contracts import AgentError
from grasp.methods.context import Batch, Context
from grasp.methods.grasp.answers import AnswerError, read_json
from grasp.methods.grasp.explain import ask
from grasp.methods.grasp.prompts import render
from grasp.methods.harness import rng
from grasp.skills import Candidate

_SCHEMA = {
    "type": "object",
    "properties": {"choice": {"type": "integer"}},
    "required": ["choice"],
    "additionalProperties": False,
}


def choose_blindly(
    candidates: Sequence[Candidate], context: Context, batch: Batch
) -> Candidate | None:
    """Return the candidate that chance or the writer picks; ``None`` if there is none.

    An unusable answer of the writer, or none, picks the first.

    Raises:
        AgentError: Only a fatal one.
    """
    if not candidates:
        return None
    settings = context.settings
    if settings.blind_select == "random":
        generator = rng(settings.seed, "blind", batch.epoch, batch.cycle)
        return candidates[generator.randrange(len(candidates))]
    family = context.task.updater_task_family
    prompt = render("full", "select", task_family=family, candidates=candidates)
    agent = context.analyst_agent("select", f"{batch.scope}/select")
    try:
        choice = int(read_json(ask(agent, prompt, _SCHEMA, settings))["choice"])
    except AgentError as error:
        if error.fatal:
            raise
        choice = 0
    except (AnswerError, KeyError, TypeError, ValueError):
        choice = 0
    return candidates[choice if 0 <= choice < len(candidates) else 0]
