"""What a journal tells, in the form that the page shows it. Pure: events in, plain data out."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp.methods.gate.statistics import wilson_interval
from grasp.report.reasons import Reason, reasons

Event = Mapping[str, Any]

#: Signs of ``FLIPS``, so that nothing is told by colour alone.
SIGNS = {
    "fixed": "+",
    "broken": "\u2212",
    "right": "\u2713",
    "wrong": "\u2717",
    "error": "?",
    "skipped": "",
}

#: What a probe sample did under a candidate, beside the library as it was.
FLIPS = {
    "fixed": "fixed",
    "broken": "broken",
    "right": "right before and after",
    "wrong": "wrong before and after",
    "error": "could not be run",
    "skipped": "not run: the candidate could no longer win",
}


@dataclass(frozen=True)
class Episode:
    """One row of the table of episodes; ``verdict`` is ``right``, ``wrong`` or ``error``."""

    scope: str
    sample: str
    verdict: str
    status: str = ""
    answer: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flip:
    """What one probe sample did under one candidate; a key of ``FLIPS``."""

    sample: str
    kind: str
    baseline: str
    candidate: str


@dataclass(frozen=True)
class EditView:
    """An edit; ``diff`` is against the skill as it was, if there was one."""

    action: str
    name: str
    description: str
    body: str
    diff: tuple[str, ...]


@dataclass(frozen=True)
class CandidateView:
    """A candidate, its flips and what the gate said.

    ``fresh`` are the statistics of pairs that the gate asked for, ``stopped_after`` the samples
    after which the candidate could no longer win.
    """

    title: str
    verdict: str
    reason: str
    winner: bool
    edits: tuple[EditView, ...]
    statistics: Mapping[str, Any]
    fresh: Mapping[str, Any]
    stopped_after: int | None
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class UpdateView:
    """One update."""

    epoch: int
    cycle: int
    scope: str
    skipped: str
    accepted: str
    failures: tuple[Mapping[str, Any], ...]
    problems: tuple[str, ...]
    probe: str
    proposals: tuple[str, ...]
    candidates: tuple[CandidateView, ...]

    @property
    def key(self) -> str:
        """Its anchor in the page."""
        return f"e{self.epoch}-b{self.cycle}"


@dataclass(frozen=True)
class Point:
    """One validation."""

    name: str
    accuracy: float
    correct: int
    total: int
    errors: int
    skills: int
    best: bool

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy (Wilson 1927)."""
        return wilson_interval(self.correct, self.total)


