from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import ConfigError, Rollout, TaskError
from grasp.skills import Skill
from grasp_medagentbench import payloads
from grasp_medagentbench.fhir import Store, serve
from grasp_medagentbench.graders import type_of
from grasp_medagentbench.magnesium import MedAgentBenchMagnesium
from grasp_medagentbench.task import MedAgentBench

BASE = "http://localhost:8080/fhir/"
SPLITS = ("dev", "val", "test", "ood")


@pytest.fixture(scope="module")
def task() -> MedAgentBench:
    return MedAgentBench(source="synthetic")


def find(task: MedAgentBench, kind: str, branch: str = "") -> dict[str, Any]:
    """Return the first sample of a type whose patient has a branch."""
    for split in SPLITS:
        for sample in task.samples(split):
            of_type = type_of(sample) == kind
            if of_type and branch in (
                "", task.cohort.branches.get(kind, {}).get(sample.get("eval_MRN", ""))
            ):  # fmt: skip
                return dict(sample)
    raise AssertionError(f"no {kind} with {branch}")


# -- parameters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"post_mode": "real"},
        {"source": "internet"},
        {"max_round": 0},
        {"max_round": "8"},
        {"types": ["task11"]},
        {"types": "task4,mri"},
        {"fhir_base_url": "localhost:8080"},
        {"fhir_base_url": "file:///etc"},
        {"fhir_base_url": "http://localhost:1/fhir", "post_mode": "strict"},
        {"data_file": "x.json", "source": "official"},
    ],
)
def test_wrong_parameters_name_the_remedy(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        MedAgentBench(**wrong)
    assert caught.value.hint


def test_official_data_that_is_not_there() -> None:
    with pytest.raises(TaskError, match="not been pulled") as caught:
        MedAgentBench(source="official")
    assert "grasp data pull medagentbench" in caught.value.hint
    assert MedAgentBench().source == "synthetic"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[1]",
        '[{"id": "x"}]',
        '[{"id": "task2_1", "instruction": "a", "context": ""}]',
        '[{"id": "task1_1", "instruction": "a", "context": "", "eval_MRN": "S1"}]',
        '[{"id": "task2_1", "instruction": "a", "context": "", "eval_MRN": "S1"},'
        ' {"id": "task2_1", "instruction": "a", "context": "", "eval_MRN": "S1"}]',
    ],
)
def test_task_files_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(text)
    with pytest.raises(TaskError):
        MedAgentBench(data_file=path)
    with pytest.raises(TaskError):
        MedAgentBench(data_file=tmp_path / "absent.json")


def test_a_task_file_of_ones_own(tmp_path: Path, oracle: Any) -> None:
    records = [
        {
            "id": "task1_1",
            "instruction": "MRN of the patient with name Jean-Luc van der Meer and DOB of "
            "1960-02-29?",
            "context": "",
            "sol": ["X7"],
            "eval_MRN": "X7",
        },
        {"id": "task5_1", "instruction": "Order.", "context": "", "eval_MRN": "X7"},
        {"id": "task9_1", "instruction": "Order.", "context": "", "eval_MRN": "X8"},
    ]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(records))
    task = MedAgentBench(data_file=str(path))
    assert task.source == "tasks.json"
    assert task.cohort.patients == 2
    for sample in task.samples("dev"):
        assert task.evaluate(sample, task.rollout(sample, oracle(sample)))


def test_a_search_that_names_nobody(tmp_path: Path) -> None:
    record = {"id": "task1_1", "instruction": "Who?", "context": "", "sol": ["X7"]}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([record]))
    with pytest.raises(TaskError, match="names no patient"):
        MedAgentBench(data_file=path).setup()


@pytest.mark.parametrize("types", [["task4", "task6"], "4, task6", [4, 6], ("6", 4)])
def test_types_filter_keeps_the_splits(task: MedAgentBench, types: Any) -> None:
    some = MedAgentBench(source="synthetic", types=types)
    for split in SPLITS:
        expected = [s for s in task.samples(split) if type_of(s) in ("task4", "task6")]
        assert list(some.samples(split)) == expected
    assert some.cohort.resources == task.cohort.resources
    assert len(MedAgentBench(source="synthetic", types=4).samples("dev")) == 12


def test_a_split_that_does_not_exist_is_empty(task: MedAgentBench) -> None:
    assert list(task.samples("train")) == []


# -- a server ------------------------------------------------------------------------


