"""What the agent is told (spec agentbench, 3.1)."""

from __future__ import annotations

from grasp.dialogue import declare

SEARCH = "search_action"
CLICK = "click_action"

TOOLS = (
    declare(SEARCH, "Search the shop, where a search bar is available.", keywords="Search words."),
    declare(CLICK, "Click one of the clickables.", value="One of the available clickables."),
)

SYSTEM = """
You are shopping on the web and follow the instruction that each page repeats.
In every round you get an observation and the available actions; answer by calling one tool.
Search where a search bar is available, with words of your choice: choose them with care.
Click one of the clickables; the value must be one of those listed. An action that isn't valid \
does nothing.
Think about what to do first. Always call a tool: nobody answers questions, and you need no \
permission.
""".strip()

NO_TOOL_CALL = "No executable tool calls found! You should call a tool instead."
UNREADABLE = "No valid tool call found from agent."
LIMIT = "Task limit reached."

GUIDANCE = """
- The agent has 20 rounds to search a shop, open products, choose options and buy one; only a \
purchase that fits the instruction wholly counts.
- The reward is the share of the wanted attributes, options and price limit that the purchase \
meets, less for a product of another kind.
- Worth teaching: which words to search for, comparing several results before buying, reading \
features and description for attributes, clicking every wanted option before Buy Now (chosen \
options aren't shown), minding the price limit, buying before the rounds are over.
- Goals differ between samples: never teach products.
""".strip()

FAILURES = """
bought_without_options
wrong_option
wrong_kind_of_product
attribute_missing
too_expensive
never_bought
search_too_narrow
stopped_at_first_result
""".strip()
