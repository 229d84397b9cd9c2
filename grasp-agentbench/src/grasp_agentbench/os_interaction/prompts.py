"""What the agent is told (spec agentbench, 1.1)."""

from __future__ import annotations

import re

from grasp.dialogue import declare

BASH, FINISH, ANSWER = "bash_action", "finish_action", "answer_action"

TOOLS = (
    declare(BASH, "Run a bash script and get what it writes.", script="The script."),
    declare(FINISH, "Say that the task is done.", thought="Why it is done."),
    declare(ANSWER, "Answer the question.", answer="The answer alone, exactly."),
)

SYSTEM = f"""
Act like a person at a Linux (Ubuntu) system, which is played for you. Carry out what is asked, or \
answer the question.
In each turn first think, then call exactly one tool:
- `{BASH}` runs a script; you get its output, which is cut if it is long. Don't run anything that \
waits for input.
- `{FINISH}` when you have done what was asked.
- `{ANSWER}` when you know the answer. Give the answer alone, exact, in no sentence.
""".strip()

LEAD_IN = "Now, I will start a new problem in a new OS. My problem is:\n\n"
NO_TOOL_CALL = "No executable tool calls found. Please call a tool instead"
UNKNOWN_TOOL = f"There is no such tool. Call {BASH}, {FINISH} or {ANSWER}."
EMPTY = "The output of the OS is empty."
CUT = "\n[truncated because the output is too long]"
MISSING = "The argument is missing."
UNREADABLE = "The output of the OS can't be shown: it is not text."

#: What ``Shell.run`` makes of bytes that are no UTF-8.
_NO_TEXT = re.compile("[\udc80-\udcff]")

GUIDANCE = """
- The agent has 8 rounds at a bash shell that stays the same from one to the next; output is cut \
at 800 characters.
- Questions are graded by the answer alone (often compared with a reference command's output); \
tasks by the state of the machine.
- Worth teaching: which commands count or find things exactly (hidden files, links, sums, total \
lines), giving the answer alone without words or units, checking before finishing, ending with the \
right tool in time.
- Machines differ between samples: never teach paths or values of one.
""".strip()

FAILURES = """
wrong_count
answer_in_a_sentence
hidden_files_counted_or_missed
total_line_counted
only_described_the_change
did_not_persist
wrong_permissions
command_waits_for_input
never_finished
""".strip()


def observation(output: str, *, note: str = "") -> str:
    """Return what the agent is told of a script's output: up to 800 characters of it."""
    if _NO_TEXT.search(output):
        return UNREADABLE
    shown = output[:780] + CUT if len(output) > 800 else output
    said = f"The output of the OS:\n\n{shown}" if shown else EMPTY
    return f"{said}\n{note}" if note else said
