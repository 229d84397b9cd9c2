"""Checks of how a task scores its episodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grasp.contracts import Rollout, Sample, Status, Task
from grasp.plugins.loading import one_line
from grasp.testing.checks import Blocked, Broken
from grasp.testing.malformed import (
    INSTALL,
    Attempt,
    evaluates,
    first_raising,
    have_hypothesis,
    raises,
)
from grasp.testing.task.case import Episode, TaskCase, copied, with_answer

_TRIES = 5


def valid_scores(case: TaskCase) -> Iterator[Broken]:
    """``evaluate`` returns a verdict, or a score in [0, 1]."""
    problem = _invalid_score(case)
    if problem:
        yield Broken(
            problem,
            "return True or False, or a number from 0 to 1; an answer that can't be read is wrong",
        )


def _invalid_score(case: TaskCase) -> str:
    for episode, rollout in case.rollouts:
        try:
            score: Any = case.task.evaluate(episode.sample, copied(rollout))
        except Exception as error:
            return f"evaluate() of {episode.name} raised {one_line(error)}"
        if not isinstance(score, int | float) or not 0 <= score <= 1:  # Not a number is neither.
            return f"evaluate() of {episode.name} returned {score!r}"
    return ""


def repeatable_grading(case: TaskCase) -> Iterator[Broken]:
    """The same rollout always gets the same verdict."""
    broken = _graded_otherwise(case)
    if broken:
        episode, first, other = broken
        yield Broken(
            f"{episode.name} was graded {first}, and {other} when graded again",
            "grade without chance, clock, network or model; keep nothing between gradings",
        )


def _graded_otherwise(case: TaskCase) -> tuple[Episode, Any, Any] | None:
    for episode, rollout in case.rollouts:
        first = _score(case.task, episode.sample, rollout)
        for _ in range(_TRIES - 1):
            other = _score(case.task, episode.sample, rollout)
            if other != first:
                return episode, first, other
    return None


def grading_by_arguments(case: TaskCase) -> Iterator[Broken]:
    """``evaluate`` depends on its arguments alone: any task built alike grades alike."""
    if not case.rebuilds:
        return
    if _graded_otherwise(case):
        raise Blocked  # ``repeatable_grading`` says so already.
    fresh = case.another()
    if not isinstance(fresh, Task):
        return
    for episode, rollout in reversed(case.rollouts):
        first = _score(case.task, episode.sample, rollout)
        other = _score(fresh, episode.sample, rollout)
        if other != first:
            yield Broken(
                f"{episode.name} is graded {first}, but {other} by a task that did not run it",
                "grade what stands in the rollout; what the environment knows belongs into "
                "rollout.raw, not into self",
            )
            return


def _score(task: Task, sample: Sample, rollout: Rollout) -> Any:
    try:
        score = task.evaluate(sample, copied(rollout))
    except Exception as error:
        return one_line(error)
    return "nan" if score != score else score


def robust_grading(case: TaskCase) -> Iterator[Broken]:
    """No answer makes ``evaluate`` or ``failure_tags`` raise."""
    remedy = "read answers with care; what can't be read is wrong: return False"
    if not have_hypothesis():
        yield Broken(
            "graders were tried with a fixed list of malformed answers only",
            f"{INSTALL} to have hypothesis make up more",
            "warning",
        )
    for episode, rollout in _fuzzed(case):
        evaluate = _trying(case.task.evaluate, episode.sample, rollout)
        tags = _trying(case.task.failure_tags, episode.sample, rollout)

        def both(answer: str | None, evaluate: Attempt = evaluate, tags: Attempt = tags) -> None:
            evaluate(answer)
            tags(answer)

        found = first_raising(both, case.expected(episode.sample), case.examples)
        if found:
            name = "evaluate" if raises(evaluate, found.answer) else "failure_tags"
            yield Broken(
                f"{name}() of {episode.name} raised {one_line(found.error, 120)} "
                f"for the answer {_short(found.answer)}",
                remedy,
            )
            return


def _trying(use: Callable[[Sample, Rollout], Any], sample: Sample, rollout: Rollout) -> Attempt:
    """Return a function that gives ``use`` the rollout with another answer."""

    def attempt(answer: str | None) -> None:
        for changed in with_answer(rollout, answer):
            use(sample, changed)

    return attempt


def _fuzzed(case: TaskCase) -> list[tuple[Episode, Rollout]]:
    """Return one episode of each type, as one that was completed.

    A grader may look at no more than the status of others.
    """
    by_type: dict[str, tuple[Episode, Rollout]] = {}
    for episode, rollout in sorted(case.rollouts, key=lambda pair: not _is_whole(pair[1])):
        kind = case.type_of(episode.sample)
        by_type.setdefault(kind, (episode, copied(rollout, status=Status.COMPLETED.value)))
    return list(by_type.values())


def _is_whole(rollout: Rollout) -> bool:
    return str(rollout.status) == Status.COMPLETED.value and bool(rollout.answer)


def _short(answer: str | None) -> str:
    text = repr(answer)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(answer or '')} characters)"


def answers_not_run(case: TaskCase) -> Iterator[Broken]:
    """A grader never runs an answer as code."""
    for episode, rollout in _fuzzed(case):
        if evaluates(_trying(case.task.evaluate, episode.sample, rollout)):
            yield Broken(
                f"evaluate() of {episode.name} ran the agent's answer as Python code",
                "read answers with json.loads or ast.literal_eval, never with eval or exec",
            )
            return


def cut_episodes_graded(case: TaskCase) -> Iterator[Broken]:
    """An episode that ended before its first turn can be graded, and is not correct."""
    if _invalid_score(case) or _graded_otherwise(case):
        raise Blocked  # Other checks say so already.
    cut = Rollout(status=Status.CONTEXT_LIMIT.value)
    for sample in case.shown:
        try:
            score = float(case.task.evaluate(sample, copied(cut)))
            case.task.failure_tags(sample, copied(cut))
        except Exception as error:
            problem = f"raised {one_line(error)}"
        else:
            if score < case.task.pass_threshold:
                continue
            problem = f"gave {score:g}, which passes"
        yield Broken(
            f"grading sample {sample['id']!r} without history and answer {problem}",
            "the engine makes such a rollout when the prompt is longer than the model's context; "
            "it is wrong",
        )
        return


def wellformed_tags(case: TaskCase) -> Iterator[Broken]:
    """``failure_tags`` returns a list of texts."""
    for episode, rollout in case.rollouts:
        tags: Any = _tags_of(case, episode.sample, rollout)
        if not isinstance(tags, list | tuple) or not all(isinstance(t, str) for t in tags):
            yield Broken(
                f"failure_tags() of {episode.name} returned {tags!r}",
                "return a list of short texts, such as ['no_answer']; empty if there are none",
            )
            return


def _tags_of(case: TaskCase, sample: Sample, rollout: Rollout) -> Any:
    try:
        return case.task.failure_tags(sample, copied(rollout))
    except Exception:
        return []  # Reported by ``robust_grading``.


def tags_keep_the_answer(case: TaskCase) -> Iterator[Broken]:
    """``failure_tags`` names the mechanism of a failure, never the expected answer."""
    shapes: dict[str, set[str]] = {}
    for sample in (s for samples in case.splits.values() for s in samples[:20]):
        for rollout in _failures(case):
            tags = _tags_of(case, sample, rollout)
            for tag in tags if isinstance(tags, list | tuple) else ():
                for answer in case.expected(sample):
                    leak = _leak(str(tag), answer, _said(rollout))
                    if leak is None:
                        continue
                    shapes.setdefault(leak, set()).add(answer)
                    # "yes" may stand in a tag by chance, but not "yes" and "no" in turn.
                    if len(shapes[leak]) > 1:
                        yield Broken(
                            f"failure_tags() of sample {sample['id']!r} tells the expected "
                            f"answer {answer!r}: {tag!r}",
                            "say how the answer is wrong ('wrong_unit', 'empty_answer'), not "
                            "what is right: the skill writer would learn answers by heart",
                        )
                        return


def _failures(case: TaskCase) -> Sequence[Rollout]:
    """Return wrong rollouts that know nothing of any answer."""
    empty = Rollout(
        [{"role": "user", "content": "?"}, {"role": "agent", "content": "zzz"}], ["zzz"], "zzz"
    )
    wrong = [r for e, r in case.rollouts if e.voice == "voice that always says ok"]
    return [empty, copied(empty, answer=None), *wrong[:2]]


def _leak(tag: str, answer: str, said: str) -> str | None:
    """Return the tag with a gap where the answer stands in it, if it does."""
    words, wanted = _words(tag), _words(answer)
    if not wanted or wanted in _words(said):
        return None
    found = re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])", words)
    return None if not found else f"{words[: found.start()]}…{words[found.end() :]}"


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def _said(rollout: Rollout) -> str:
    return " ".join(str(m.get("content")) for m in rollout.history if isinstance(m, dict))


CHECKS = (
    valid_scores,
    repeatable_grading,
    grading_by_arguments,
    robust_grading,
    answers_not_run,
    cut_episodes_graded,
    wellformed_tags,
    tags_keep_the_answer,
)
