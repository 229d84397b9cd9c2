"""Asking the writer, and the templates of what is asked."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from grasp.contracts import AgentError, Message
from grasp.methods import Context

_TURN = re.compile(r"^@@ (system|user)\s*$", re.MULTILINE)


def ask(context: Context, purpose: str, scope: str, template: str, **facts: Any) -> str | None:
    """Put a filled template to the writer.

    Returns:
        The answer; ``None`` if the call failed for good, which teaches nothing.

    Raises:
        AgentError: Only one that would fail every call.
    """
    try:
        return context.writer_agent(purpose, scope).inference(_messages(template, facts))
    except AgentError as error:
        if error.fatal:
            raise
        return None


def _messages(template: str, facts: dict[str, Any]) -> list[Message]:
    text = _environment().get_template(f"{template}.md.j2").render(**facts)
    parts = _TURN.split(text)
    if len(parts) == 1:
        return [{"role": "user", "content": text.strip()}]
    # What a trace holds stands behind the last mark, so it can't begin a turn.
    return [
        {"role": role, "content": content.strip()}
        for role, content in zip(parts[1:4:2], [parts[2], "".join(parts[4:])], strict=False)
    ]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("grasp_baselines", "prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def response(actions: tuple[str, ...], answer: str) -> str:
    """Return what an agent said last, for a writer."""
    return answer or (actions[-1] if actions else "")
