"""The skill writer's prompts: template files, their answer schemas and their reading.

Two sets say the same thing at different lengths: ``full`` for large models, ``compact``
for models of a few billion weights, which need a schema, one worked example from another
domain and rules that code renders to Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2

from grasp.contracts import Message
from grasp.methods.grasp.answers import read_json, rows
from grasp.skills import Action, Edit, slug

_STRING = {"type": "string"}
_TURN = re.compile(r"^@@ (system|user|agent)[ \t]*\n", re.MULTILINE)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grasp.methods.grasp", "prompts"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Prompts are text, not HTML.
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["short"] = _short
    return environment


def _short(text: str, limit: int | None) -> str:
    """Cut a text for a prompt; ``None`` keeps it whole."""
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def render(prompts: str, name: str, **facts: Any) -> str:
    """Fill the template ``<prompts>/<name>.md.j2``."""
    return _environment().get_template(f"{prompts}/{name}.md.j2").render(**facts).strip() + "\n"


def conversation(text: str) -> list[Message]:
    """Turn a filled template into messages.

    Lines ``@@ system``, ``@@ user`` and ``@@ agent`` start a message; a template
    without them is one user message.
    """
    parts = _TURN.split(text)
    if len(parts) == 1:
        return [{"role": "user", "content": text}]
    return [
        {"role": role, "content": content.strip()}
        for role, content in zip(parts[1::2], parts[2::2], strict=True)
    ]


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


LABELS_SCHEMA = _object(
    labels={"type": "array", "items": _object(id=_STRING, label=_STRING)},
    new_labels={"type": "array", "items": _object(label=_STRING, description=_STRING)},
)

DIAGNOSES_SCHEMA = _array_of("diagnoses", _object(id=_STRING, diagnosis=_STRING))


def edits_schema(prompts: str, max_edits: int, actions: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON schema of a proposal."""
    action = {"type": "string", "enum": list(actions)}
    if prompts == "compact":
        rules = {"type": "array", "items": _STRING, "minItems": 1, "maxItems": 4}
        item = _object(action=action, name=_STRING, when_to_use=_STRING, rules=rules)
        return _array_of("edits", item, minItems=1, maxItems=max_edits)
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
    word = str(row.get("action", "")).strip().upper()
    if word not in Action.__members__:
        raise ValueError(f"unknown action {word!r}")
    name = slug(str(row.get("name", "")))
    if not name:
        raise ValueError(f"{word} without a name")
    if "rules" in row and "content" not in row:
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
    """Render a compact proposal: the trigger is the description, the rules are bullets."""
    rules = row["rules"] if isinstance(row["rules"], list) else [row["rules"]]
    bullets = [" ".join(str(rule).split()).lstrip("-* ") for rule in rules]
    lines = [f"- {b}" for b in bullets if b]
    trigger = " ".join(str(row.get("when_to_use") or row.get("description") or "").split())
    if not lines:
        return trigger, ""
    return trigger, f"## When to use\n\n{trigger}\n\n## Rules\n\n" + "\n".join(lines)
