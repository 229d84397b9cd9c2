"""The task keeps the contract that grasp-core's conformance kit looks after."""

from __future__ import annotations

import pytest

from grasp.contracts import Completion, ModelCall
from grasp.testing import check_plugin, check_task

from .agents import Oracle


def looker(call: ModelCall) -> Completion:
    """Looks at the tables, then answers."""
    if any(m["role"] == "tool" for m in call.messages):
        return Oracle.calls(1, "commit_final_answer", {"answers": ["1"]})
    return Oracle.calls(0, "execute_sql", {"query": "SHOW TABLES"})


#: The same in the text of replies.
IN_TEXT = [
    {
        "match": r"Result of execute_sql",
        "answer": '```json\n{"tool": "commit_final_answer", "arguments": {"answers": ["1"]}}\n```',
    },
    {
        "match": r"Question:",
        "where": "any",
        "answer": '```json\n{"tool": "execute_sql", "arguments": {"query": "SHOW TABLES"}}\n```',
    },
]


def test_the_plugin() -> None:
    assert check_plugin("grasp-agentbench").findings == ()


def test_the_task() -> None:
    report = check_task("agentbench-dbbench", params={"max_rounds": 3}, policy=looker, examples=4)
    assert report.findings == ()


@pytest.mark.slow
def test_the_task_with_tools_called_in_text() -> None:
    params = {"max_rounds": 3, "tool_calling": "text", "upstream_compat": True}
    report = check_task("agentbench-dbbench", params=params, policy=IN_TEXT, examples=4)
    assert report.findings == ()
