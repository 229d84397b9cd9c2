"""Checks of a method's whole runs."""

from __future__ import annotations

from collections.abc import Iterator

from grasp.contracts import Cancelled, GraspError
from grasp.plugins.loading import one_line
from grasp.testing import world
from grasp.testing.checks import Broken
from grasp.testing.difference import difference
from grasp.testing.method.case import CONCURRENCY, MethodCase, Run

_REPEAT = (
    "draw from grasp.methods.harness.rng(seed, ...), sort what comes out of sets, keep nothing in "
    "the class, and record events in the order of the batch, not of the threads"
)


def run_completes(case: MethodCase) -> Iterator[Broken]:
    """A run on a well-behaved task with a well-behaved model comes to its end."""
    error = case.outcome
    if isinstance(error, GraspError):
        yield Broken(
            f"a small run failed: {error.message}",
            error.hint or "let a method cope with any task and any answer of the model",
        )
    elif isinstance(error, Exception):
        yield Broken(
            f"a small run raised {one_line(error)}",
            "read the model's answers with care and go on without what can't be read; learn() "
            "is called for every batch, also where nothing failed",
        )


def repeatable_run(case: MethodCase) -> Iterator[Broken]:
    """Equal seeds and equal answers make equal runs, however many episodes run at once."""
    changed = _unlike(case.whole, _again(case))
    if changed:
        yield Broken(
            f"the same run with {CONCURRENCY} episodes at a time differs in {changed}", _REPEAT
        )


def _again(case: MethodCase) -> Run:
    return case.run("again", concurrency=CONCURRENCY)


def _unlike(one: Run, other: Run) -> str:
    for number, (a, b) in enumerate(zip(one.events, other.events, strict=False)):
        changed = difference(a, b)
        if changed:
            return f"event {number} of the journal ({a['event']}): {changed}"
    names, others = ([e["event"] for e in run.events] for run in (one, other))
    return difference(names, others, "events")


def resumable_run(case: MethodCase) -> Iterator[Broken]:
    """A run that was stopped goes on to the same end, and pays for no call twice."""
    total = len(case.whole.calls)
    if total < 2:
        return
    for share, stop in enumerate((total // 3, 2 * total // 3)):
        folder = f"stopped-{share}"
        try:
            case.run(folder, stop_after=stop)
        except Cancelled:
            pass
        except Exception as error:
            yield Broken(
                f"stopped after {stop} of {total} calls, the run raised {one_line(error)}",
                "let AgentError pass through: it ends the run, and --resume goes on",
            )
            return
        else:
            yield Broken(
                f"stopped after {stop} of {total} calls, the run went on to its end",
                "let AgentError pass through where it is fatal: nothing can be learned any more",
            )
            return
        rest = case.run(folder, resume=True)
        changed = _unlike(case.whole, rest)
        if changed:
            yield Broken(
                f"stopped after {stop} of {total} calls and resumed, the run differs in {changed}",
                f"a resumed run starts again with the answers it has: {_REPEAT}",
            )
            return
        if stop + len(rest.calls) > total:
            yield Broken(
                f"stopped after {stop} of {total} calls, the rest took {len(rest.calls)}",
                "make every call under a scope that is the same when the run is made again",
            )
            return


def sealed_splits(case: MethodCase) -> Iterator[Broken]:
    """A method sees nothing of val, test and ood; the harness alone evaluates them."""
    for call in case.whole.calls:
        shown = "" if world.is_acting(call) else world.sealed(call)
        if shown:
            yield Broken(
                f"the call {call.scope or 'without scope'} shows the model {shown!r}",
                "learn from the batch that learn() is given, and from the dev split alone",
            )
            return
    if not case.in_harness:
        return
    places = [c for c in case.whole.calls if world.is_acting(c) and _early(c.scope)]
    for call in places:
        shown = world.sealed(call)
        if shown:
            yield Broken(
                f"an episode of {shown!r} was run while learning, at {call.scope}",
                "run episodes of the dev split (or of 'probe') only",
            )
            return


def _early(scope: str) -> bool:
    """Tell whether a call belongs to an update: ``e0/b1/...``."""
    parts = scope.split("/")
    return len(parts) > 1 and parts[0][:1] == "e" and parts[1][:1] == "b"


CHECKS = (run_completes, repeatable_run, resumable_run, sealed_splits)
