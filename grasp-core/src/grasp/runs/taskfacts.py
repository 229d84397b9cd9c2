"""What there is to know of a task without a model: sizes, parameters, its first prompt."""

from __future__ import annotations

import contextlib
import copy
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp.contracts import SPLITS, GraspError, Message, Sample, Task, Usage
from grasp.plugins import load_task, registry
from grasp.plugins.loading import one_line
from grasp.plugins.parameters import Parameters, parameters
from grasp.plugins.plugin import Plugin
from grasp.plugins.quiet import stdout_to_stderr
from grasp.plugins.specs import Spec


@dataclass(frozen=True)
class Prompt:
    """What a model is shown at the first turn of an episode.

    Attributes:
        split: The sample's.
        sample: Its id.
        messages: The history.
        tools: Tool definitions, if the task has any.
    """

    split: str
    sample: str
    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = ()


@dataclass
class TaskFacts:
    """What could be found out of a task.

    Attributes:
        plugin: Whose it is.
        spec: How it is registered.
        parameters: What can be set.
        splits: Split to number of samples; empty ones are left out.
        types: Split to sample type to number.
        groups: Split to report group to number.
        max_turns: Most calls of an episode, where the task tells.
        prompt: An example; ``None`` if there is none.
        no_prompt: Why there is none, one line.
        problem: What kept the task from being made or set up.
    """

    plugin: Plugin
    spec: Spec
    parameters: Parameters
    splits: dict[str, int] = field(default_factory=dict)
    types: dict[str, dict[str, int]] = field(default_factory=dict)
    groups: dict[str, dict[str, int]] = field(default_factory=dict)
    max_turns: int | None = None
    prompt: Prompt | None = None
    no_prompt: str = ""
    problem: GraspError | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON data."""
        return {
            "name": self.spec.name,
            "distribution": self.plugin.distribution,
            "version": self.plugin.found.version,
            "summary": self.spec.summary,
            "factory": self.spec.factory,
            "docs": self.spec.docs or self.plugin.found.docs,
            "requires": list(self.spec.requires),
            "parameters": [p.to_json() for p in self.parameters.known],
            "other_parameters": self.parameters.others,
            "splits": self.splits,
            "types": self.types,
            "groups": self.groups,
            "max_turns": self.max_turns,
            "prompt": None if self.prompt is None else _plain(vars(self.prompt)),
            "no_prompt": self.no_prompt,
            "problem": None if self.problem is None else self.problem.message,
        }


def task_facts(name: str, params: Mapping[str, Any]) -> TaskFacts:
    """Find out what there is to know of a task. No model is asked.

    Args:
        name: Of a registered task.
        params: Its parameters.

    Raises:
        PluginError: There is no such task, or it can't be imported.
    """
    plugin, spec = registry().find("tasks", name)
    with stdout_to_stderr():
        facts = TaskFacts(plugin, spec, parameters(plugin, spec))
        try:
            task = load_task(name, **params)
            facts.max_turns = task.max_turns
            try:
                task.setup()
            except GraspError as error:
                facts.problem = error
                with contextlib.suppress(Exception):  # Most have samples without it.
                    _count(task, facts)
                return facts
            try:
                first = _count(task, facts)
                if first is None:
                    facts.no_prompt = "it has no samples"
                else:
                    facts.prompt, facts.no_prompt = first_prompt(task, *first)
            finally:
                task.close()
        except GraspError as error:
            facts.problem = error
    return facts


def _count(task: Task, facts: TaskFacts) -> tuple[str, Sample] | None:
    """Count the samples; return the first of them and its split."""
    first: tuple[str, Sample] | None = None
    for split in (*SPLITS[:2], "probe", *SPLITS[2:]):
        samples = task.samples(split)
        if not samples:
            continue
        first = first or (split, samples[0])
        facts.splits[split] = len(samples)
        facts.types[split] = _counted(task.sample_type(s) for s in samples)
        facts.groups[split] = _counted(task.report_group(s) for s in samples)
    return first


def _counted(names: Any) -> dict[str, int]:
    counts = Counter(str(n) for n in names if n)
    return dict(sorted(counts.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> tuple[str, int]:
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :] or -1)


def first_prompt(task: Task, split: str, sample: Sample) -> tuple[Prompt | None, str]:
    """Return what an episode shows its model first, or why it shows nothing."""
    agent = _Listener()
    try:
        task.rollout(sample, agent)
    except _Heard:
        pass
    except Exception as error:
        if agent.heard is None:
            return None, f"its episode failed before the first turn ({one_line(error)})"
    if agent.heard is None:
        return None, "its episode ended without asking the model"
    messages, tools = agent.heard
    return Prompt(split, str(sample.get("id", "")), messages, tools), ""


class _Heard(BaseException):
    """Ends an episode. No ``Exception``, so that a task can't take it for a fault."""


class _Listener:
    """An agent that keeps what it is shown first, and answers nothing."""

    def __init__(self) -> None:
        self.heard: tuple[tuple[Message, ...], tuple[Mapping[str, Any], ...]] | None = None
        self.usage = Usage()

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        if self.heard is None:
            shown = copy.deepcopy([dict(m) for m in history]), copy.deepcopy(list(tools or ()))
            self.heard = tuple(shown[0]), tuple(shown[1])
        raise _Heard


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
