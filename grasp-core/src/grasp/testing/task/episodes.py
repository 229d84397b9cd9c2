"""Checks of how a task runs its episodes."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

from grasp.contracts import EndpointError, Rollout, Status
from grasp.plugins.loading import one_line
from grasp.testing.checks import Blocked, Broken
from grasp.testing.difference import difference
from grasp.testing.driving import MOST_TURNS, Endless, driver
from grasp.testing.task.case import Episode, TaskCase, copied

ROLES = ("system", "user", "agent", "tool")
_STATUSES = [s.value for s in Status]


def rollouts_return(case: TaskCase) -> Iterator[Broken]:
    """``rollout`` returns a ``Rollout`` whatever the agent says; the status tells how it ended."""
    told: set[str] = set()
    for episode in case.episodes:
        error = episode.raised
        if isinstance(error, Endless) or isinstance(episode.rollout, Rollout):
            continue
        kind = type(error or episode.rollout).__name__
        if kind in told:
            continue
        told.add(kind)
        what = f"raised {one_line(error)}" if error else f"returned a {kind}"
        yield Broken(
            f"rollout() of {episode.name} {what}",
            "return a Rollout with the status 'agent invalid action' for what the agent does "
            "wrong and 'task error' for what the environment does wrong",
        )


def bounded_episodes(case: TaskCase) -> Iterator[Broken]:
    """Every episode ends by itself, with ``task limit reached`` if need be."""
    for episode in case.episodes:
        if isinstance(episode.raised, Endless):
            yield Broken(
                f"rollout() of {episode.name} asked for more than {MOST_TURNS} turns",
                "count the turns and end with the status 'task limit reached'",
            )
            return


def known_status(case: TaskCase) -> Iterator[Broken]:
    """A rollout's status is one of ``grasp.Status``."""
    unknown = {str(r.status): e for e, r in case.rollouts if str(r.status) not in _STATUSES}
    for status, episode in unknown.items():
        yield Broken(
            f"rollout() of {episode.name} ended with the unknown status {status!r}",
            f"use one of grasp.Status: {', '.join(map(repr, _STATUSES))}",
        )


def whole_rollouts(case: TaskCase) -> Iterator[Broken]:
    """A rollout holds messages with role and content, texts as actions, a text as answer."""
    for episode, rollout in case.rollouts:
        problem = _misshapen(rollout)
        if problem:
            yield Broken(
                f"the rollout of {episode.name} has {problem}",
                "history: a list of {'role': user|agent|system|tool, 'content': ...} in JSON; "
                "agent_actions: a list of texts; answer: a text or None",
            )
            return


def _misshapen(rollout: Rollout) -> str:
    # What is said here of types is a promise of the task, not a fact.
    history: Any = rollout.history
    answer: Any = rollout.answer
    if not isinstance(history, list):
        return f"a {type(history).__name__} as history"
    for number, message in enumerate(history):
        if not isinstance(message, dict) or "role" not in message or "content" not in message:
            return f"no message with role and content at history[{number}]"
        if message["role"] not in ROLES:
            return f"the unknown role {message['role']!r} at history[{number}]"
    try:
        json.dumps(history)
    except (TypeError, ValueError) as error:
        return f"a history that is no JSON ({one_line(error)})"
    actions: Any = rollout.agent_actions
    if not isinstance(actions, list | tuple) or not all(isinstance(a, str) for a in actions):
        return "agent_actions that are no list of texts"
    if answer is not None and not isinstance(answer, str):
        return f"a {type(answer).__name__} as answer"
    return ""


def agents_turns_told(case: TaskCase) -> Iterator[Broken]:
    """What the agent said stands in the history, under the role ``agent``."""
    for episode, rollout in case.rollouts:
        if _misshapen(rollout):
            raise Blocked  # ``whole_rollouts`` says so already.
        spoke = bool(episode.driver.prompts)
        if spoke and all(m["role"] != "agent" for m in rollout.history):
            yield Broken(
                f"the history of {episode.name} has no turn of the agent",
                "append {'role': 'agent', 'content': reply}; the skill writer learns from it",
            )
            return


