"""Why episodes failed: labels, one-sentence diagnoses, groups (method.md, 3.4 to 3.6)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grasp.agents.session import SessionAgent
from grasp.contracts import AgentError, Message, Task
from grasp.methods.grasp.answers import AnswerError, read_json, rows
from grasp.methods.grasp.observe import Entry
from grasp.methods.grasp.prompts import (
    DIAGNOSES_SCHEMA,
    LABELS_SCHEMA,
    render,
)
from grasp.methods.settings import CycleSettings
from grasp.skills import SkillLibrary

#: Group of failures without a label.
UNKNOWN = "unknown"

#: Characters kept of each action when the classifier is asked again.
_SHORT_ACTION = 160


@dataclass(frozen=True)
class Labels:
    """Labels by sample id, and descriptions of those that were not known before."""

    by_id: Mapping[str, str]
    new: Mapping[str, str]


def classify(
    failures: Sequence[Entry],
    taxonomy: Mapping[str, str],
    task: Task,
    settings: CycleSettings,
    agent: SessionAgent,
) -> Labels:
    """Ask for a mechanistic label of every failure; retry once with shorter actions.

    Returns:
        Empty labels if both answers are unusable.

    Raises:
        AgentError: Only a fatal one.
    """
    for action_chars in (None, _SHORT_ACTION):
        prompt = render(
            settings.prompts,
            "classify",
            task_family=task.updater_task_family,
            examples=task.updater_failure_examples.strip(),
            taxonomy=dict(taxonomy),
            failures=failures,
            action_chars=action_chars,
        )
        try:
            text = ask(agent, prompt, LABELS_SCHEMA, settings)
            labels = _read_labels(text, failures, taxonomy)
        except AnswerError:
            continue
        except AgentError as error:
            if error.fatal:
                raise
            continue
        if labels.by_id:
            return labels
    return Labels({}, {})


def _read_labels(text: str, failures: Sequence[Entry], taxonomy: Mapping[str, str]) -> Labels:
    value = read_json(text)
    given = value.get("labels", value) if isinstance(value, dict) else value
    if isinstance(given, dict):
        pairs = {str(k): str(v) for k, v in given.items() if isinstance(v, str)}
    else:
        pairs = {str(r["id"]): str(r["label"]) for r in rows(given) if {"id", "label"} <= set(r)}
    known_ids = {e.id for e in failures}
    by_id = {i: s for i, label in pairs.items() if i in known_ids and (s := snake(label))}
    described: dict[str, str] = {}
    if isinstance(value, dict):
        new = value.get("new_labels", value.get("descriptions"))
        if isinstance(new, dict):
            described = {snake(str(k)): str(v) for k, v in new.items()}
        else:
            described = {
                snake(str(r.get("label", ""))): str(r.get("description", "")) for r in rows(new)
            }
    # What is new is decided here, not by the model.
    fresh = {s: described.get(s, "") for s in sorted(set(by_id.values())) if s not in taxonomy}
    return Labels(by_id, fresh)


def snake(text: str) -> str:
    """Return a label in snake_case, at most six words."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return "_".join(words[:6])


def diagnose(
    failures: Sequence[Entry],
    library: SkillLibrary,
    task: Task,
    settings: CycleSettings,
    agent: SessionAgent,
) -> dict[str, str]:
    """Ask for one sentence on every failure; returns them by sample id, or nothing.

    Raises:
        AgentError: Only a fatal one.
    """
    prompt = render(
        settings.prompts,
        "diagnose",
        task_family=task.updater_task_family,
        skills=library.skills,
        failures=failures,
    )
    try:
        value = read_json(ask(agent, prompt, DIAGNOSES_SCHEMA, settings))
    except AnswerError:
        return {}
    except AgentError as error:
        if error.fatal:
            raise
        return {}
    known = {e.id for e in failures}
    found = {
        str(r.get("id")): " ".join(str(r.get("diagnosis", "")).split())
        for r in rows(value, "diagnoses")
    }
    return {i: text for i, text in found.items() if i in known and text}


def annotate(
    failures: Sequence[Entry], labels: Mapping[str, str], diagnoses: Mapping[str, str]
) -> list[Entry]:
    """Return the failures with what was found out about them."""
    return [
        replace(e, label=labels.get(e.id, ""), diagnosis=diagnoses.get(e.id, "")) for e in failures
    ]


def group(failures: Sequence[Entry], *, cluster: bool) -> list[tuple[str, list[Entry]]]:
    """Group failures by label, largest group first, ties by label.

    Without labels, or with ``cluster`` off, all failures form one group.
    """
    if not cluster or not any(e.label for e in failures):
        return [(UNKNOWN, list(failures))] if failures else []
    sizes = Counter(e.label or UNKNOWN for e in failures)
    order = sorted(sizes, key=lambda label: (-sizes[label], label))
    return [(label, [e for e in failures if (e.label or UNKNOWN) == label]) for label in order]


def ask(
    agent: SessionAgent,
    prompt: Sequence[Message],
    schema: Mapping[str, object],
    settings: CycleSettings,
) -> str:
    """Put one prompt to a writer and return its answer.

    Raises:
        AgentError: The call failed for good.
    """
    return agent.inference(
        prompt,
        schema=schema,
        max_tokens=settings.writer_max_tokens,
    )