def test_a_server_that_is_not_there() -> None:
    task = MedAgentBench(source="synthetic", fhir_base_url="http://127.0.0.1:9/fhir")
    with pytest.raises(TaskError) as caught:
        task.setup()
    assert "grasp medagentbench serve" in caught.value.hint
    assert task.describe()["fhir"] == "http://127.0.0.1:9/fhir/"
    with pytest.raises(TaskError):
        _ = task.cohort


def test_a_server_that_is_no_fhir_server(task: MedAgentBench) -> None:
    with serve(task.store) as server:
        wrong = server.base_url.replace("/fhir/", "/other/")
        other = MedAgentBench(source="synthetic", fhir_base_url=wrong)
        with pytest.raises(TaskError, match="not a FHIR server"):
            other.setup()
        other.close()


def test_the_server_named_is_the_one_the_agent_is_told(task: MedAgentBench, says: Any) -> None:
    with serve(task.store) as server:
        remote = MedAgentBench(source="synthetic", fhir_base_url=server.base_url[:-1])
        sample = find(task, "task3")
        agent = says("FINISH([])")
        rollout = remote.rollout(sample, agent)
        prompt = json.loads(rollout.history[0]["content"])
        assert prompt["api"]["base_url"] == server.base_url
        remote.close()


def test_passwords_stay_out_of_the_description() -> None:
    task = MedAgentBench(source="synthetic", fhir_base_url="http://me:secret@host/fhir/")
    assert task.describe()["fhir"] == "http://host/fhir/"


# -- grading -------------------------------------------------------------------------


def test_recorded_transcripts_are_graded_from_history_and_answer_alone(
    task: MedAgentBench, oracle: Any
) -> None:
    for split in SPLITS:
        for sample in task.samples(split)[::7]:
            played = task.rollout(sample, oracle(sample))
            stored = json.loads(json.dumps({"history": played.history, "answer": played.answer}))
            recorded = Rollout(history=stored["history"], answer=stored["answer"])
            assert task.evaluate(sample, recorded) is True
            recorded.answer = None
            assert task.evaluate(sample, recorded) is False
            recorded.answer = "[ "
            kind = type_of(sample)
            branch = task.cohort.branches.get(kind, {}).get(sample.get("eval_MRN", ""))
            any_will_do = kind in ("task3", "task8") or (
                kind == "task5" and branch in ("none", "stale")
            )
            assert task.evaluate(sample, recorded) is any_will_do


def test_the_result_of_a_broken_episode(task: MedAgentBench) -> None:
    broken: Any = {"error": "x"}
    quiet = Rollout(history=[], answer=broken, status="task error")
    assert task.evaluate(find(task, "task5", "none"), quiet) is True
    assert task.evaluate(find(task, "task5", "normal"), quiet) is False
    assert task.evaluate(find(task, "task4"), quiet) is False


def test_two_tasks_agree_whatever_their_order(oracle: Any) -> None:
    first, second = (MedAgentBench(source="synthetic", cohort_seed=3) for _ in range(2))
    assert first.cohort.resources == second.cohort.resources
    assert first.describe() == second.describe()
    assert MedAgentBench(source="synthetic", cohort_seed=4).cohort.resources != (
        first.cohort.resources
    )


# -- strict posts --------------------------------------------------------------------


def test_rollouts_in_threads_never_see_each_others_writes() -> None:
    task = MedAgentBench(source="synthetic", post_mode="strict")
    sample = find(task, "task3")
    barrier = threading.Barrier(8)

    class Writer:
        """Writes a value of its own, and reads what the patient's newest one is."""

        usage = None

        def __init__(self, number: int) -> None:
            self._number = number

        def inference(self, history: Sequence[Any], tools: Any = None, **options: Any) -> str:
            turn = sum(m["role"] == "agent" for m in history)
            if turn == 0:
                barrier.wait(20)
                payload = payloads.blood_pressure(sample["eval_MRN"], f"value {self._number}")
                return f"POST {BASE}Observation\n{json.dumps(payload)}"
            if turn == 1:
                barrier.wait(20)
                # The code is a text, so the new one is found by its category alone.
                return (
                    f"GET {BASE}Observation?patient={sample['eval_MRN']}&category=vital-signs"
                    "&_count=500"
                )
            return "FINISH([])"

    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            rollouts = list(pool.map(lambda n: task.rollout(sample, Writer(n)), range(8)))
            for number, rollout in enumerate(rollouts):
                seen = rollout.history[4]["content"]
                assert f'"value {number}"' in seen
                assert seen.count('"value ') == 1


