"""Checks of what a task says of its data."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grasp.contracts import GraspError, Sample, Task
from grasp.plugins.loading import one_line
from grasp.testing.checks import Broken
from grasp.testing.difference import difference
from grasp.testing.processes import ask_child
from grasp.testing.task.case import TaskCase

_STABLE = (
    "derive ids from the data (its own key, or a number in a sorted list); never from hash(), "
    "id(), the order of a set, a clock or chance"
)


def set_up(case: TaskCase) -> Iterator[Broken]:
    """A task can be built and set up with its default parameters."""
    found = case.built
    if isinstance(found, GraspError):
        yield Broken(
            f"the task can't be set up: {found.message}",
            found.hint or "make the task work without anything that has to be fetched first",
        )
    elif isinstance(found, Exception):
        yield Broken(
            f"building the task or its setup() raised {one_line(found)}",
            "raise TaskError or ConfigError with a hint for what the user can mend",
        )
    elif not isinstance(found, Task):
        yield Broken(
            f"the factory returned a {type(found).__name__}, not a grasp.Task",
            "let the class inherit from grasp.Task; the optional methods come with it",
        )


def samples_given(case: TaskCase) -> Iterator[Broken]:
    """``samples`` returns mappings with an ``id``, and nothing for a split it lacks."""
    if isinstance(case.loaded, Exception):
        yield Broken(
            f"samples() failed: {one_line(case.loaded)}",
            "return a sequence of mappings with the key 'id', empty for a split you don't have",
        )
        return
    for split in ("dev", "val"):
        if not case.splits[split]:
            yield Broken(
                f"the split {split!r} has no samples",
                "GRASP learns on dev and validates on val; give the task both",
            )


def unique_ids(case: TaskCase) -> Iterator[Broken]:
    """No two samples of a split have one id."""
    for split, samples in case.splits.items():
        twice = [i for i, n in Counter(str(s["id"]) for s in samples).items() if n > 1]
        if twice:
            yield Broken(
                f"{len(twice)} ids stand twice in the split {split!r}, such as {twice[0]!r}",
                "give every sample an id of its own; outcomes are paired by it",
            )


def stable_ids(case: TaskCase) -> Iterator[Broken]:
    """Ids and their order are the same at every call, in every task and in every process."""
    now = {split: [str(s["id"]) for s in samples] for split, samples in case.splits.items()}
    for others, where in _other_ids(case):
        changed = difference(now, others())
        if changed:
            yield Broken(f"ids or their order differ {where}: {changed}", _STABLE)
            return


def _other_ids(case: TaskCase) -> Iterator[tuple[Callable[[], Any], str]]:
    yield lambda: ids_of(case.task), "between two calls of samples()"
    if case.rebuilds:
        yield lambda: ids_of(case.another()), "between two tasks built alike"
    if case.name is not None and _is_json(case.params):
        request = {"name": case.name, "params": case.params}
        # Another hash seed than this process's own, which is random or 0.
        yield (
            lambda: ask_child("grasp.testing.task.ids", request, PYTHONHASHSEED="4711"),
            "in another process",
        )


def ids_of(task: Task) -> dict[str, list[str]]:
    """Return the ids of every split."""
    from grasp.testing.task.case import ALL_SPLITS

    return {split: [str(s["id"]) for s in task.samples(split)] for split in ALL_SPLITS}


def disjoint_splits(case: TaskCase) -> Iterator[Broken]:
    """No sample is in two splits, under whatever id."""
    remedy = "split the data once, by id; what was trained on must not be tested on"
    by_id: dict[str, set[str]] = defaultdict(set)
    by_content: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for split, samples in case.splits.items():
        for sample in samples:
            by_id[str(sample["id"])].add(split)
            by_content[_content(sample)].append((split, str(sample["id"])))
    shared = sorted(i for i, splits in by_id.items() if len(splits) > 1)
    if shared:
        splits = " and ".join(sorted(by_id[shared[0]]))
        yield Broken(f"{len(shared)} samples are in two splits: {shared[0]!r} in {splits}", remedy)
    alike = [found for found in by_content.values() if len({split for split, _ in found}) > 1]
    alike = [found for found in alike if len({i for _, i in found}) > 1]
    if alike:
        (one, a), (other, b) = alike[0][0], alike[0][-1]
        yield Broken(
            f"{len(alike)} samples are in two splits under different ids: "
            f"{a!r} of {one} is {b!r} of {other}",
            remedy,
            "warning",
        )


def _content(sample: Sample) -> str:
    rest = {str(k): v for k, v in sample.items() if k not in ("id", "split")}
    return json.dumps(rest, sort_keys=True, default=repr) if rest else str(sample["id"])


def serialisable_samples(case: TaskCase) -> Iterator[Broken]:
    """Samples are JSON: they travel to other processes and into journals."""
    remedy = "keep to texts, finite numbers, booleans, None, lists and dicts with text keys"
    for split, samples in case.splits.items():
        for sample in samples:
            problem = _not_json(dict(sample))
            if problem:
                yield Broken(f"sample {sample['id']!r} of {split} is no JSON: {problem}", remedy)
                break


def _not_json(value: Any) -> str:
    try:
        back = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        return one_line(error)
    return difference(_plain(value), back)


def _plain(value: Any) -> Any:
    """Make lists of tuples, which JSON does not tell apart and nobody needs to."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _is_json(value: Any) -> bool:
    return not _not_json(value)


def described_samples(case: TaskCase) -> Iterator[Broken]:
    """What a task says of a sample is text, and what it says of itself is JSON."""
    task = case.task
    says: dict[str, Callable[[Sample], Any]] = {
        "sample_type": task.sample_type,
        "report_group": task.report_group,
        "instruction": task.instruction,
        "question_context": task.question_context,
        "ground_truth": task.ground_truth,
    }
    for name, say in says.items():
        for sample in case.shown:
            try:
                text = say(sample)
            except Exception as error:
                problem = f"raised {one_line(error)}"
            else:
                if isinstance(text, str):
                    continue
                problem = f"returned {text!r}"
            yield Broken(
                f"{name}() of sample {sample['id']!r} {problem}", 'return text, "" if none'
            )
            break
    problem = _not_json(task.describe())
    if problem:
        yield Broken(f"describe() is no JSON: {problem}", "return plain facts about the data")


CHECKS = (
    set_up,
    samples_given,
    unique_ids,
    stable_ids,
    disjoint_splits,
    serialisable_samples,
    described_samples,
)
