"""The task keeps the contract that grasp-core's conformance kit looks after."""

from __future__ import annotations

import re

import pytest

from grasp.contracts import Completion, ModelCall, Usage
from grasp.testing import check_plugin, check_task
from grasp_fhir_agentbench.episode import VARIANTS

from .agents import call

#: The kit's own agents don't call tools by text; this one does, then answers.
SEARCHER = [
    {"match": r"Result of execute", "where": "any", "answer": "The final answer is: 3"},
    {
        "match": r"Result of get_resources",
        "answer": '```json\n{"tool": "execute_python_code", "arguments": '
        '{"code": "print(len(retrieved_resources))"}}\n```',
    },
    {
        "match": r"Patient FHIR ID is (\S+)\.",
        "where": "any",
        "answer": '```json\n{"tool": "get_resources_by_patient_fhir_id", "arguments": '
        '{"resource_type": "Encounter", "patient_fhir_id": "\\1"}}\n```',
    },
]


def retriever(call_: ModelCall) -> Completion:
    """Calls a tool as endpoints do, then answers."""
    if any(m["role"] == "tool" for m in call_.messages):
        return Completion("The final answer is: Yes", Usage(calls=1))
    text = "\n".join(str(m["content"]) for m in call_.messages)
    patient = re.findall(r"Patient FHIR ID is (\S+)\.", text)[-1]
    name = "get_resources_by_patient_fhir_id"
    arguments = {"resource_type": "Patient", "patient_fhir_id": patient}
    return Completion("", Usage(calls=1), (call(1, name, **arguments),), "tool_calls")


def test_the_plugin() -> None:
    assert check_plugin("grasp-fhir-agentbench").findings == ()


#: Few turns: an agent that says nothing of use takes them all, in each of many episodes.
SHORT = {"max_iterations": 4}


def test_the_task() -> None:
    assert check_task("fhir-agentbench", params=SHORT, policy=retriever, examples=2).findings == ()


@pytest.mark.slow
def test_the_task_with_tools_called_in_text() -> None:
    params = {"tool_calling": "text", "upstream_compat": True, **SHORT}
    report = check_task("fhir-agentbench", params=params, policy=SEARCHER, examples=4)
    assert report.findings == ()


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_task_in_all_its_variants(variant: str) -> None:
    params = {"variant": variant}
    assert (
        check_task("fhir-agentbench", params=params, policy=retriever, examples=20).findings == ()
    )