@dataclass(frozen=True)
class Version:
    """A skill as it was from some update on; ``diff`` is against the version before."""

    name: str
    version: int
    action: str
    where: str
    description: str
    body: str
    provenance: Mapping[str, Any]
    diff: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A failed dev episode, what the writer said of it, and where its trace is."""

    sample: str
    diagnosis: str
    scope: str


@dataclass(frozen=True)
class Story:
    """Everything a page shows of a journal."""

    task: str
    method: str
    finished: bool
    curve: tuple[Point, ...]
    tests: tuple[Mapping[str, Any], ...]
    updates: tuple[UpdateView, ...]
    final: tuple[Mapping[str, Any], ...]
    versions: tuple[Version, ...]
    labels: tuple[tuple[str, tuple[Failure, ...]], ...]
    tags: tuple[tuple[str, int], ...]
    unrun: tuple[Reason, ...] = ()
    episodes: tuple[Episode, ...] = field(repr=False, default=())


def tell(events: Sequence[Event]) -> Story:
    """Return what a journal tells, of an unfinished run too."""
    first: Event = events[0] if events else {}
    updates = tuple(_updates(events))
    episodes = tuple(_episodes(events))
    labels: dict[str, list[Failure]] = defaultdict(list)
    for update in updates:
        for f in update.failures:
            found = Failure(
                str(f["id"]), str(f.get("diagnosis") or ""), f"{update.scope}/dev/{f['id']}"
            )
            labels[str(f.get("label") or "unlabelled")].append(found)
    tags = Counter(tag for e in episodes for tag in e.tags if "/dev/" in e.scope)
    return Story(
        task=str(first.get("task", "")),
        method=str(first.get("method", "")),
        finished=any(e["event"] == "finished" for e in events),
        curve=tuple(_point(e) for e in events if e["event"] == "validation"),
        tests=tuple(e for e in events if e["event"] == "test"),
        updates=updates,
        final=tuple(_final(events)),
        versions=tuple(_versions(events)),
        labels=tuple(
            (label, tuple(labels[label])) for label in sorted(labels, key=lambda n: -len(labels[n]))
        ),
        tags=tuple(tags.most_common()),
        unrun=tuple(reasons(events)),
        episodes=episodes,
    )


def where(event: Event) -> str:
    """Return the place of an update in words."""
    return f"epoch {event['epoch']}, batch {event.get('cycle', 0)}"


def _point(event: Event) -> Point:
    baseline = event["epoch"] == "baseline"
    return Point(
        "no skills" if baseline else f"epoch {event['epoch']}",
        event["accuracy"],
        event["correct"],
        event["total"],
        event.get("errors", 0),
        len(event.get("skills") or ()),
        bool(event.get("best")),
    )


def _final(events: Sequence[Event]) -> Sequence[Mapping[str, Any]]:
    for event in reversed(events):
        if event["event"] in ("finished", "validation") and event.get("skills") is not None:
            return list(event["skills"])
    return []


def _updates(events: Sequence[Event]) -> Iterator[UpdateView]:
    library: Mapping[str, Mapping[str, Any]] = {}
    for event in events:
        if event["event"] == "update":
            yield _update(event, library)
        if "library" in event:
            library = {skill["name"]: skill for skill in event["library"]}


def _update(event: Event, library: Mapping[str, Mapping[str, Any]]) -> UpdateView:
    scope = f"e{event['epoch']}/b{event['cycle']}"
    probe = event.get("probe") or {}
    candidates = [
        _candidate(event, one, f"{scope}/probe/c{n}", n == event.get("winner"), library)
        for n, one in enumerate(event.get("candidates", ()))
    ]
    revision = event.get("revision")
    if revision and "verdict" in revision:
        title = f"narrowed: {revision['title']}"
        candidates.append(
            _candidate(event, {**revision, "title": title}, f"{scope}/probe/revision",
                       bool(revision.get("accepted")), library)
        )  # fmt: skip
    source = str(probe.get("source", "")).replace("_", " ")
    return UpdateView(
        epoch=event["epoch"],
        cycle=event["cycle"],
        scope=scope,
        skipped=str(event.get("skipped") or ""),
        accepted=str(event.get("accepted") or ""),
        failures=tuple(event.get("failures", ())),
        problems=tuple(p for one in event.get("proposals", ()) for p in one["problems"]),
        probe=f"{len(probe['samples'])} samples, {source}" if probe else "",
        proposals=tuple(f"{scope}/propose/{n}" for n, _ in enumerate(event.get("proposals", ()))),
        candidates=tuple(candidates),
    )


def _candidate(
    event: Event,
    one: Mapping[str, Any],
    scope: str,
    winner: bool,
    library: Mapping[str, Mapping[str, Any]],
) -> CandidateView:
    baseline: Mapping[str, Any] = event.get("baseline") or {}
    outcomes: Mapping[str, Any] = one.get("outcomes") or {}
    base = f"e{event['epoch']}/b{event['cycle']}/probe/baseline"
    flips = [
        Flip(sample, _flip(before, outcomes.get(sample)), f"{base}/{sample}", f"{scope}/{sample}")
        for sample, before in baseline.items()
    ]
    return CandidateView(
        title=str(one["title"]),
        verdict=str(one.get("verdict") or "not probed"),
        reason=str(one.get("reason") or ""),
        winner=winner,
        edits=tuple(_edit(e, library.get(str(e.get("name")))) for e in one.get("edits", ())),
        statistics=one.get("statistics") or {},
        fresh=one.get("fresh") or {},
        stopped_after=one.get("stopped_after"),
        flips=tuple(flips) if "outcomes" in one else (),
    )


def _edit(edit: Mapping[str, Any], before: Mapping[str, Any] | None) -> EditView:
    action, body = str(edit.get("action", "")), str(edit.get("body", ""))
    description = str(edit.get("description", "")) or str((before or {}).get("description", ""))
    after = None if action == "REMOVE" else {"description": description, "body": body}
    return EditView(
        action, str(edit.get("name", "")), description, body, _diff(before, after) if before else ()
    )


def _flip(before: Any, after: Any) -> str:
    if after is None:
        return "skipped"
    if "error" in (before, after):
        return "error"
    if before == after:
        return "right" if after else "wrong"
    return "fixed" if after else "broken"


def _episodes(events: Sequence[Event]) -> Iterator[Episode]:
    for event in events:
        kind = event["event"]
        if kind == "batch":
            yield from _listed(event, f"e{event['epoch']}/b{event['cycle']}/dev")
        elif kind == "validation":
            name = "baseline" if event["epoch"] == "baseline" else f"e{event['epoch']}"
            yield from _listed(event, f"{name}/val")
        elif kind == "test":
            yield from _listed(event, f"{event['split']}/{event['arm']}")
        elif kind == "update":
            probe = f"e{event['epoch']}/b{event['cycle']}/probe"
            arms = {"baseline": event.get("baseline") or {}}
            arms |= {f"c{n}": c.get("outcomes") or {} for n, c in
                     enumerate(event.get("candidates", ()))}  # fmt: skip
            arms["revision"] = (event.get("revision") or {}).get("outcomes") or {}
            for arm, outcomes in arms.items():
                for sample, verdict in outcomes.items():
                    yield Episode(f"{probe}/{arm}/{sample}", sample, _verdict(verdict))


def _listed(event: Event, scope: str) -> Iterator[Episode]:
    for row in event.get("samples", ()):
        yield Episode(
            f"{scope}/{row['id']}",
            str(row["id"]),
            "error" if row.get("error") else _verdict(row["correct"]),
            str(row.get("status", "")),
            str(row.get("answer", "")),
            tuple(row.get("tags", ())),
        )


def _verdict(value: Any) -> str:
    return "error" if value == "error" else "right" if value else "wrong"


def _versions(events: Sequence[Event]) -> Iterator[Version]:
    known: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event["event"] not in ("update", "collapse") or "library" not in event:
            continue
        now = {skill["name"]: skill for skill in event["library"]}
        for name in [n for n in known if n not in now]:
            yield _version(known[name], None, where(event), "REMOVE")
        for name, skill in now.items():
            before = known.get(name)
            if before is None or before["version"] != skill["version"]:
                yield _version(before, skill, where(event), "MODIFY" if before else "ADD")
        known = now


def _version(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, place: str, action: str
) -> Version:
    shown = after or before
    assert shown is not None
    return Version(
        name=str(shown["name"]),
        version=int(shown["version"]),
        action=action,
        where=place,
        description=str(shown["description"]),
        body=str(shown["body"]),
        provenance=(after or {}).get("provenance") or {},
        diff=_diff(before, after),
    )


def _diff(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    old, new = (_lines(skill) for skill in (before, after))
    return tuple(line for line in difflib.ndiff(old, new) if not line.startswith("?"))


def _lines(skill: Mapping[str, Any] | None) -> list[str]:
    return [] if skill is None else [str(skill["description"]), "", *str(skill["body"]).split("\n")]
