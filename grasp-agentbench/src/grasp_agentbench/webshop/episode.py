"""An episode: searches and clicks until something is bought (spec agentbench, 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from grasp.contracts import Agent, ContextLimitError, Rollout, Status
from grasp.dialogue import Dialogue, ToolCall, tools_in_text
from grasp_agentbench.webshop import prompts
from grasp_agentbench.webshop.reward import Reward
from grasp_agentbench.webshop.shop import Page, Visit

#: Model calls of an episode.
MAX_ROUNDS = 20

_VERBS = {prompts.SEARCH: "search", prompts.CLICK: "click"}


@dataclass(frozen=True)
class Result:
    """What an episode came to; ``raw`` of its rollout.

    Attributes:
        reward: Of the purchase; ``None`` if nothing was bought.
        asin: What was bought.
        searches: How many searches were made.
    """

    reward: Reward | None = None
    asin: str = ""
    searches: int = 0


def run_episode(
    visit: Visit, agent: Agent, *, as_text: bool = False, max_rounds: int = MAX_ROUNDS
) -> Rollout:
    """Run one episode; ``raw`` of the rollout is a ``Result``.

    Args:
        visit: Has just entered the shop.
        agent: The model.
        as_text: Tools are called in the text of replies.
        max_rounds: Model calls.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
    """
    system = prompts.SYSTEM
    if as_text:
        system = f"{system}\n\n{tools_in_text(prompts.TOOLS)}"
    opening = f"The initial observation:\n{_shown(visit.page)}"
    talk = Dialogue(
        agent,
        [{"role": "system", "content": system}, {"role": "user", "content": opening}],
        as_text=as_text,
    )
    status, searches = Status.TASK_LIMIT, 0
    try:
        for number in range(1, max_rounds + 1):
            _, calls = talk.ask(prompts.TOOLS)
            if not calls:
                said = f"{prompts.NO_TOOL_CALL}\n\nAvailable Actions:\n{visit.page.actions}"
                talk.say(f"Observation:\n{said}")
                continue
            action = _action(calls[0])
            if action is None:
                told = f"{prompts.UNREADABLE}\n\nObservation:\n{_shown(visit.page)}"
            else:
                visit.step(action)
                searches += action.startswith("search[")
                told = f"Action: {action}\n\nObservation:\n{_shown(visit.page)}"
            if visit.reward is not None:
                status = Status.COMPLETED
                break
            talk.result(calls[0], told if number < max_rounds else prompts.LIMIT)
            talk.unanswered(calls[1:])
    except ContextLimitError:
        status = Status.CONTEXT_LIMIT
    bought = visit.bought.asin if visit.bought else ""
    result = Result(visit.reward, bought, searches)
    return Rollout(talk.told, talk.actions, bought or None, status.value, result)


def _action(call: ToolCall) -> str | None:
    verb = _VERBS.get(call.name)
    return f"{verb}[{call.first}]" if verb and call.arguments else None


def _shown(page: Page) -> str:
    return f"{page.text}\n\nAvailable Actions:\n{page.actions}"
