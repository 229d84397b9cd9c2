"""An episode: actions until the task is done (spec agentbench, 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from grasp.contracts import Agent, ContextLimitError, Rollout, Status
from grasp.dialogue import Dialogue, tools_in_text
from grasp_agentbench.household import prompts
from grasp_agentbench.household.bleu import closest
from grasp_agentbench.household.engine import NOTHING

#: Model calls of an episode.
MAX_STEPS = 35
#: Equal actions in a row that end an episode, from the fourth step on.
_REPEATS = 3


class Playing(Protocol):
    """A game being played."""

    @property
    def won(self) -> bool:
        """The task is done."""
        ...

    @property
    def introduction(self) -> str:
        """What is said at the beginning."""
        ...

    @property
    def commands(self) -> list[str]:
        """The admissible commands."""
        ...

    def step(self, command: str) -> str:
        """Carry out a command; return what is said."""
        ...


@dataclass(frozen=True)
class Result:
    """What an episode came to; ``raw`` of its rollout.

    Attributes:
        won: The task was done.
        steps: Model calls.
        idle: Actions that did nothing.
        repeated: It ended because an action was repeated.
    """

    won: bool = False
    steps: int = 0
    idle: int = 0
    repeated: bool = False


def run_episode(
    game: Playing,
    agent: Agent,
    *,
    as_text: bool = False,
    max_steps: int = MAX_STEPS,
    compat: bool = False,
) -> Rollout:
    """Run one episode; ``raw`` of the rollout is a ``Result``.

    Args:
        game: Has just begun.
        agent: The model.
        as_text: Tools are called in the text of replies.
        max_steps: Model calls.
        compat: A turn without a valid call leaves its mark in the status though the task is
            done later, as in the original.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
    """
    system = prompts.SYSTEM
    if as_text:
        system = f"{system}\n\n{tools_in_text(prompts.TOOLS)}"
    # The greeting is left out.
    told = "\n".join(game.introduction.split("\n\n")[1:])
    opening = f"Here is your task. {told}{prompts.available(game.commands)}"
    talk = Dialogue(
        agent,
        [{"role": "system", "content": system}, {"role": "user", "content": opening}],
        as_text=as_text,
        strict=compat,
    )
    said: list[str] = []
    status, mark = Status.TASK_LIMIT, Status.COMPLETED
    steps = idle = 0
    repeated = False
    try:
        while steps < max_steps and not game.won:
            _, calls = talk.ask(prompts.TOOLS)
            steps += 1
            if not calls:
                mark = Status.VALIDATION_FAILED
                talk.say(prompts.NO_CALL + prompts.available(game.commands))
                continue
            call = calls[0]
            if not isinstance(call.first, str):  # There is one tool, whatever it is called.
                mark = Status.INVALID_ACTION
                talk.result(call, prompts.NO_CALL + prompts.available(game.commands))
                talk.unanswered(calls[1:])
                continue
            said.append(call.first)
            answer = game.step(closest(_plain(call.first), game.commands))
            idle += answer == NOTHING
            talk.result(call, _without_arrival(answer) + prompts.available(game.commands))
            talk.unanswered(calls[1:])
            repeated = len(said) > _REPEATS and len(set(said[-_REPEATS:])) == 1
            if repeated:
                break
    except ContextLimitError:
        status = Status.CONTEXT_LIMIT
    won = game.won and not repeated
    if repeated:
        status = Status.INVALID_ACTION
    elif won:
        status = mark if compat else Status.COMPLETED
    result = Result(won, steps, idle, repeated)
    return Rollout(talk.told, talk.actions, said[-1] if said else None, status.value, result)


def _plain(action: str) -> str:
    return action.strip().lower().split("\n")[0]


def _without_arrival(answer: str) -> str:
    if answer.startswith("You arrive at loc "):
        return answer[answer.find(". ") + 2 :]
    return answer
