"""What a small model sees: one-line actions, one-line observations, skills in the system message.

The actions are real FHIR searches; only their results are told in short lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from grasp.contracts import InjectedSkill
from grasp_medagentbench.quickstart.cohort import NOW, WINDOW

#: Most turns of an episode.
MAX_TURNS = 4
#: Longest answer of one turn, in tokens; the longest sensible one has about 60.
MAX_TOKENS = 96
#: Most characters of a search result and of an error that are shown.
MAX_OBSERVATION = 2_000
MAX_ERROR = 160

SYSTEM = """\
You answer questions about patients from a FHIR server. Each turn, reply with one action on \
one line. First search:
GET Observation?patient=<id>&code=<code>&date=ge<time>
Then answer the question:
FINISH([<answer>])"""

SKILLS_HEADER = 'Skills you have learned. Follow each one whose "When to use" fits the question:'

NO_RESULTS = "No results."


def moment(time: datetime) -> str:
    """Print a time as FHIR searches take it, to the minute."""
    return time.strftime("%Y-%m-%dT%H:%MZ")


def question(mrn: str) -> str:
    """Return what is asked about a patient."""
    return (
        f"It is {moment(NOW)}. What is the most recent magnesium (code MG) of patient {mrn} "
        f"in the last 24 hours, that is since {moment(NOW - WINDOW)}?"
    )


def system_message(skills: Sequence[InjectedSkill]) -> str:
    """Return the system message with the whole library in it."""
    if not skills:
        return SYSTEM
    blocks = [f"# {s.name}\n{s.description}\n\n{s.body.strip()}" for s in skills]
    return "\n\n".join([SYSTEM, SKILLS_HEADER, *blocks])


# -- actions -------------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """One turn of the agent.

    ``argument`` is the address of a ``get`` and the answer of a ``finish``.
    """

    kind: Literal["get", "finish", "invalid"]
    argument: str = ""


def parse_action(text: str) -> Action:
    """Read a turn: its first line, in case the endpoint did not stop there."""
    lines = text.strip().splitlines()
    line = lines[0].strip() if lines else ""
    verb, _, rest = line.partition(" ")
    if verb == "GET" and rest.strip():
        return Action("get", rest.strip())
    if line.startswith("FINISH("):
        return Action("finish", line.removeprefix("FINISH(").removesuffix(")").strip())
    return Action("invalid")


def read_answer(text: str) -> Any:
    """Return an answer's JSON value.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


# -- observations --------------------------------------------------------------------


def observation(status: int, text: str) -> str:
    """Tell a FHIR response in short lines."""
    try:
        body = json.loads(text)
    except ValueError:
        body = {}
    if not 200 <= status < 400:
        return _cut(f"Error {status}: {_diagnostics(body)}", MAX_ERROR)
    lines = [_line(r) for r in _resources(body)]
    if not lines:
        return f"{body['total']} results." if body.get("total") else NO_RESULTS
    if any(link.get("relation") == "next" for link in body.get("link", ())):
        lines.append("- more results on the next page")
    return _cut("\n".join(lines), MAX_OBSERVATION)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _diagnostics(body: Mapping[str, Any]) -> str:
    issue: Mapping[str, Any] = next(iter(body.get("issue", ())), {})
    return " ".join(str(issue.get("diagnostics", "there is nothing at this address")).split())


def _resources(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if body.get("resourceType") == "Bundle":
        return [entry["resource"] for entry in body.get("entry", ()) if "resource" in entry]
    return [body]


def _line(resource: Mapping[str, Any]) -> str:
    quantity, time = resource.get("valueQuantity"), resource.get("effectiveDateTime")
    if not quantity or not time:
        return f"- {resource.get('resourceType')}/{resource.get('id')}"
    when = datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M")
    return f"- {when}: {quantity['value']} {quantity['unit']}"
