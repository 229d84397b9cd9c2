"""A run in words: learning curve, gate decisions, learned skills. Made from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from grasp.report.reasons import reasons

Event = Mapping[str, Any]

_BAR = 24
_COLOURS = {"accept": "green", "revise": "green", "reject": "red"}


def print_run(console: Console, events: Sequence[Event], *, skills: bool = True) -> None:
    """Print a run's journal for people."""
    parts: list[RenderableType] = [curve_table(events)]
    decisions = [Padding(decision(e), (0, 0, 0, 2)) for e in events if e["event"] == "update"]
    if decisions:
        parts += [Text(), Text("Gate decisions", style="bold"), *decisions]
    for event in events:
        if event["event"] == "collapse":
            done = "removed" if event["accepted"] else "kept"
            parts.append(
                Text(f"epoch {event['epoch']}: dev score collapsed; {event['skill']} {done}")
            )
    parts += test_tables(events)
    unrun = reasons(events)
    if unrun:
        parts += [Text(), Text("Could not be run", style="bold")]
        parts += [Padding(Text(str(reason)), (0, 0, 0, 2)) for reason in unrun]
    if skills:
        parts += [Text(), *skill_panels(learned_skills(events))]
    console.print(Group(*parts))


def curve_table(events: Iterable[Event]) -> Table:
    """Return the learning curve: one row per validation."""
    rows = [e for e in events if e["event"] == "validation"]
    groups = sorted({g for e in rows for g in e.get("groups", {})})
    table = Table(title="Validation accuracy", title_justify="left", title_style="bold", box=None)
    table.add_column("")
    table.add_column("accuracy", justify="right")
    table.add_column("")
    for group in groups:
        table.add_column(group, justify="right")
    table.add_column("skills", justify="right")
    for event in rows:
        name = "no skills" if event["epoch"] == "baseline" else f"epoch {event['epoch']}"
        share = event["accuracy"]
        bar = "█" * round(share * _BAR)
        errors = f"  {event['errors']} could not be run" if event["errors"] else ""
        table.add_row(
            Text(name + (" (best)" if event.get("best") else "")),
            f"{share:.0%} ({event['correct']}/{event['total']})",
            Text(f"{bar:<{_BAR}}{errors}", style="cyan"),
            *(_fraction(event.get("groups", {}).get(g)) for g in groups),
            str(len(event.get("skills", []))),
        )
    return table


def _fraction(score: Mapping[str, Any] | None) -> str:
    return "" if score is None else f"{score['correct']}/{score['total']}"


def decision(event: Event) -> RenderableType:
    """Return one update's decision: what was proposed, and why it was kept or not."""
    title = Text(f"epoch {event['epoch']}, batch {event['cycle']}: ")
    if event.get("skipped"):
        return title.append(f"no update, {event['skipped']}", style="dim")
    accepted = event["accepted"]
    title.append(
        f"accepted {accepted}" if accepted else "nothing accepted",
        style="bold green" if accepted else "bold",
    )
    probe = event.get("probe")
    if probe:
        source = probe["source"].replace("_", " ")
        title.append(f"  (probe: {len(probe['samples'])} samples, {source})", style="dim")
    lines = [candidate_line(candidate) for candidate in event.get("candidates", [])]
    revision = event.get("revision")
    if revision and "verdict" in revision:
        lines.append(candidate_line(revision, "revision: "))
    lines += [
        Text(f"proposal unusable: {problem}", style="dim")
        for proposal in event.get("proposals", [])
        for problem in proposal["problems"]
    ]
    if not lines:
        lines.append(Text("the writer proposed nothing", style="dim"))
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines))


def candidate_line(candidate: Mapping[str, Any], prefix: str = "") -> Text:
    """Return one candidate's verdict and reason."""
    verdict = candidate.get("verdict")
    line = Text(f"{prefix}{candidate['title']}: ")
    if verdict is None:
        return line.append("not probed", style="dim")
    line.append(verdict, style=_COLOURS.get(verdict, "yellow"))
    line.append(f" — {candidate['reason']}")
    statistics = candidate.get("statistics")
    if statistics and statistics["n"]:
        line.append(
            f" [{statistics['b']} won, {statistics['c']} lost, p = {statistics['p_value']:.2g}]",
            style="dim",
        )
    if "stopped_after" in candidate:
        line.append(
            f" stopped after {candidate['stopped_after']} samples: it could no longer win",
            style="dim",
        )
    return line


def test_tables(events: Iterable[Event]) -> list[RenderableType]:
    """Return the sealed splits' results, if they were run."""
    names = {"test": "Test", "ood": "Out-of-distribution test"}
    arms = {"learned": "with the final library", "no_skills": "without skills"}
    lines: list[RenderableType] = []
    for event in events:
        if event["event"] != "test":
            continue
        groups = "  ".join(f"{g} {_fraction(s)}" for g, s in event.get("groups", {}).items())
        lines.append(
            Text(
                f"  {names.get(event['split'], event['split'])}, "
                f"{arms.get(event['arm'], event['arm'])}: "
                f"{event['accuracy']:.0%} ({event['correct']}/{event['total']})  {groups}"
            )
        )
    return (
        [Text(), Text("Sealed splits, evaluated once at the end", style="bold"), *lines]
        if lines
        else []
    )


def learned_skills(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Return the final library of a journal, or the newest if the run is unfinished."""
    for event in reversed(events):
        if event["event"] in ("finished", "validation") and event.get("skills") is not None:
            return list(event["skills"])
    return []


def skill_panels(skills: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    """Return the skills as panels."""
    if not skills:
        return [Text("No skill was learned.")]
    panels: list[RenderableType] = []
    for skill in skills:
        body = Group(Text(skill["description"], style="italic"), Text(), Markdown(skill["body"]))
        panels.append(
            Panel(body, title=f"Learned skill: {skill['name']} (version {skill['version']})",
                  title_align="left", border_style="green")
        )  # fmt: skip
    return panels