def samples_unchanged(case: TaskCase) -> Iterator[Broken]:
    """Neither ``rollout`` nor ``evaluate`` changes the sample it is given."""
    for episode in case.episodes:
        if isinstance(episode.rollout, Rollout):
            with contextlib.suppress(Exception):  # Reported by the checks of grading.
                case.task.evaluate(episode.given, copied(episode.rollout))
        changed = difference(dict(episode.sample), dict(episode.given))
        if changed:
            yield Broken(
                f"an episode changed sample {episode.sample['id']!r}: {changed}",
                "copy what you change; the same sample is run many times, at the same time",
            )
            return


def repeatable_rollouts(case: TaskCase) -> Iterator[Broken]:
    """The same sample and the same answers of the agent make the same episode."""
    broken = _unlike(case.ended, _again(case))
    if broken:
        episode, changed = broken
        yield Broken(
            f"{episode.name} went differently the second time: {changed}",
            "start every episode afresh, and take chance from the sample, as in "
            "random.Random(sample['id']), never from a clock; a stopped run is resumed by "
            "running it again",
        )


def _again(case: TaskCase) -> list[Episode]:
    # In the other order, so that what one episode leaves behind meets another one.
    return [case.run(e.sample, e.voice) for e in reversed(case.ended)][::-1]


def isolated_rollouts(case: TaskCase) -> Iterator[Broken]:
    """Episodes that run at the same time know nothing of each other."""
    if _unlike(case.ended, _again(case)):
        raise Blocked  # ``repeatable_rollouts`` says so already.
    broken = _unlike(case.ended, case.together(case.ended))
    if broken:
        episode, changed = broken
        yield Broken(
            f"{episode.name} goes differently while others run: alone and with others it differs "
            f"in {changed}",
            "keep what belongs to an episode in local variables of rollout(), not in self, the "
            "class or the module; make one environment for each episode",
        )


def _unlike(before: list[Episode], after: list[Episode]) -> tuple[Episode, str] | None:
    for one, other in zip(before, after, strict=True):
        changed = difference(_comparable(one.seen), _comparable(other.seen))
        if changed:
            return one, changed
    return None


def _comparable(seen: Any) -> Any:
    return {**seen, "status": str(seen["status"])} if isinstance(seen, dict) else seen


def faults_pass_through(case: TaskCase) -> Iterator[Broken]:
    """An error of ``agent.inference`` passes through ``rollout``."""
    for sample in case.shown[:2]:
        agent = driver(None, faulty=True)
        try:
            case.task.rollout(sample, agent)
        except EndpointError:
            continue
        except (Exception, Endless) as error:
            what = f"became {one_line(error) or 'an endless episode'}"
        else:
            what = "was swallowed"
        if agent.prompts:
            yield Broken(
                f"an endpoint error in an episode of sample {sample['id']!r} {what}",
                "don't catch what agent.inference raises: the engine tells faults of the "
                "infrastructure from wrong answers",
                "warning",
            )
            return


def pure_injection(case: TaskCase) -> Iterator[Broken]:
    """``inject_skills`` returns a new history, or ``None``, and changes nothing."""
    skills = (_Skill("a-skill", "A skill of the kit.", "Do it well."),)
    for episode in case.episodes[:4]:
        for prompt in episode.driver.prompts[:2]:
            given = copy.deepcopy(prompt)
            for library in (skills, ()):
                placed: Any = case.task.inject_skills(given, library)
                if placed is not None and not isinstance(placed, list):
                    yield Broken(
                        f"inject_skills() returned a {type(placed).__name__}",
                        "return a new list of messages, or None for GRASP's own injection",
                    )
                    return
                changed = difference(prompt, given)
                if changed:
                    yield Broken(
                        f"inject_skills() changed the history it was given: {changed}",
                        "copy the messages first: [dict(m) for m in history]",
                    )
                    return


class _Skill:
    def __init__(self, name: str, description: str, body: str) -> None:
        self.name, self.description, self.body = name, description, body


CHECKS = (
    rollouts_return,
    bounded_episodes,
    known_status,
    whole_rollouts,
    agents_turns_told,
    samples_unchanged,
    repeatable_rollouts,
    isolated_rollouts,
    faults_pass_through,
    pure_injection,
)
