"""An episode: statements, their results, and the answer (spec agentbench, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp.contracts import Agent, ContextLimitError, Rollout, Status
from grasp.dialogue import NO_OBJECT, Dialogue, ToolCall, tools_in_text
from grasp_agentbench.dbbench import prompts
from grasp_agentbench.dbbench.database import Database, StatementError, StatementTimeout
from grasp_agentbench.dbbench.digest import joint_digest, table_digest
from grasp_agentbench.dbbench.records import Table, is_change

#: Model calls of an episode.
MAX_ROUNDS = 15
#: Characters of a result that are shown.
SHOWN = 800


@dataclass
class Result:
    """What an episode came to; ``raw`` of its rollout.

    Attributes:
        answer: What was submitted.
        submitted: Whether anything was.
        digest: Of the tables at the end, after a change was submitted.
        statements: How many ran.
        errors: How many of them failed.
    """

    answer: Any = None
    submitted: bool = False
    digest: str = ""
    statements: int = 0
    errors: list[str] = field(default_factory=list)


class _Broken(Exception):
    """A call that breaks the original's environment."""


def run_episode(
    record: Mapping[str, Any],
    tables: Sequence[Table],
    database: Database,
    agent: Agent,
    *,
    as_text: bool = False,
    max_rounds: int = MAX_ROUNDS,
    compat: bool = False,
) -> Rollout:
    """Run one episode; ``raw`` of the rollout is a ``Result``.

    Args:
        record: The question or change.
        tables: As the database has them at first.
        database: The episode's.
        agent: The model.
        as_text: Tools are called in the text of replies.
        max_rounds: Model calls.
        compat: Arguments that are no object, a submission without an argument, or with one that
            has no length, break the environment, as in the original; otherwise it is told, or
            taken.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
    """
    system = prompts.SYSTEM
    if as_text:
        system = f"{system}\n\n{tools_in_text(prompts.TOOLS)}"
    talk = Dialogue(
        agent,
        [
            {"role": "system", "content": system},
            {"role": "user", "content": prompts.question(record)},
        ],
        as_text=as_text,
        strict=compat,
    )
    result, status = Result(), Status.TASK_LIMIT
    try:
        for _ in range(max_rounds):
            _, calls = talk.ask(prompts.TOOLS)
            if not calls:
                talk.say(prompts.NO_TOOL_CALL)
            if any(_carry_out(call, talk, database, result, compat) for call in calls):
                status = Status.COMPLETED
                break
    except ContextLimitError:
        status = Status.CONTEXT_LIMIT
    except _Broken:
        status, result.submitted = Status.TASK_ERROR, False
    if result.submitted and is_change(record):
        result.digest = digest_of(database, tables)
    answer = None if not result.submitted else str(result.answer)
    return Rollout(talk.told, talk.actions, answer, status.value, result)


def digest_of(database: Database, tables: Sequence[Table]) -> str:
    """Return the digest of the tables as they stand, or why there is none."""
    try:
        return joint_digest(table_digest(database.cells(table)) for table in tables)
    except StatementError as error:
        return str(error)


def _carry_out(
    call: ToolCall, talk: Dialogue, database: Database, result: Result, compat: bool
) -> bool:
    """Do what a call asks for; return whether it ends the episode."""
    if compat and call.error == NO_OBJECT:
        raise _Broken
    if call.arguments is None:
        talk.result(call, prompts.UNREADABLE)
    elif call.name == prompts.EXECUTE:
        talk.result(call, _executed(call, database, result))
    elif call.name != prompts.COMMIT:
        talk.result(call, prompts.UNKNOWN_TOOL)
    elif not call.arguments and compat:
        raise _Broken
    elif not call.arguments:
        talk.result(call, prompts.MISSING)
    else:
        # The original looks at the first hundred of what is not empty.
        if compat and call.first and not isinstance(call.first, str | list):
            raise _Broken
        result.answer, result.submitted = call.first, True
    return result.submitted


def _executed(call: ToolCall, database: Database, result: Result) -> str:
    if not call.arguments:
        return prompts.MISSING
    result.statements += 1
    try:
        shown = str(database.execute(str(call.first)))
    except StatementTimeout:
        result.errors.append("timeout")
        return prompts.TIMED_OUT
    except StatementError as error:
        result.errors.append(str(error.number))
        shown = str(error)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}[TRUNCATED]"
