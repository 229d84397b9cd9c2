"""Scripted agents that call tools: one that knows every answer, and near misses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage
from grasp_agentbench.dbbench.records import Record, is_change

Say = Callable[[Record], list[Any]]


def tool(number: int, name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": text}}


def statement(record: Record) -> str:
    return str(record["label"][0] if is_change(record) else record["sql"])


def answer(record: Record) -> list[Any]:
    return ["done"] if is_change(record) else list(record["label"])


class Oracle:
    """Runs the right statement, then submits the right answer.

    Args:
        records: What it knows, by id.
        run: The statement of a record; ``None`` for none.
        say: The answer of a record.
    """

    identity: Mapping[str, Any] = {"backend": "oracle"}

    def __init__(
        self,
        records: Mapping[str, Record],
        run: Callable[[Record], str | None] = statement,
        say: Say = answer,
    ) -> None:
        self._by_question = {r["description"] + r["add_description"]: r for r in records.values()}
        self._run, self._say = run, say

    def complete(self, call: ModelCall) -> Completion:
        record = self.record(call)
        said = self._run(record)
        turns = sum(m["role"] == "tool" for m in call.messages)
        if said is not None and not turns:
            return self.calls(turns, "execute_sql", {"query": said})
        return self.calls(turns, "commit_final_answer", {"answers": self._say(record)})

    def record(self, call: ModelCall) -> Record:
        text = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        told = text.split("Additional table information about the question: ")[-1]
        about, _, rest = told.partition("\nQuestion: ")
        question = rest.partition("\n")[0]
        return self._by_question[question + about]

    @staticmethod
    def calls(number: int, name: str, arguments: Any) -> Completion:
        return Completion("", Usage(calls=1), (tool(number, name, arguments),), "tool_calls")

    def close(self) -> None:
        return