def test_grading_never_sees_what_an_episode_wrote() -> None:
    task = MedAgentBench(source="synthetic", post_mode="strict")
    sample = find(task, "task7", "none")
    forged = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"code": "GLU"}]},
        "subject": {"reference": f"Patient/{sample['eval_MRN']}"},
        "effectiveDateTime": "2023-11-13T09:00:00+00:00",
        "valueQuantity": {"value": 1},
    }
    environment = task._world.environment()
    environment.post(f"{BASE}Observation", json.dumps(forged), forged)
    assert task.evaluate(sample, Rollout(answer="[-1]")) is True
    assert task.evaluate(sample, Rollout(answer="[1]")) is False


def test_many_rollouts_at_once_agree_with_one_at_a_time(oracle: Any) -> None:
    task = MedAgentBench(source="synthetic")
    samples = [s for split in SPLITS for s in task.samples(split)][::5]

    def run(sample: Any) -> tuple[Any, bool]:
        rollout = task.rollout(sample, oracle(sample))
        return rollout.history, bool(task.evaluate(sample, rollout))

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, samples))
    assert together == [run(s) for s in samples]
    assert all(correct for _, correct in together)


# -- hooks ---------------------------------------------------------------------------


def test_strata_and_groups(task: MedAgentBench) -> None:
    sample = find(task, "task10")
    assert task.sample_type(sample) == "task10"
    assert task.report_group(sample) == "task10"
    compat = MedAgentBench(source="synthetic", upstream_compat=True)
    assert compat.sample_type(sample) == "unknown"
    assert compat.report_group(sample) == "task10"


def test_expected_answers_are_told_for_dev_only(task: MedAgentBench) -> None:
    told = {type_of(s): task.ground_truth(s) for s in task.samples("dev")}
    assert all(told[k] for k in ("task1", "task2", "task4", "task10"))
    assert not any(told[k] for k in ("task3", "task5", "task8", "task9"))
    for split in ("val", "test", "ood"):
        assert not any(task.ground_truth(s) for s in task.samples(split))
    for sample in task.samples("dev"):
        if type_of(sample) in ("task1", "task2", "task4"):
            assert task.evaluate(sample, Rollout(answer=task.ground_truth(sample)))
    compat = MedAgentBench(source="synthetic", upstream_compat=True)
    assert not any(compat.ground_truth(s) for s in compat.samples("dev"))


@pytest.mark.parametrize(
    ("kind", "lines", "tags"),
    [
        ("task4", ["FINISH([1.8 mg/dL])"], {"finish_not_json", "answered_without_query"}),
        ("task4", ["GET {base}Patient?_id=1", 'FINISH(["1.8"])'], {"finish_value_not_a_number"}),
        ("task4", ["GET {base}Patient?_id=1", "FINISH([])"], {"finish_not_one_value"}),
        ("task4", ["GET {base}Patient?_id=1", "FINISH(-1)"], {"finish_not_a_list"}),
        ("task4", ["GET {base}Nothing?_id=1", "FINISH([9])"], {"get_request_failed"}),
        ("task4", ["GET {base}Patient?_id=1"], {"no_finish", "out_of_rounds"}),
        ("task4", ["The level is fine."],
         {"protocol_invalid", "no_finish", "answered_without_query"}),
        ("task4", ["GET {base}Patient?_id=1", "POST x\n{{}}", "FINISH([9])"],
         {"read_only_task_used_post"}),
        ("task4", ["GET {base}Patient?_id=1\nFINISH([9])", "FINISH([9])"],
         {"several_actions_in_one_turn"}),
        ("task3", ["```\nPOST {base}Observation\n{{}}\n```", "FINISH([])"],
         {"post_in_code_fence"}),
        ("task3", ["POST {base}Observation\n{{'a': 1}}", "FINISH([])"], {"post_not_json"}),
        ("task9", ["GET {base}Patient?_id=1", "FINISH([9])"], set()),
    ],
)  # fmt: skip
def test_failure_tags(
    task: MedAgentBench, says: Any, kind: str, lines: list[str], tags: set[str]
) -> None:
    sample = find(task, kind)
    rollout = task.rollout(sample, says(*(line.format(base=BASE) for line in lines)))
    found = task.failure_tags(sample, rollout)
    assert found == sorted(found)
    assert set(found) == tags
    compat = MedAgentBench(source="synthetic", upstream_compat=True)
    assert compat.failure_tags(sample, rollout) == []


