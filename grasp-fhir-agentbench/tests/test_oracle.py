"""The oracle solves every question from FHIR; agents that nearly do solve none of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import Outcome, Rollout, Sample
from grasp.engine import Engine, Job, ThreadExecutor
from grasp_fhir_agentbench.records import Record, parse_truth
from grasp_fhir_agentbench.task import FhirAgentBench
from grasp_fhir_agentbench.tools import BY_PATIENT, Tools

from . import agents, solver

SPLITS = ("dev", "val", "test", "ood")


def run(task: FhirAgentBench, agent: Any, samples: Iterable[Sample]) -> Sequence[Outcome]:
    engine = Engine(task, Session(agent), ThreadExecutor(8))
    return engine.run([Job(s, f"x/{s['id']}", "test", lambda a: a) for s in samples])


def first_of_each_template(task: FhirAgentBench) -> list[Sample]:
    chosen: dict[str, Sample] = {}
    for split in SPLITS:
        for sample in task.samples(split):
            chosen.setdefault(str(sample["template"]), sample)
    return list(chosen.values())


@pytest.fixture(scope="session")
def solved(task: FhirAgentBench, records: Mapping[str, Record]) -> dict[str, Any]:
    """What the solver makes of every question, in this process."""
    kept: dict[tuple[str, str], Any] = {}

    def resources(record: Record) -> dict[str, Any]:
        found = {}
        for kind in agents.NEEDED[record["main_table_name"]]:
            key = (kind, record["patient_fhir_id"])
            if key not in kept:
                arguments = {"resource_type": kind, "patient_fhir_id": key[1]}
                tools = Tools(task._world.reader(), task._sandbox)
                kept[key] = tools.retrieve(BY_PATIENT, arguments).get(kind, [])
            found[kind] = kept[key]
        return found

    return {
        id_: solver.solve(record["val_dict"], resources(record))  # type: ignore[no-untyped-call]
        for id_, record in records.items()
    }


def correct(task: FhirAgentBench, record: Record, answer: str) -> bool:
    return task.evaluate(record, Rollout(answer=f"The final answer is: {answer}"))


def test_every_question_is_solved_from_fhir_as_from_the_tables(
    task: FhirAgentBench, records: Mapping[str, Record], solved: Mapping[str, Any]
) -> None:
    said = {id_: solver.say(found) for id_, found in solved.items()}  # type: ignore[no-untyped-call]
    wrong = [
        records[i]["question"] for i, text in said.items() if not correct(task, records[i], text)
    ]
    assert wrong == []
    assert len(said) == 340


def test_the_oracle_with_tools_and_sandbox(
    task: FhirAgentBench, records: Mapping[str, Record]
) -> None:
    samples = first_of_each_template(task)
    assert len(samples) == 56
    outcomes = run(task, agents.Oracle(records), samples)
    assert [o.instruction for o in outcomes if not o.correct] == []
    metrics = [o.metrics for o in outcomes]
    assert all(m["retrieval_recall"] == 1 for m in metrics)
    assert all(0 < m["retrieval_precision"] <= 1 for m in metrics)


@pytest.mark.slow
def test_the_oracle_on_every_question(task: FhirAgentBench, records: Mapping[str, Record]) -> None:
    outcomes = run(task, agents.Oracle(records), list(records.values()))
    assert [o.instruction for o in outcomes if not o.correct] == []
    assert all(o.metrics["retrieval_recall"] == 1 for o in outcomes)


# -- near misses ----------------------------------------------------------------------


def off_by_more_than_allowed(found: Any) -> Any:
    if isinstance(found, bool):
        return not found
    if isinstance(found, int | float):
        return found + max(1, abs(found) * 0.02)
    if isinstance(found, datetime):
        return found + timedelta(minutes=2)
    return None


def the_other_sign(found: Any) -> Any:
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) < 1:
        return None
    return -found


def another_day(found: Any) -> Any:
    return found + timedelta(days=1) if isinstance(found, datetime) else None


def one_item_less(found: Any) -> Any:
    return found[1:] if isinstance(found, list) and len(found) > 1 else None


def one_item_more(found: Any) -> Any:
    if not isinstance(found, list):
        return None
    extra = "2101-01-01 10:00:00" if isinstance(found[0], datetime) else "warfarin"
    return None if extra in found else [*found, extra]


def another_name(found: Any) -> Any:
    names = {"M": "F", "F": "M", "married": "single", "single": "married"}
    return names.get(found) if isinstance(found, str) else None


NEAR_MISSES: Sequence[Callable[[Any], Any]] = (
    off_by_more_than_allowed,
    the_other_sign,
    another_day,
    one_item_less,
    one_item_more,
    another_name,
)


@pytest.mark.parametrize("change", NEAR_MISSES, ids=lambda c: c.__name__)
def test_a_near_miss_is_wrong_on_every_question(
    task: FhirAgentBench,
    records: Mapping[str, Record],
    solved: Mapping[str, Any],
    change: Callable[[Any], Any],
) -> None:
    changed = {id_: change(found) for id_, found in solved.items() if found is not None}
    tried = {id_: value for id_, value in changed.items() if value is not None}
    right = [
        (records[i]["question"], records[i]["true_answer"], value)
        for i, value in tried.items()
        if correct(task, records[i], solver.say(value))  # type: ignore[no-untyped-call]
    ]
    assert right == []
    assert tried


#: Answers that need no record.
LAZY = {
    "no data": "There is no such record.",
    "yes": "Yes",
    "no": "No",
    "zero": "0",
    "one": "1",
    "everything": "yes no 0 1 2 3 4 5 6 7 8 9 10 male female married single divorced widowed",
    "a time": "2150-01-01 00:00:00",
}


@pytest.mark.parametrize("name", LAZY)
def test_lazy_answers_are_right_only_by_chance(
    task: FhirAgentBench, records: Mapping[str, Record], name: str
) -> None:
    right = [r for r in records.values() if correct(task, r, LAZY[name])]
    kinds = Counter("empty" if not r["true_fhir_ids"] else str(r["answer_type"]) for r in right)
    assert len(right) / len(records) < 0.25, kinds
    if name == "no data":  # Right on what there is not, and on no or zero, and on nothing else.
        truths = [parse_truth(r["true_answer"]) for r in right]
        assert all(t in ([], [[0]]) for t in truths)
        assert all(correct(task, r, LAZY[name]) for r in records.values() if not r["true_fhir_ids"])


def test_a_raw_dump_is_wrong(task: FhirAgentBench, records: Mapping[str, Record]) -> None:
    reader = task._world.reader()
    for record in first_of_each_template(task):
        if record["answer_type"] == "yes_no" or not record["true_fhir_ids"]:
            continue
        dump: list[Any] = []
        for kind in agents.NEEDED[record["main_table_name"]]:
            arguments = {"resource_type": kind, "patient_fhir_id": record["patient_fhir_id"]}
            tools = Tools(reader, task._sandbox)
            dump += tools.retrieve(BY_PATIENT, arguments).get(kind, [])
        # A patient's whole record holds the answer to what is asked of the patient.
        if record["family"] != "demographics":
            assert not correct(task, record, str(dump)), record["question"]


def test_an_oracle_that_forgets_a_type_fails(
    task: FhirAgentBench, records: Mapping[str, Record]
) -> None:
    wanted = [
        r
        for r in first_of_each_template(task)
        if r["main_table_name"] == "prescriptions"
        and r["val_dict"]["op"] == "drug name"
        and r["true_fhir_ids"]
    ]
    outcomes = run(task, agents.Oracle(records, leave_out="Medication"), wanted)
    assert wanted
    assert not any(o.correct for o in outcomes)


# -- the questions ----------------------------------------------------------------------


def test_shares(task: FhirAgentBench, records: Mapping[str, Record]) -> None:
    sizes = {split: len(task.samples(split)) for split in SPLITS}
    assert sizes == {"dev": 120, "val": 80, "test": 80, "ood": 60}
    empty = sum(not r["true_fhir_ids"] for r in records.values()) / len(records)
    assert 0.18 < empty < 0.27
    answers = Counter(r["true_answer"] for r in records.values() if r["answer_type"] == "yes_no")
    assert abs(answers["[[1]]"] - answers["[[0]]"]) <= 6
    kinds = {r["answer_type"] for r in records.values()}
    assert kinds == {"yes_no", "number", "time", "text", "list"}


def test_ood_has_templates_of_its_own_and_no_patient_is_shared(task: FhirAgentBench) -> None:
    templates = {s: {r["template"] for r in task.samples(s)} for s in SPLITS}
    assert not templates["ood"] & (templates["dev"] | templates["val"] | templates["test"])
    assert templates["val"] <= templates["dev"]
    patients = [{r["patient_fhir_id"] for r in task.samples(s)} for s in SPLITS]
    assert sum(map(len, patients)) == len(set.union(*patients))


def test_another_seed_is_another_hospital_and_the_same_seed_the_same() -> None:
    first, again, other = (FhirAgentBench(source="synthetic", seed=s) for s in (7, 7, 8))
    assert list(first.samples("dev")) == list(again.samples("dev"))
    ids = {r["id"] for r in first.samples("dev")} & {r["id"] for r in other.samples("dev")}
    assert len(ids) < 3


def test_every_true_resource_exists(task: FhirAgentBench, records: Mapping[str, Record]) -> None:
    wanted: dict[str, set[str]] = {}
    for record in records.values():
        for kind, ids in record["true_fhir_ids"].items():
            wanted.setdefault(kind, set()).update(ids)
    reader = task._world.reader()
    for kind, ids in wanted.items():
        assert {r["id"] for r in reader.by_ids(kind, sorted(ids))} == ids
