"""An episode: a machine is prepared, the agent works on it, the result is checked (spec, 1)."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grasp.contracts import Agent, ContextLimitError, Rollout, Status
from grasp.dialogue import Dialogue, tools_in_text
from grasp_agentbench.os_interaction import prompts
from grasp_agentbench.os_interaction.checks import compare
from grasp_agentbench.os_interaction.records import Problem, Script
from grasp_agentbench.os_interaction.sandbox import (
    Backend,
    Sandbox,
    SandboxError,
    Shell,
    ShellTimeout,
)
from grasp_agentbench.os_interaction.sandbox.base import run

#: Model calls of an episode.
MAX_ROUNDS = 8
#: Seconds that a script may take.
SCRIPT_SECONDS = 30.0
#: Statuses from here on are of scripts that were stopped (124), couldn't be begun, or were killed.
_NOT_ITS_OWN = 124


@dataclass(frozen=True)
class Rules:
    """How episodes are run.

    Attributes:
        as_text: Tools are called in the text of replies.
        max_rounds: Model calls.
        seconds: That a script may take.
        sound: The records' own scripts are known to work: that one fails is the machine's fault.
        compat: A script that takes too long ends the episode, as in the original.
    """

    as_text: bool = False
    max_rounds: int = MAX_ROUNDS
    seconds: float = SCRIPT_SECONDS
    sound: bool = False
    compat: bool = False


@dataclass(frozen=True)
class Result:
    """What an episode came to; ``raw`` of its rollout.

    Attributes:
        correct: The check passed.
        ended: ``answer``, ``finish``, or ``""``.
        timeouts: Scripts that took too long.
        prepared: The machine could be prepared.
        destroyed: The agent has made it unusable.
    """

    correct: bool = False
    ended: str = ""
    timeouts: int = 0
    prepared: bool = True
    destroyed: bool = False


def run_episode(
    sample: Mapping[str, Any], problem: Problem, backend: Backend, agent: Agent, rules: Rules
) -> Rollout:
    """Run one episode on a machine of its own; ``raw`` of the rollout is a ``Result``.

    Args:
        sample: For what is asked.
        problem: How it is prepared and checked.
        backend: Makes the machine.
        agent: The model.
        rules: How it is run.

    Raises:
        AgentError: A model call failed for good, other than by the prompt's length.
        SandboxError: The machine can't be made or prepared, or is gone. (Where a record's
            script fails by itself, as one of the official ones does, the episode is wrong.)
    """
    seconds = rules.seconds
    sandbox = backend.start()
    try:
        for script in problem.init:
            finished = run(sandbox, script.argv(), seconds)
            if finished.status:
                # A signal's number is negative, or added to 128.
                own = 0 < finished.status < _NOT_ITS_OWN and not rules.sound
                if rules.compat or (own and _lives(sandbox)):
                    return Rollout(status=Status.UNKNOWN.value, raw=Result(prepared=False))
                raise _unprepared(f"ends with {finished.status}", finished.output)
        shell = Shell(sandbox)
        try:
            if problem.start is not None:
                try:
                    shell.run(problem.start.code, seconds)
                except ShellTimeout as error:
                    if not rules.compat:
                        raise _unprepared(f"takes over {seconds:g} s", error.output) from None
                    return Rollout(status=Status.UNKNOWN.value, raw=Result(prepared=False))
            return _work(sample, problem, backend, sandbox, shell, agent, rules)
        finally:
            shell.close()
    finally:
        sandbox.close()


def _unprepared(how: str, output: str) -> SandboxError:
    said = " ".join(output.split())[-200:]
    return SandboxError(
        f"the machine could not be prepared: a script of the sample's {how}"
        + (f", and says {said}" if said else "")
    )


def _work(
    sample: Mapping[str, Any],
    problem: Problem,
    backend: Backend,
    sandbox: Sandbox,
    shell: Shell,
    agent: Agent,
    rules: Rules,
) -> Rollout:
    compat, seconds = rules.compat, rules.seconds
    system = prompts.SYSTEM
    if rules.as_text:
        system = f"{system}\n\n{tools_in_text(prompts.TOOLS)}"
    asked = prompts.LEAD_IN + str(sample.get("ran") or sample["description"])
    talk = Dialogue(
        agent,
        [{"role": "system", "content": system}, {"role": "user", "content": asked}],
        as_text=rules.as_text,
        strict=compat,
    )
    status, ended, timeouts, destroyed = Status.TASK_LIMIT, "", 0, False
    answer: Any = None
    try:
        for _ in range(rules.max_rounds):
            _, calls = talk.ask(prompts.TOOLS)
            if not calls:
                talk.say(prompts.NO_TOOL_CALL)
                continue
            call, others = calls[0], calls[1:]
            if call.arguments is None:
                talk.result(call, call.error)
            elif not call.arguments and call.name in (prompts.BASH, prompts.ANSWER):
                if compat:  # The original's environment is broken by it.
                    status = Status.TASK_ERROR
                    break
                talk.result(call, prompts.MISSING)
            elif call.name == prompts.BASH:
                try:
                    said, late = _scripted(shell, str(call.first or ""), seconds)
                except OSError:
                    if not _works(backend):
                        raise
                    # Others work, so it is what the agent has done to this one.
                    status, destroyed = Status.TASK_ERROR, True
                    break
                timeouts += late
                if late and compat:  # And by this.
                    status = Status.TASK_ERROR
                    break
                talk.result(call, said)
            elif call.name in (prompts.FINISH, prompts.ANSWER):
                ended = call.name.partition("_")[0]
                answer = call.first
                status = Status.COMPLETED
                break
            else:
                talk.result(call, prompts.UNKNOWN_TOOL)
            talk.unanswered(others)
    except ContextLimitError:
        status = Status.CONTEXT_LIMIT
    correct = bool(ended) and is_correct(problem, answer, sandbox, seconds, compat=compat)
    if ended and problem.checks and not correct and not (_lives(sandbox) or _works(backend)):
        # A check fails too where what runs the machines has gone away.
        raise SandboxError("the machine is gone, and no other comes up")
    result = Result(correct, ended, timeouts, destroyed=destroyed)
    words = None if answer is None else str(answer)
    return Rollout(talk.told, talk.actions, words, status.value, result)


def _lives(sandbox: Sandbox) -> bool:
    return run(sandbox, ["bash", "-c", "exit 0"], SCRIPT_SECONDS).status == 0


def _works(backend: Backend) -> bool:
    """Tell whether a new machine has a shell."""
    try:
        sandbox = backend.start()
    except OSError:
        return False
    try:
        Shell(sandbox).close()
        return True
    except OSError:
        return False
    finally:
        sandbox.close()


def _scripted(shell: Shell, script: str, seconds: float) -> tuple[str, bool]:
    """Return what the agent is told of a script, and whether it took too long."""
    try:
        return prompts.observation(shell.run(script, seconds)), False
    except ShellTimeout as error:
        shell_is = "goes on" if error.survived else "was begun anew"
        note = f"[stopped after {seconds:g} seconds; the shell {shell_is}]"
        return prompts.observation(error.output, note=note), True


def is_correct(
    problem: Problem, answer: Any, sandbox: Sandbox, seconds: float, *, compat: bool = False
) -> bool:
    """Check an answer, and the machine as the agent left it.

    Args:
        problem: What was asked.
        answer: What was answered, or the words with which it was finished; mostly text.
        sandbox: The machine.
        seconds: That a script may take.
        compat: Compare sizes as the original does; what is no text is no answer of a match.
    """
    if problem.match is not None or problem.pattern is not None:
        if answer is None or (compat and not isinstance(answer, str)):
            return False
        said = str(answer).strip() if problem.strip else str(answer)
        if problem.match is not None:
            return said == problem.match
        return re.search(problem.pattern or "", said) is not None
    given = [str(answer)]
    for check in problem.checks:
        script = problem.example if check is None else check
        if isinstance(script, str):
            if len(given) < 2 or not compare(script, given[0], given[1], compat=compat):
                return False
            given.append("")
            continue
        command = (script or Script("bash", "false")).argv(*given)
        try:
            finished = run(sandbox, command, seconds, errors=False)
        except (ValueError, OSError) as error:  # No command has such an argument.
            if isinstance(error, OSError) and error.errno != errno.E2BIG:
                raise
            return False
        if finished.status:
            return False
        given.append(finished.output)
    return True
