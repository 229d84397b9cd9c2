"""Which skills an acting model sees, and where (method.md, section 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grasp.contracts import Message
from grasp.skills.skill import SKELETON, Skill

#: Characters of conversation, counted from its end, that skills are ranked against.
CONVERSATION_WINDOW = 12_000
#: Skills injected per turn.
TOP_SKILLS = 3

_STOP_WORDS = frozenset(
    """
    about above after again against all also and any are because been before being below
    between both but can cannot could did does doing down during each either else few for
    from further had has have having her here hers him his how into its itself just let
    may might more most must neither nor not now off once one only other our ours out over
    own per same shall she should some such than that the their theirs them then there
    these they this those through too two under until upon use used using very via was
    were what when where whether which while who whom whose why will with within without
    would yes yet you your yours
    """.split()  # noqa: SIM905
)

HEADER = (
    "[Learned skills] Each skill below says when it applies. Follow every skill whose "
    '"when to use" matches the present task; ignore the others.'
)


def tokens(text: str) -> set[str]:
    """Return the words that count for ranking: three letters or more, no stop words."""
    return {t for t in re.findall(r"[a-z0-9]+", text.lower()) if len(t) > 2} - _STOP_WORDS


def conversation_text(history: Sequence[Message]) -> str:
    """Return the end of a conversation as lower-case text."""
    text = "\n".join(_text_of(m) for m in history)
    return text[-CONVERSATION_WINDOW:].lower()


def _text_of(message: Message) -> str:
    content = message.get("content")
    if isinstance(content, list):  # OpenAI's parts, of which only text can be ranked.
        texts = [p.get("text") for p in content if isinstance(p, dict)]
        return "\n".join(t for t in texts if isinstance(t, str))
    return content if isinstance(content, str) else "" if content is None else str(content)


def tag_score(tag: str, text: str, words: set[str]) -> int:
    """Score one tag: 3 whole, 2 all of its terms, else 1 for each term that occurs."""
    tag = tag.lower().strip()
    if not tag:
        return 0
    if re.search(rf"(?<![a-z0-9]){re.escape(tag)}(?![a-z0-9])", text):
        return 3
    terms = tokens(tag)
    found = len(terms & words)
    return 2 if terms and found == len(terms) else found


def relevance(skill: Skill, text: str, words: set[str]) -> int:
    """Score a skill against a conversation (lower-case text and its tokens)."""
    by_tags = sum(tag_score(tag, text, words) for tag in skill.tags)
    about = tokens(f"{skill.name} {skill.description} {skill.when_to_use}")
    return 10 * by_tags + len(about & words) + (0 if skill.tags else 1)


def select(
    skills: Sequence[Skill], history: Sequence[Message], top: int = TOP_SKILLS
) -> tuple[Skill, ...]:
    """Return the ``top`` skills for this conversation, best first, ties in library order."""
    text = conversation_text(history)
    words = tokens(text)
    learned = [s for s in skills if s.name != SKELETON]
    return tuple(sorted(learned, key=lambda s: -relevance(s, text, words))[:top])


def render_block(skills: Sequence[Skill], protocol: str | None = None) -> str:
    """Return the text to inject; ``""`` if there is nothing to say."""
    parts: list[str] = []
    if skills:
        parts.append(HEADER)
        for skill in skills:
            parts.append(f"## Skill: {skill.name}\n{skill.description}\n\n{skill.body.strip()}")
    if protocol:
        parts.append(protocol.strip())
    return "\n\n".join(parts)


def inject(history: Sequence[Message], block: str) -> list[Message]:
    """Put a block into the last user message: before it on the first decision, else after.

    Returns:
        A new history; the given one is not changed. Without a user message, or with an
        empty block, it equals the given one.
    """
    messages = [dict(m) for m in history]
    last = next((i for i in reversed(range(len(messages))) if messages[i]["role"] == "user"), None)
    if last is None or not block:
        return messages
    first_decision = not any(m["role"] in ("agent", "assistant") for m in messages[:last])
    parts = messages[last].get("content")
    if isinstance(parts, list):
        part = {"type": "text", "text": block}
        messages[last]["content"] = [part, *parts] if first_decision else [*parts, part]
        return messages
    content = _text_of(messages[last])
    messages[last]["content"] = (
        f"{block}\n\n{content}" if first_decision else f"{content}\n\n{block}"
    )
    return messages


def first_user_content(history: Sequence[Message]) -> str:
    """Return the text of the first user message, for ``Task.protocol_hook``."""
    return next((_text_of(m) for m in history if m.get("role") == "user"), "")
