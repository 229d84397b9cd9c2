"""What the agent is told (spec fhiragent, 1 and 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grasp.dialogue import tools_in_text
from grasp_fhir_agentbench.tools import RESOURCE_TYPES

MARKER = "the final answer is:"

_ROLE = (
    "You answer clinical questions about one patient. The patient's record is on a FHIR R4 "
    "server that holds MIMIC-IV data; you reach it through tools."
)
_WITH_CODE = """
Work in three steps:
1. Retrieve the types of resources that the question needs. You are told only how many came; \
they are kept in the Python variable `retrieved_resources`, a dictionary from resource type to \
a list of resources.
2. Compute the answer with `execute_python_code`. Look at a few resources first if you don't \
know how they are built; print what you need, or put it into the variable `answer`.
3. Give the answer in a message of its own, without tool calls, that contains the words \
"The final answer is:" followed by the answer.

For the code: it must be complete and valid Python; variables other than \
`retrieved_resources` don't live from one call to the next; drop the UTC offset of times and \
compare them as local times.
""".strip()
_WITHOUT_CODE = """
Work in two steps:
1. Retrieve the resources that the question needs and read them.
2. Give the answer in a message of its own, without tool calls, that contains the words \
"The final answer is:" followed by the answer. Drop the UTC offset of times.
""".strip()
_EXAMPLES = """
Three examples of how to find an answer:
- ICU visits in a year: Encounter resources whose identifier system ends in `encounter-icu` \
and whose `period.start` is in that year; the answer is how many there are.
- How often a procedure was done in the first hospital visit: among Encounter resources whose \
identifier system ends in `encounter-hosp`, take the one with the earliest start; count the \
Procedure resources with that name whose `encounter` refers to it.
- Whether there was a diagnosis in the last hospital visit: take the hospital Encounter with \
the latest start and the encounters that are `partOf` it; look for Condition resources that \
refer to any of them.
""".strip()
_ANSWERS = """
About the answer: give every value that is asked for, each once, in the form that the data has \
(names as written, times as YYYY-MM-DD HH:MM:SS). If the record doesn't say, say that there is \
no such record. Never guess.
""".strip()


def system_prompt(tools: Sequence[Mapping[str, Any]], *, code: bool, as_text: bool) -> str:
    """Return the system message.

    Args:
        tools: Declarations of the tools of the agent.
        code: One of them runs code.
        as_text: The model calls tools in its text, as its endpoint can't call them.
    """
    names = ", ".join(f"`{t['function']['name']}`" for t in tools)
    parts = [
        _ROLE,
        f"Tools: {names}. Resource types: {', '.join(RESOURCE_TYPES)}.",
        _WITH_CODE if code else _WITHOUT_CODE,
        _ANSWERS,
        _EXAMPLES,
    ]
    if as_text:
        parts.append(tools_in_text(tools))
    return "\n\n".join(parts)


def user_prompt(record: Mapping[str, Any]) -> str:
    """Return the message with the question, exactly as the benchmark writes it."""
    return f"Question: {record['question']}\nContext:\n{question_context(record)}"


def question_context(record: Mapping[str, Any]) -> str:
    """Return what is said beside the question."""
    lines = [f"Patient FHIR ID is {record['patient_fhir_id']}."]
    if record.get("assumption"):
        lines.append(str(record["assumption"]))
    return "\n".join(lines)


def place_skills(system: str, skills: Sequence[Any]) -> str:
    """Return the system message with all skills after it."""
    told = [
        f"## {s.name}\n**When to use:** {s.description}\n\n{s.body.strip()}"
        for s in skills
        if s.name != "skeleton"
    ]
    return f"{system}\n\n---\n\n" + "\n\n".join(told) if told else system