def test_tags_follow_from_the_transcript_alone(task: MedAgentBench, oracle: Any) -> None:
    """The same behaviour has the same tags for every patient, whatever the chart says."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for sample in task.samples("dev"):
        history = [
            {"role": "user", "content": "{}"},
            {"role": "agent", "content": "FINISH([-1])"},
        ]
        rollout = Rollout(history=history, answer="[-1]")
        tags = tuple(task.failure_tags(sample, rollout))
        seen.setdefault(type_of(sample), set()).add(tags)
    assert all(len(tags) == 1 for tags in seen.values())


def test_strict_refusals_are_tagged(says: Any) -> None:
    task = MedAgentBench(source="synthetic", post_mode="strict")
    sample = find(task, "task3")
    rollout = task.rollout(sample, says(f"POST {BASE}Observation\n{{}}", "FINISH([])"))
    assert task.failure_tags(sample, rollout) == ["post_refused"]


def test_advice_for_the_writer(task: MedAgentBench) -> None:
    assert task.updater_task_family == "medical AI"
    assert len(task.updater_failure_examples.splitlines()) == 7
    assert "FINISH" in task.updater_guidance
    assert "stored" in MedAgentBench(source="synthetic", post_mode="strict").updater_guidance
    assert MedAgentBench(source="synthetic", upstream_compat=True).updater_guidance == ""


def test_skills_go_into_their_field_on_every_call(task: MedAgentBench, says: Any) -> None:
    skills = [
        Skill("last-value", "Latest value asked for", "Sort by date."),
        Skill("no-units", "A number is asked for", "  Leave units out.\n"),
    ]
    sample = find(task, "task4")
    rollout = task.rollout(sample, says(f"GET {BASE}Patient?_id=1", "FINISH([1])"))
    for length in (1, 3):
        history = rollout.history[:length]
        before = json.dumps(history)
        placed = task.inject_skills(history, skills)
        assert placed is not None
        assert json.dumps(history) == before
        assert placed[1:] == history[1:]
        prompt, original = json.loads(placed[0]["content"]), json.loads(history[0]["content"])
        text = prompt.pop("behavioral_skills")
        assert original.pop("behavioral_skills") == ""
        assert prompt == original
        assert placed[0]["content"].startswith('{\n  "phase"')
        first = "### last-value\n*When to use: Latest value asked for*\n\nSort by date."
        second = "### no-units\n*When to use: A number is asked for*\n\nLeave units out."
        assert text.endswith(f"{first}\n\n{second}")


def test_without_skills_the_prompt_is_unchanged(task: MedAgentBench) -> None:
    history = [{"role": "user", "content": "anything"}]
    assert task.inject_skills(history, []) == history
    skill = Skill("a", "b", "c")
    for odd in ([], [{"role": "user", "content": "no json"}], [{"role": "user", "content": "[]"}]):
        assert task.inject_skills(odd, [skill]) is None


# -- about ---------------------------------------------------------------------------


def test_describe(task: MedAgentBench) -> None:
    facts = task.describe()
    assert facts["source"] == "synthetic"
    assert facts["functions"] == "built-in"
    assert facts["post_mode"] == "compat"
    assert facts["cohort_seed"] == 0
    assert facts["fhir"] == "embedded"
    assert len(facts["records_sha256"]) == 64
    assert json.loads(json.dumps(facts)) == facts


def test_the_magnesium_slice() -> None:
    task = MedAgentBenchMagnesium()
    for split, size in (("dev", 20), ("val", 10)):
        samples = task.samples(split)
        assert len(samples) == size
        assert {type_of(s) for s in samples} == {"task4"}
        without = [s for s in samples if json.loads(_answer(task, s)) == [-1]]
        assert len(without) == size // 2
    mix = task.cohort.mix(task.splits)["task4"]
    assert mix["dev"] == {"none": 5, "stale": 5, "one": 4, "several": 6}
    strict = MedAgentBenchMagnesium(post_mode="strict", cohort_seed=5, max_round=3)
    assert strict.describe()["post_mode"] == "strict"
    assert isinstance(strict.store, Store)


def _answer(task: MedAgentBench, sample: Any) -> str:
    from grasp_medagentbench.graders.v1.magnesium_level import expected

    return json.dumps(expected(sample, task.chart))


@pytest.mark.parametrize("name", ["medagentbench", "medagentbench-magnesium"])
def test_tasks_are_found_by_name(name: str) -> None:
    from grasp.plugins import load_task

    task = load_task(name, cohort_seed=1)
    assert task.name == name
    assert task.samples("dev")


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, grasp_medagentbench.plugin; "
        "print([m for m in sys.modules if m.startswith(('grasp_medagentbench.', 'openai', "
        "'httpx', 'sqlite3', 'rich', 'pooch'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['grasp_medagentbench.plugin']"
