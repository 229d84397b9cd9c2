"""Episodes turn by turn: the benchmark's five agents, tools by text, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import Completion, ContextLimitError, EndpointError, ModelCall, Usage
from grasp.skills import Skill, SkillAgent, SkillLibrary
from grasp_fhir_agentbench.episode import NO_ANSWER, NO_TOOL_CALLS
from grasp_fhir_agentbench.prompts import user_prompt
from grasp_fhir_agentbench.task import FhirAgentBench

from .agents import call

FINAL = "The final answer is: 3"
BY_PATIENT = "get_resources_by_patient_fhir_id"
PYTHON = "execute_python_code"


class Turns:
    """Takes the turns it is told, the last one for ever; texts, or lists of tool calls."""

    identity: Mapping[str, Any] = {"backend": "turns"}

    def __init__(self, *turns: Any) -> None:
        self.turns = turns
        self.calls: list[ModelCall] = []

    def complete(self, call_: ModelCall) -> Completion:
        turn = self.turns[min(len(self.calls), len(self.turns) - 1)]
        self.calls.append(call_)
        if isinstance(turn, Exception):
            raise turn
        if isinstance(turn, str):
            return Completion(turn, Usage(calls=1))
        return Completion("", Usage(calls=1), tuple(turn), "tool_calls")

    def close(self) -> None: ...


def sample(task: FhirAgentBench) -> Mapping[str, Any]:
    return next(s for s in task.samples("dev") if s["template"] == "hospital visits")


def run(task: FhirAgentBench, *turns: Any, skills: Sequence[Skill] = ()) -> tuple[Any, Turns]:
    model = Turns(*turns)
    agent = Session(model).agent("test", "x")
    wrapped = SkillAgent(agent, SkillLibrary(tuple(skills)), task)
    return task.rollout(sample(task), wrapped), model


def retrieve(task: FhirAgentBench, kind: str = "Encounter", number: int = 1) -> dict[str, Any]:
    patient = sample(task)["patient_fhir_id"]
    return call(number, BY_PATIENT, resource_type=kind, patient_fhir_id=patient)


def task_of(**params: Any) -> FhirAgentBench:
    return FhirAgentBench(source="synthetic", **params)


def test_the_prompt_is_the_benchmarks() -> None:
    record = {"question": "Q?", "patient_fhir_id": "u-1", "assumption": ""}
    assert user_prompt(record) == "Question: Q?\nContext:\nPatient FHIR ID is u-1."
    record["assumption"] = "A."
    assert user_prompt(record) == "Question: Q?\nContext:\nPatient FHIR ID is u-1.\nA."
    assert task_of().question_context(record) == "Patient FHIR ID is u-1.\nA."


def test_data_never_enter_the_chat(task: FhirAgentBench) -> None:
    code = call(2, PYTHON, code="print(len(retrieved_resources['Encounter']))")
    rollout, model = run(task, [retrieve(task)], [code], FINAL)
    assert rollout.status == "completed"
    assert rollout.answer == FINAL
    told = [m["content"] for m in rollout.history if m["role"] == "tool"]
    count = len(rollout.raw["Encounter"])
    assert told == [f"retrieved_resources['Encounter'] ({count} items)", f"{{'stdout': '{count}'}}"]
    assert not any("resourceType" in str(m["content"]) for m in rollout.history[1:])
    assert [m["role"] for m in model.calls[-1].messages] == [
        *("system", "user", "agent", "tool", "agent", "tool")
    ]
    assert model.calls[-1].messages[3]["tool_call_id"] == "call_1"
    names = [t["function"]["name"] for t in model.calls[0].tools or ()]
    assert names == [BY_PATIENT, "get_resources_by_resource_id", PYTHON]


def test_the_transcript_for_people_has_the_calls(task: FhirAgentBench) -> None:
    rollout, _ = run(task, [retrieve(task)], FINAL)
    assert rollout.agent_actions[0].startswith(f"CALL {BY_PATIENT}(")
    assert rollout.history[2] == {"role": "agent", "content": rollout.agent_actions[0]}


def test_parallel_calls_are_all_answered(task: FhirAgentBench) -> None:
    calls = [retrieve(task, "Encounter", 1), retrieve(task, "Patient", 2)]
    rollout, model = run(task, calls, FINAL)
    assert set(rollout.raw) == {"Encounter", "Patient"}
    ids = [m.get("tool_call_id") for m in model.calls[1].messages if m["role"] == "tool"]
    assert ids == ["call_1", "call_2"]


def test_talk_without_the_marker_goes_on_to_the_limit(task: FhirAgentBench) -> None:
    rollout, model = run(task, "Let me think.")
    assert rollout.status == "task limit reached"
    assert rollout.answer == NO_ANSWER
    assert len(model.calls) == 30
    assert not task.evaluate(sample(task), rollout)
    # Many endpoints refuse two turns of the model in a row.
    roles = [m["role"] for m in model.calls[-1].messages]
    assert roles == ["system", *["user", "agent"] * 29, "user"]
    compat = task_of(upstream_compat=True)
    _, model = run(compat, "Let me think.")
    assert [m["role"] for m in model.calls[-1].messages[2:]] == ["agent"] * 29


def test_a_marker_beside_a_tool_call_ends_nothing(task: FhirAgentBench) -> None:
    class Both(Turns):
        def complete(self, call_: ModelCall) -> Completion:
            self.calls.append(call_)
            calls = (retrieve(task),) if len(self.calls) == 1 else ()
            return Completion(FINAL, Usage(calls=1), calls)

    model = Both()
    task.rollout(sample(task), Session(model).agent("test", "x"))
    assert len(model.calls) == 2


def test_an_unknown_tool_ends_the_episode(task: FhirAgentBench) -> None:
    rollout, _ = run(task, [call(1, "fly")])
    assert rollout.status == "agent invalid action"
    assert "fly" in rollout.answer


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"name": BY_PATIENT, "arguments": "{no"}, "not a JSON object"),
        ({"name": BY_PATIENT, "arguments": "[]"}, "not a JSON object"),
        ({"name": BY_PATIENT, "arguments": "{}"}, "`resource_type` is missing"),
        ({"name": BY_PATIENT, "arguments": '{"resource_type": 3}'}, "is missing"),
        ({"name": PYTHON, "arguments": "{}"}, "`code` is missing"),
        ({"name": PYTHON, "arguments": None}, "`code` is missing"),
    ],
)
def test_bad_arguments_are_told_and_cost_a_turn(
    task: FhirAgentBench, bad: dict[str, Any], told: str
) -> None:
    rollout, _ = run(task, [{"id": "c", "type": "function", "function": bad}], FINAL)
    assert rollout.status == "completed"
    assert told in rollout.history[3]["content"]


def test_code_with_line_breaks_in_its_json_is_run(task: FhirAgentBench) -> None:
    function = {"name": PYTHON, "arguments": '{"code": "a = 1\nprint(a)"}'}
    rollout, _ = run(task, [{"id": "c", "type": "function", "function": function}], FINAL)
    assert rollout.history[3]["content"] == "{'stdout': '1'}"


def test_a_prompt_too_long_is_the_agents_own_failure(task: FhirAgentBench) -> None:
    rollout, _ = run(task, [retrieve(task)], ContextLimitError("too long"))
    assert rollout.status == "agent context limit"
    assert rollout.raw["Encounter"]


def test_faults_of_the_endpoint_pass_through(task: FhirAgentBench) -> None:
    with pytest.raises(EndpointError):
        run(task, EndpointError("gone"))


# -- the benchmark's other agents -----------------------------------------------------------


def test_multi_turn_resource_shows_resources() -> None:
    task = task_of(variant="multi_turn_resource")
    rollout, model = run(task, [retrieve(task)], FINAL)
    shown = json.loads(rollout.history[3]["content"])
    assert shown["Encounter"][0]["resourceType"] == "Encounter"
    assert len(model.calls[0].tools or ()) == 2


@pytest.mark.parametrize("variant", ["single_turn_resource", "single_turn_request"])
def test_single_turn_agents_retrieve_once_then_answer_without_tools(variant: str) -> None:
    task = task_of(variant=variant)
    one = retrieve(task)
    if variant == "single_turn_request":
        patient = sample(task)["patient_fhir_id"]
        one = call(1, "fhir_request_get", query_string=f"Encounter?patient={patient}&_count=100")
    rollout, model = run(task, [one], "3 visits")
    assert rollout.answer == "3 visits"  # It needs no marker.
    assert [c.tools is None for c in model.calls] == [False, True]
    assert rollout.raw["Encounter"]


def test_single_turn_code_runs_the_first_call_only() -> None:
    task = task_of(variant="single_turn_code_resource")
    codes = [call(2, PYTHON, code="print(1)"), call(3, PYTHON, code="print(2)")]
    rollout, model = run(task, [retrieve(task)], codes, "3 visits")
    told = [m["content"] for m in rollout.history if m["role"] == "tool"]
    assert told[1:] == ["{'stdout': '1'}", "Not run: one call at a time."]
    tools = [[t["function"]["name"] for t in c.tools or ()] for c in model.calls]
    assert tools == [[BY_PATIENT], [PYTHON], []]


def test_single_turn_without_a_call_says_so() -> None:
    rollout, model = run(task_of(variant="single_turn_resource"), "I think it is 3")
    assert rollout.answer == NO_TOOL_CALLS
    assert len(model.calls) == 1


# -- tools by text ---------------------------------------------------------------------------


def as_text(name: str, **arguments: Any) -> str:
    return "I look.\n```json\n" + json.dumps({"tool": name, "arguments": arguments}) + "\n```"


def test_tools_called_by_text() -> None:
    task = task_of(tool_calling="text")
    patient = sample(task)["patient_fhir_id"]
    look = as_text(BY_PATIENT, resource_type="Encounter", patient_fhir_id=patient)
    bare = json.dumps({"tool": PYTHON, "arguments": {"code": "print(len(retrieved_resources))"}})
    rollout, model = run(task, look, bare, FINAL)
    assert rollout.answer == FINAL
    assert all(c.tools is None for c in model.calls)
    assert '"execute_python_code"' in model.calls[0].messages[0]["content"]
    last = model.calls[2].messages[-1]
    assert last == {"role": "user", "content": f"Result of {PYTHON}:\n{{'stdout': '1'}}"}


# -- skills ------------------------------------------------------------------------------------


def test_skills_stand_after_the_system_prompt(task: FhirAgentBench) -> None:
    skill = Skill("drug-names", "When drugs are asked for.", "Read the identifier.")
    _, model = run(task, [retrieve(task)], FINAL, skills=[skill])
    _, without = run(task, FINAL)
    for one in model.calls:
        system = one.messages[0]["content"]
        start = without.calls[0].messages[0]["content"]
        assert system.startswith(f"{start}\n\n---\n\n")
        assert "drug-names" in system
        assert "When drugs are asked for." in system
        assert "Read the identifier." in system
        assert "drug-names" not in str(one.messages[1:])
    assert "---" not in without.calls[0].messages[0]["content"]


def test_tags_say_what_and_how_and_never_the_answer(task: FhirAgentBench) -> None:
    rollout, _ = run(task, "no")
    assert task.failure_tags(sample(task), rollout) == [
        *("hospital visits", "admissions", "trap:encounter_kinds", "ended:task-limit-reached")
    ]
    compat = task_of(upstream_compat=True)
    assert compat.failure_tags(sample(task), rollout) == ["hospital visits", "admissions"]
