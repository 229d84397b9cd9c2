"""Renders a run's story into one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grasp.report.html.rendering import environment, resource
from grasp.report.html.story import FLIPS, SIGNS, Point, Story
from grasp.report.html.traces import Traces

_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 220, 44, 12


@dataclass(frozen=True)
class Dot:
    """A validation's place in the drawing."""

    x: float
    y: float
    low: float
    high: float
    point: Point


def render(
    name: str,
    story: Story,
    traces: Traces,
    *,
    usage: Mapping[str, Any] | None = None,
    settings: str = "",
    known: Sequence[tuple[str, str]] = (),
    live: str = "",
) -> str:
    """Return the page of a run.

    Args:
        name: Name of the run.
        story: What its journal tells.
        traces: Its conversations.
        usage: ``calls``, ``tokens`` and ``cost`` of ``scores.json``.
        settings: Its configuration, as YAML.
        known: For each sealed split, what follows for skills against none.
        live: Of a served page: what it was made of; it looks whether that has changed.
    """
    made, repeated = (sum(n[i] for n in traces.calls.values()) for i in (0, 1))
    episodes = [
        [e.scope, e.sample, e.verdict, e.status, e.answer, list(e.tags), int(e.scope in traces)]
        for e in story.episodes
    ]
    return environment().get_template("report.html.j2").render(
        name=name,
        story=story,
        dots=_dots(story.curve),
        size=(_WIDTH, _HEIGHT),
        frame=(_LEFT, _TOP, _WIDTH - 12, _HEIGHT - 28),
        flips=FLIPS,
        signs=SIGNS,
        known=known,
        calls=made,
        repeated=repeated,
        usage=usage or {},
        settings=settings,
        live=live,
        traces=traces,
        packed=Markup(traces.packed()),
        episodes=_script(episodes),
        skills=_script(_bodies(story)),
        style=Markup(resource("report.css")),
        script=Markup(resource("theme.js", "report.js")),
    )  # fmt: skip


def _dots(curve: Sequence[Point]) -> list[Dot]:
    right, bottom = _WIDTH - 12, _HEIGHT - 28
    step = (right - _LEFT) / max(len(curve) - 1, 1)

    def height(share: float) -> float:
        return round(bottom - share * (bottom - _TOP), 1)

    return [
        Dot(
            round(_LEFT + n * step, 1),
            height(p.accuracy),
            height(p.interval[0]),
            height(p.interval[1]),
            p,
        )
        for n, p in enumerate(curve)
    ]


def _bodies(story: Story) -> dict[str, str]:
    """Return every text of a skill that a model may have seen, with the skill's name."""
    found = {v.body.strip(): v.name for v in story.versions}
    for update in story.updates:
        for candidate in update.candidates:
            for edit in candidate.edits:
                found.setdefault(edit.body.strip(), edit.name)
    found.pop("", None)
    return found


def _script(data: Any) -> Markup:
    """Return JSON that can stand in a script element, whatever texts it holds."""
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
