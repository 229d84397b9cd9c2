"""Renders the page of a folder of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from grasp.report.html.overview import SPLITS, GroupView, MethodView
from grasp.report.html.rendering import environment, resource
from grasp.results.outcomes import LEARNED, NO_SKILLS

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 640, 220, 44, 12, 12, 28
#: Strokes of lines, so that nothing is told by colour alone.
_DASHES = ("", "7 4", "2 3", "10 3 2 3", "14 4", "4 2 1 2 1 2", "1 5")


@dataclass(frozen=True)
class Line:
    """One method's curve in the drawing."""

    name: str
    points: tuple[tuple[float, float], ...]
    number: int
    dash: str
    told: str


def render_overview(name: str, groups: Sequence[GroupView], links: Mapping[Path, str]) -> str:
    """Return the page.

    Args:
        name: Name of the folder.
        groups: Its runs.
        links: Of a run's folder to its own page, for those that have one.
    """
    runs = [run for group in groups for method in group.methods for run in method.runs]
    return (
        environment()
        .get_template("overview.html.j2")
        .render(
            name=name,
            # Runs that can't be read are of no task.
            groups=[(g, _lines(g.methods), _ticks(g.methods)) for g in groups if g.task],
            runs=runs,
            finished=sum(run.state == "finished" for run in runs),
            links=links,
            splits=[s for s in SPLITS if any(split == s for run in runs for split, _ in run.tests)],
            arms=((NO_SKILLS, "without skills"), (LEARNED, "learned")),
            size=(_WIDTH, _HEIGHT),
            frame=(_LEFT, _TOP, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM),
            style=Markup(resource("report.css")),
            script=Markup(resource("theme.js")),
        )
    )


def _epochs(methods: Sequence[MethodView]) -> list[int]:
    return sorted({epoch for method in methods for epoch, _ in method.curve})


def _place(epoch: int, epochs: Sequence[int]) -> float:
    step = (_WIDTH - _RIGHT - _LEFT) / max(epochs[-1] - epochs[0], 1)
    return round(_LEFT + (epoch - epochs[0]) * step, 1)


def _ticks(methods: Sequence[MethodView]) -> list[tuple[float, str]]:
    epochs = _epochs(methods)
    return [(_place(e, epochs), "before" if e < 0 else f"epoch {e}") for e in epochs]


def _lines(methods: Sequence[MethodView]) -> list[Line]:
    epochs = _epochs(methods)
    height = _HEIGHT - _BOTTOM - _TOP
    return [
        Line(
            method.name,
            tuple(
                (_place(e, epochs), round(_TOP + (1 - share) * height, 1))
                for e, share in method.curve
            ),
            number % len(_DASHES),
            _DASHES[number % len(_DASHES)],
            ", ".join(f"{100 * share:.0f} %" for _, share in method.curve),
        )
        for number, method in enumerate(methods)
        if method.curve
    ]
