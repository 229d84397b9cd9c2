"""Model judges: GRASP's, which its learning signal is, and the benchmark's (spec, 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grasp.contracts import Agent, EndpointError
from grasp_fhir_agentbench.grading.rules import quick_match

#: Times the benchmark's judge is asked again where it gave no verdict.
TRIES = 3

NO_ANSWER = "no answer"
TOO_LONG = "Input tokens exceeded"

_GRASP = """
You check an AI system's answer to a question about a patient against the right answer.

Question: {question}
Right answer: {truth}
Answer of the system: {answer}

Rules:
- Form doesn't matter: brackets, quotes, units, explanations and more words are fine.
- In the right answer [[1]] may stand for yes and [[0]] for no.
- Where the right answer is empty, null or None, a clear statement that there are no such data \
is right.
- Numbers may be written with other decimals; times with another form or a UTC offset.

Reply with 1 if the answer is right, with 0 if it is not, and with nothing else.
""".strip()

_NORMALISE = """
Below is an answer that a system gave to a question about a patient. Say whether it answers \
the question, or says that nothing was found, that it can't be answered, or nothing at all.

Question: {question}
Answer: {answer}

Reply with exactly one of: "{nothing}" or "question answered".
""".strip()

_BENCHMARK = """
You check an answer to a question about a patient's record against the right answer.

Question: {question}
Right answer: {truth}
Answer: {answer}

Rules:
- An empty or null right answer means that there is none, or zero.
- Yes and no count by their meaning; 1 stands for yes and 0 for no.
- Numbers are equal if they are after rounding to the nearest whole number. Ignore units. If \
the right number stands in a breakdown, that is fine.
- Dates are compared by day unless the question asks for a time of day; a time may differ by \
one minute.
- Of a list, all items must be there, and no other medical values.
- Long answers are fine.

Reply with 1 if the answer is right and 0 if it is not.
""".strip()


def grasp_verdict(record: Mapping[str, Any], answer: str | None, model: Agent) -> bool:
    """Judge as GRASP does: equal texts at once, all else by one question.

    Raises:
        AgentError: The judge can't be asked; there is no verdict then.
    """
    if answer is None:
        return False
    truth = str(record["true_answer"])
    if quick_match(answer, truth):
        return True
    prompt = _GRASP.format(question=record["question"], truth=truth, answer=answer)
    return _ask(model, prompt).startswith("1")


def benchmark_verdict(record: Mapping[str, Any], answer: str | None, model: Agent) -> bool:
    """Judge as the benchmark does: is there an answer at all, and is it right?

    Raises:
        AgentError: The judge can't be asked, or gives no verdict.
    """
    question = record["question"]
    if answer is not None and TOO_LONG in answer:
        return False
    truth = str(record["true_answer"]) if record.get("true_fhir_ids") else NO_ANSWER
    told = _ask(model, _NORMALISE.format(question=question, answer=answer or "", nothing=NO_ANSWER))
    said_nothing = NO_ANSWER in told.lower()
    if said_nothing and truth == NO_ANSWER:
        return True
    if not answer:
        return False
    prompt = _BENCHMARK.format(question=question, truth=truth, answer=answer)
    for _ in range(TRIES):
        verdict = re.match(r"\W*([01])\b", _ask(model, prompt))
        if verdict:
            return verdict[1] == "1"
    raise EndpointError(
        "the judge gives no verdict", "use another model: --set judge=PRESET", kind="judge"
    )


def _ask(model: Agent, prompt: str) -> str:
    return model.inference([{"role": "user", "content": prompt}]).strip()
