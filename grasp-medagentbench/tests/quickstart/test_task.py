from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grasp.contracts import Message, Rollout, Sample, Status, Usage
from grasp_medagentbench.quickstart.cohort import SPLIT_SIZES
from grasp_medagentbench.quickstart.protocol import MAX_TURNS, SYSTEM
from grasp_medagentbench.quickstart.task import MedAgentBenchQuickstart

Policy = Callable[[Sequence[Message]], str]


class PolicyAgent:
    """Answers by a function of the history; remembers the options it was called with."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.usage = Usage()
        self.options: list[dict[str, Any]] = []

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        self.options.append(options)
        return self.policy([dict(m) for m in history])


def search(history: Sequence[Message]) -> str:
    """The search the question asks for."""
    match = re.search(r"of patient (\S+) .* since (\S+)\?", history[1]["content"])
    assert match
    return f"GET Observation?patient={match[1]}&code=MG&date=ge{match[2]}"


def solver(history: Sequence[Message]) -> str:
    if len(history) == 2:
        return search(history)
    values = re.findall(r": (\S+) mg/dL", history[-1]["content"])
    return f"FINISH([{values[-1] if values else -1}])"


def then(answer: str) -> Policy:
    """Search first, then always answer this."""
    return lambda history: search(history) if len(history) == 2 else answer


@pytest.fixture(scope="module")
def task() -> Iterator[MedAgentBenchQuickstart]:
    task = MedAgentBenchQuickstart()
    task.setup()
    yield task
    task.close()


def every(task: MedAgentBenchQuickstart) -> list[Sample]:
    return [s for split in SPLIT_SIZES for s in task.samples(split)]


def verdicts(task: MedAgentBenchQuickstart, policy: Policy) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {}
    for sample in every(task):
        verdict = task.evaluate(sample, task.rollout(sample, PolicyAgent(policy)))
        found.setdefault(task.sample_type(sample), []).append(verdict)
    return found


def test_the_task_can_be_solved_from_what_it_tells(task: MedAgentBenchQuickstart) -> None:
    assert all(all(v) for v in verdicts(task, solver).values())


def test_a_constant_answer_solves_one_group_only(task: MedAgentBenchQuickstart) -> None:
    found = verdicts(task, then("FINISH([-1])"))
    assert not any(found["value"])
    assert all(found["older"])
    assert all(found["none"])


@pytest.mark.parametrize("convention", ["FINISH({})", "FINISH({} mg/dL)", 'FINISH(["{}"])'])
def test_a_right_number_in_the_wrong_form_is_wrong(
    task: MedAgentBenchQuickstart, convention: str
) -> None:
    def policy(history: Sequence[Message]) -> str:
        action = solver(history)
        return convention.format(action[8:-2]) if action.startswith("FINISH") else action

    assert not any(any(v) for v in verdicts(task, policy).values())


def test_without_the_window_older_values_mislead(task: MedAgentBenchQuickstart) -> None:
    def policy(history: Sequence[Message]) -> str:
        action = solver(history)
        return action.partition("&date=")[0] if action.startswith("GET") else action

    found = verdicts(task, policy)
    assert all(found["value"])
    assert not any(found["older"])
    assert all(found["none"])


def test_ids_are_stable_and_patients_disjoint(task: MedAgentBenchQuickstart) -> None:
    again = MedAgentBenchQuickstart()
    assert every(again) == every(task)
    assert len({s["id"] for s in every(task)}) == len({s["patient"] for s in every(task)})
    assert len(every(task)) == sum(SPLIT_SIZES.values())
    assert task.samples("ood") == ()


def test_another_cohort_has_other_patients() -> None:
    one = {s["patient"] for s in every(MedAgentBenchQuickstart(cohort_seed=1))}
    two = {s["patient"] for s in every(MedAgentBenchQuickstart(cohort_seed=2))}
    assert one != two


def test_only_dev_samples_tell_the_right_action(task: MedAgentBenchQuickstart) -> None:
    for sample in task.samples("dev"):
        assert task.ground_truth(sample) == f"FINISH([{sample['expected']}])"
        told = Rollout(answer=task.ground_truth(sample)[7:-1])
        assert task.evaluate(sample, told)
    for split in ("probe", "val", "test"):
        assert {task.ground_truth(s) for s in task.samples(split)} == {""}


def test_groups_are_balanced(task: MedAgentBenchQuickstart) -> None:
    for split, size in SPLIT_SIZES.items():
        groups = [task.report_group(s) for s in task.samples(split)]
        assert groups.count("value") == groups.count("no value") == size // 2


def test_what_the_model_sees(task: MedAgentBenchQuickstart) -> None:
    sample = next(s for s in task.samples("dev") if s["type"] == "value")
    agent = PolicyAgent(solver)
    rollout = task.rollout(sample, agent)
    assert [m["role"] for m in rollout.history] == ["system", "user", "agent", "user", "agent"]
    assert rollout.history[0]["content"] == SYSTEM
    assert rollout.history[1]["content"] == task.instruction(sample)
    assert rollout.agent_actions == [m["content"] for m in rollout.history if m["role"] == "agent"]
    assert rollout.status == Status.COMPLETED.value
    assert {tuple(o["stop"]) for o in agent.options} == {("\n",)}


def test_skills_go_into_the_system_message_alone(task: MedAgentBenchQuickstart) -> None:
    class Skill:
        name, description, body = "a-skill", "How to.", "- Do it."

    history = task.rollout(task.samples("dev")[0], PolicyAgent(solver)).history
    before = [dict(m) for m in history]
    placed = task.inject_skills(history, [Skill()])
    assert placed is not None
    assert history == before
    assert placed[1:] == history[1:]
    assert placed[0]["content"].startswith(SYSTEM)
    assert "# a-skill\nHow to.\n\n- Do it." in placed[0]["content"]
    assert task.inject_skills(history, []) == history


@pytest.mark.parametrize("nonsense", ["The value is 2.4.", "", "POST Observation"])
def test_anything_but_an_action_ends_the_episode(
    task: MedAgentBenchQuickstart, nonsense: str
) -> None:
    rollout = task.rollout(task.samples("dev")[0], PolicyAgent(lambda _: nonsense))
    assert rollout.status == Status.INVALID_ACTION.value
    assert not task.evaluate(task.samples("dev")[0], rollout)


def test_searching_for_ever_reaches_the_limit(task: MedAgentBenchQuickstart) -> None:
    agent = PolicyAgent(search)
    rollout = task.rollout(task.samples("dev")[0], agent)
    assert rollout.status == Status.TASK_LIMIT.value
    assert len(agent.options) == MAX_TURNS
    assert task.failure_tags(task.samples("dev")[0], rollout) == ["no_answer"]


@pytest.mark.parametrize(
    "address",
    [
        "Observation?patient=S1&sort=-date",
        "Observatio?x=1",
        "Patient/nope",
        "Observation?date=gefoo",
        "http://elsewhere.invalid/x",
        "http://[",
        "../../etc/passwd",
        "\x00",
    ],
)
def test_a_bad_request_is_told_and_the_episode_goes_on(
    task: MedAgentBenchQuickstart, address: str
) -> None:
    def policy(history: Sequence[Message]) -> str:
        return f"GET {address}" if len(history) == 2 else "FINISH([-1])"

    rollout = task.rollout(task.samples("dev")[0], PolicyAgent(policy))
    assert rollout.status == Status.COMPLETED.value
    assert rollout.history[3]["content"].startswith("Error ")


@pytest.mark.parametrize("prefix", ["", "/", "http://localhost:8080/fhir/"])
def test_an_address_may_be_relative_or_whole(task: MedAgentBenchQuickstart, prefix: str) -> None:
    sample = next(s for s in task.samples("dev") if s["type"] == "value")

    def policy(history: Sequence[Message]) -> str:
        action = solver(history)
        return action.replace("GET ", f"GET {prefix}")

    assert task.evaluate(sample, task.rollout(sample, PolicyAgent(policy)))


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (None, "no_answer"),
        ("None", "answer_is_not_json"),
        ("[2.4 mg/dL]", "answer_is_not_json"),
        ("", "answer_is_not_json"),
        ("2.4", "answer_is_not_a_list"),
        ("[]", "empty_answer"),
        ("[2.4, 2.2]", "several_values"),
        ('["2.4"]', "answer_is_not_a_number"),
        ("[true]", "answer_is_not_a_number"),
        ("[NaN]", "wrong_number"),
        ("[99]", "wrong_number"),
    ],
)
def test_a_failure_is_tagged_by_its_form(
    task: MedAgentBenchQuickstart, answer: str | None, tag: str
) -> None:
    sample = task.samples("dev")[0]
    rollout = Rollout(answer=answer)
    assert not task.evaluate(sample, rollout)
    assert task.failure_tags(sample, rollout) == [tag]


def test_true_is_not_one(task: MedAgentBenchQuickstart) -> None:
    sample = {**task.samples("dev")[0], "expected": 1.0}
    assert not task.evaluate(sample, Rollout(answer="[true]"))
    assert task.evaluate(sample, Rollout(answer="[1]"))
    assert task.evaluate(sample, Rollout(answer="[1.0]"))


def test_episodes_may_run_at_once() -> None:
    task = MedAgentBenchQuickstart()  # Not set up: the first episode does it.
    with ThreadPoolExecutor(8) as pool:
        rollouts = list(pool.map(lambda s: task.rollout(s, PolicyAgent(solver)), every(task)))
    assert all(task.evaluate(s, r) for s, r in zip(every(task), rollouts, strict=True))


def test_the_run_is_told_which_cohort_it_used() -> None:
    facts = MedAgentBenchQuickstart(cohort_seed=5).describe()
    assert facts == {"cohort_seed": 5, "samples": SPLIT_SIZES}


def test_closing_allows_another_use(task: MedAgentBenchQuickstart) -> None:
    other = MedAgentBenchQuickstart()
    other.setup()
    other.close()
    sample = other.samples("val")[0]
    assert other.evaluate(sample, other.rollout(sample, PolicyAgent(solver)))
