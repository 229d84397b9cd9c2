"""What the agent is told (spec agentbench, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.dialogue import declare

EXECUTE = "execute_sql"
COMMIT = "commit_final_answer"

TOOLS = (
    declare(EXECUTE, "Run one SQL statement and get what MySQL returns.", query="One statement."),
    declare(
        COMMIT,
        "Submit the final answer; this ends the task.",
        answers={
            "type": "array",
            "items": {"type": "string"},
            "description": "The values that answer the question; anything after a change.",
        },
    ),
)

SYSTEM = f"""
You operate a MySQL database to answer a question or to carry out a change.
First explain the problem and how you go about it. Then, in every round, call one of two tools:
- `{EXECUTE}` runs a statement. Write it in one line, one statement at a time; you get MySQL's \
raw response.
- `{COMMIT}` submits the final answer. Use it only when you are sure: the answer must be exactly \
right. If you were asked for a change of the database, make it first; the answer can then be \
anything.
Always use the tools; what stands in the text of a message is not an answer.
""".strip()

#: Said before every question, with skills or without.
REMINDER = f"""
## SQL tools
- Look at the data with `{EXECUTE}` before you rely on it; names with spaces need backticks.
- Make changes with `{EXECUTE}`, then submit with `{COMMIT}`.
- Every episode ends with one call of `{COMMIT}`, whose `answers` is a list of strings.
""".strip()

NO_TOOL_CALL = "Internal error: No tool calls found despite finish reason."
UNREADABLE = "Error: the tool call can't be read; its arguments must be a JSON object."
UNKNOWN_TOOL = f"Error: there is no such tool; call `{EXECUTE}` or `{COMMIT}`."
MISSING = "Error: the argument is missing."
TIMED_OUT = "Error: SQL execution timed out."

GUIDANCE = """
- The agent works on one table of a MySQL database, in at most 15 rounds; all columns are TEXT.
- A question is graded by the values that are submitted, a change by the table as it stands \
afterwards, cell by cell.
- Worth teaching: comparing and sorting numbers that are text (casts, separators, units), names \
that need backticks, which form an answer must have, how to read a request for a row or for a \
change literally, looking at the table before and after a change.
- Tables differ between samples: never teach values or answers of one table.
""".strip()

FAILURES = """
number_compared_as_text
wrong_column
wrong_condition
wrong_aggregate
answer_not_in_the_form_of_the_data
too_many_values
row_not_as_requested
changed_too_many_rows
changed_nothing
sql_error_not_mended
never_submitted
""".strip()


def question(record: Mapping[str, Any]) -> str:
    """Return the user message of a record."""
    parts = [
        ("Evidence about the question", record.get("evidence")),
        ("Additional table information about the question", record.get("add_description")),
        ("Question", record["description"]),
    ]
    return "".join(f"{title}: {said}\n" for title, said in parts if said)
