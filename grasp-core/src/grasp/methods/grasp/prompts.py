"""The skill writer's prompts: template files, their answer schemas and their reading.

Two sets say the same thing at different lengths: ``full`` for large models, ``compact``
for models of a few billion weights, which need a schema, one worked example from another
domain and rules that code renders to Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.contracts import Message
from grasp.methods.grasp.answers import read_json, rows
from grasp.methods.grasp.observe import Entry
from grasp.methods.templates import Templates
from grasp.skills import Action, Edit, slug

_STRING = {"type": "string"}


def _turns(entry: Entry) -> list[tuple[str, str]]:
    """Return what followed the task in an episode: (label, text) of each turn.

    The last turn of a failed episode's agent is labelled ``Wrong``.
    """
    history = list(entry.outcome.history)
    start = next((i + 1 for i, m in enumerate(history) if m.get("role") == "user"), 0)
    turns = [
        ("Action" if m["role"] == "agent" else "Result", _one_line(m.get("content")))
        for m in history[start:]
        if m.get("role") in ("agent", "user", "tool")
    ]
    last = max((i for i, (label, _) in enumerate(turns) if label == "Action"), default=None)
    if last is not None and not entry.outcome.correct:
        turns[last] = ("Wrong", turns[last][1])
        del turns[last + 1 :]
    return turns


def _short(text: str, limit: int | None) -> str:
    """Cut a text for a prompt; ``None`` keeps it whole."""
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


_TEMPLATES = Templates("grasp.methods.grasp", {"short": _short, "turns": _turns})


def render(prompts: str, name: str, **facts: Any) -> list[Message]:
    """Fill the template ``<prompts>/<name>.md.j2``."""
    messages = _TEMPLATES.fill(f"{prompts}/{name}", **facts)
    if len(messages) == 1:
        messages[0]["content"] += "\n"  # As in the runs that have been recorded.
    return messages


def _array_of(key: str, item: Mapping[str, Any], **limits: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: {"type": "array", "items": item, **limits}},
        "required": [key],
        "additionalProperties": False,
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


LABELS_SCHEMA = _object(
    labels={"type": "array", "items": _object(id=_STRING, label=_STRING)},
    new_labels={"type": "array", "items": _object(label=_STRING, description=_STRING)},
)

DIAGNOSES_SCHEMA = _array_of("diagnoses", _object(id=_STRING, diagnosis=_STRING))


def edits_schema(prompts: str, max_edits: int, actions: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON schema of a proposal.

    The compact form names no action: a small model can't be trusted with it, and the
    skill's name tells whether it is new.
    """
    if prompts == "compact":
        # Key order matters: a small model that writes the right action before the wrong
        # one swaps them.
        rule = _object(when=_text(100), wrong=_text(100), right=_text(100))
        item = _object(
            name=_text(50),
            description=_text(120),
            when_to_use=_text(160),
            rules={"type": "array", "items": rule, "minItems": 1, "maxItems": 4},
        )
        return _array_of("edits", item, minItems=1, maxItems=max_edits)
    action = {"type": "string", "enum": list(actions)}
    item = _object(
        action=action,
        name=_STRING,
        description=_STRING,
        tags={"type": "array", "items": _STRING},
        content=_STRING,
        reason=_STRING,
    )
    return _array_of("edits", item, maxItems=max_edits)


def read_edits(text: str) -> tuple[list[Edit], list[str]]:
    """Read a proposal.

    Returns:
        The edits, and one line for everything in the answer that is no edit.

    Raises:
        AnswerError: The answer holds no JSON.
    """
    edits: list[Edit] = []
    problems: list[str] = []
    for row in rows(read_json(text), "edits", "proposals", "skills"):
        try:
            edits.append(_edit(row))
        except ValueError as error:
            problems.append(str(error))
    return edits, problems


def _edit(row: Mapping[str, Any]) -> Edit:
    row = _clean(row)
    compact = "rules" in row and "content" not in row
    word = str(row.get("action", "ADD" if compact else "")).strip().upper()
    if word not in Action.__members__:
        raise ValueError(f"unknown action {word!r}")
    name = slug(str(row.get("name", "")))
    if not name:
        raise ValueError(f"{word} without a name")
    if compact:
        description, body = _compact_body(row)
    else:
        description = " ".join(str(row.get("description") or "").split())
        body = str(row.get("content") or row.get("body") or "").strip()
    tags = row.get("tags") or []
    if not isinstance(tags, list):
        tags = [tags]
    tags = [part for tag in tags for part in str(tag).split(",")]
    return Edit(
        Action[word],
        name,
        description[:1024],
        body,
        tuple(t for t in (tag.strip().lower() for tag in tags) if t),
        " ".join(str(row.get("reason") or "").split()),
    )


def _clean(value: Any) -> Any:
    """Make text storable: no lone surrogates, one kind of line break."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode("utf-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_clean(v) for v in value]
    return value


def _compact_body(row: Mapping[str, Any]) -> tuple[str, str]:
    """Render a compact proposal: its rules become the bullets of a Markdown body."""
    rules = row["rules"] if isinstance(row["rules"], list) else [row["rules"]]
    lines = [f"- {text}" for text in map(_rule, rules) if text]
    trigger = _one_line(row.get("when_to_use") or row.get("description"))
    description = _one_line(row.get("description")) or trigger
    if not lines:
        return description, ""
    return description, f"## When to use\n\n{trigger}\n\n## Rules\n\n" + "\n".join(lines)


def _rule(rule: Any) -> str:
    if not isinstance(rule, Mapping):
        return _one_line(rule).lstrip("-* ")
    when, wrong, right = (_one_line(rule.get(k)).rstrip(".") for k in ("when", "wrong", "right"))
    if not right:
        return ""
    when = when[5:] if when.lower().startswith("when ") else when
    text = f"When {when}, write {right}" if when else f"Write {right}"
    return f"{text}, not {wrong}." if wrong and wrong != right else f"{text}."


def _one_line(value: Any) -> str:
    return " ".join(str(value or "").split())
