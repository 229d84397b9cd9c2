"""What the agent is told (spec agentbench, 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.dialogue import declare

ACT = "take_action"

TOOLS = (declare(ACT, "Do one of the available actions.", action="One of the available actions."),)

SYSTEM = """
You act in a household to carry out a task. At first you are told what is around you and what \
your goal is. In every turn you get a list of the actions that are available; call the tool with \
one of them. After each turn you are told what came of it, and plan your next steps from that. \
"Nothing happens" means that the action was not valid: try others.
1. Choose the action from the available ones; no other is legal.
2. Act, rather than ask or explain.
""".strip()

NO_CALL = "No action was taken: call the tool with one of the available actions."

GUIDANCE = """
- The agent has 35 turns in a household of text; in each it takes one of the listed actions, and \
the task must be done at the end of one.
- It carries one thing at a time, sees what is in a receptacle only when there (and only if it is \
open), and cleans, heats and cools what it holds, at a sink basin, a microwave or a fridge.
- Worth teaching: in which order to search, what to do for each kind of task (place, clean, heat, \
cool, examine under a lamp, two of a kind) step by step, never to repeat an action that did nothing.
- Households differ between samples: never teach where something lies in one of them.
""".strip()

FAILURES = """
searched_without_plan
repeated_an_action
did_not_open_receptacle
took_the_wrong_object
skipped_cleaning_heating_or_cooling
placed_in_the_wrong_receptacle
lamp_not_used
second_object_forgotten
action_not_available
ran_out_of_steps
""".strip()


def available(commands: Sequence[str]) -> str:
    """Return the list of actions as it follows every observation."""
    return f" AVAILABLE ACTIONS: {chr(10).join(commands)}\n"
