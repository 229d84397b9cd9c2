"""The task ``medagentbench-v2``: prompt, hooks, data, splits, and runs from the command line."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.cli.data import data
from grasp.contracts import ConfigError, Rollout, TaskError
from grasp.plugins import load_task
from grasp_medagentbench.cli import medagentbench
from grasp_medagentbench.data import MEDAGENTBENCH_V2
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.graders import type_of
from grasp_medagentbench.records import patients_of
from grasp_medagentbench.splits import split_records
from grasp_medagentbench.v2.facts import OOD_TYPES
from grasp_medagentbench.v2.task import MedAgentBenchV2

BASE = "http://localhost:8080/fhir/"
SPLITS = ("dev", "val", "test", "ood")
FILES = {"dev": "dev", "val": "val", "test": "id_test", "ood": "test"}


@pytest.fixture
def task(task_v2: MedAgentBenchV2) -> MedAgentBenchV2:
    return task_v2


@pytest.fixture(scope="module")
def upstream() -> MedAgentBenchV2:
    return MedAgentBenchV2(source="synthetic", upstream_compat=True)


def find(task: MedAgentBenchV2, kind: str, branch: str = "") -> dict[str, Any]:
    """Return the first sample of a type whose patient has a branch."""
    for sample in [s for split in SPLITS for s in task.samples(split)]:
        dealt = task.cohort.branches[type_of(sample)][sample["eval_MRN"]]
        if type_of(sample) == kind and branch in ("", dealt):
            return dict(sample)
    raise AssertionError(f"no {kind} with {branch}")


# -- records and splits --------------------------------------------------------------


def test_the_published_splits_come_out_exactly(
    official_v2: Path, official_v2_records: list[dict[str, Any]]
) -> None:
    task = MedAgentBenchV2(data_file=official_v2 / "new_patient_tasks.json")
    for split, name in FILES.items():
        published = json.loads((official_v2 / f"split_{name}.json").read_text(encoding="utf-8"))
        assert list(task.samples(split)) == published
    assert [len(task.samples(s)) for s in SPLITS] == [96, 80, 64, 60]


def test_own_records_have_the_official_form(
    official_v2_records: list[dict[str, Any]], own_v2_records: list[dict[str, Any]]
) -> None:
    official = {r["id"]: r for r in official_v2_records}
    assert len(own_v2_records) == 300
    for record in own_v2_records:
        assert set(record) == set(official[record["id"]])
        for key in ("instruction", "context"):
            assert record[key] != official[record["id"]][key]
        # Not a sentence, not half a sentence of theirs.
        words = official[record["id"]]["instruction"].split()
        for start in range(len(words) - 8):
            assert " ".join(words[start : start + 9]) not in record["instruction"]
    official_splits = split_records(official_v2_records, OOD_TYPES)
    own_splits = split_records(own_v2_records, OOD_TYPES)
    for split in SPLITS:
        assert [r["id"] for r in official_splits[split]] == [r["id"] for r in own_splits[split]]
    for number in range(1, 11):
        mrns = [r["eval_MRN"] for r in own_v2_records if r["id"].startswith(f"task{number}_")]
        assert len(set(mrns)) == 30
    assert not set(patients_of(own_v2_records)) & set(patients_of(official_v2_records))


def test_own_wording_has_the_facts(own_v2_records: list[dict[str, Any]]) -> None:
    facts = {
        "task1": ["IMGCT0491", "IMGIL0001", "74177", "'Renal mass follow-up'", "12 months"],
        "task2": ["heparin 5000 units SC q8h", "LMWH", "DOAC", "newest"],
        "task3": ["HEARTRATE", "6 hours", "12 hours", "+00:00 now"],
        "task4": ["NUR1373", "48 hours", "It's 2023-11-11T09:00:00+00:00 now"],
        "task5": ["C64.2", "74177", "CON417", "3 months"],
        "task6": ["'TSH'", "'FT4'", "10 uIU/mL", "25 mcg", "4.5", "0.8", "1.8", "6 weeks"],
        "task7": ["QTCINTERVAL", "500 ms", "445118002", "ondansetron", "24 hours"],
        "task8": ["hydromorphone", "oxycodone", "fentanyl", "hydrocodone", "morphine", "4 mg"],
        "task9": ["90686", "365 days", "quadrivalent", "2024-01-09T00:00:00+00:00"],
        "task10": ["COVIDVACCINE", "COVID-19 VAC", "91320", "2023-11-07T12:00:00+00:00"],
    }
    for record in own_v2_records:
        text = record["instruction"] + record["context"]
        assert record["eval_MRN"] in record["instruction"]
        assert [f for f in facts[type_of(record)] if f not in text] == []
    rates = {r["context"] for r in own_v2_records if r["id"].startswith("task3_")}
    assert len(rates) >= 8


def test_a_file_of_v1_is_none_of_v2(official: Path) -> None:
    with pytest.raises(TaskError, match="lacks eval_MRN"):
        MedAgentBenchV2(data_file=official / "test_data_v2.json")


def test_wrong_parameters_name_the_remedy() -> None:
    with pytest.raises(ConfigError, match="no records of type task11"):
        MedAgentBenchV2(types=[11])
    with pytest.raises(TaskError, match="not been pulled") as caught:
        MedAgentBenchV2(source="official")
    assert caught.value.hint == "grasp data pull medagentbench-v2"
    remote = MedAgentBenchV2(source="synthetic", fhir_base_url="http://127.0.0.1:9/fhir")
    with pytest.raises(TaskError) as unreachable:
        remote.setup()
    assert "serve --task medagentbench-v2" in unreachable.value.hint


def test_pulled_data_are_used(
    official_v2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRASP_DATA", str(tmp_path / "home"))
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in MEDAGENTBENCH_V2.files:
        shutil.copy(official_v2 / file.name, copy / file.name)
    pull = ["pull", "medagentbench-v2", "--from", str(copy)]
    damaged = copy / "new_patient_tasks.json"
    kept = damaged.read_bytes()
    damaged.write_bytes(b"[]")
    refused = CliRunner().invoke(data, pull)
    assert isinstance(refused.exception, TaskError)
    assert "checksum" in refused.exception.message
    damaged.write_bytes(kept)
    assert CliRunner().invoke(data, pull).exit_code == 0
    task = MedAgentBenchV2()
    assert task.source == "official"
    assert task.functions is not FUNCTIONS
    assert len(task.functions) == 9
    assert task.samples("ood")[0]["eval_MRN"] == "S6315806"


# -- the opening message -------------------------------------------------------------


def contexts(task: MedAgentBenchV2, says: Any) -> list[tuple[dict[str, Any], str]]:
    result = []
    for sample in [s for split in SPLITS for s in task.samples(split)]:
        if type_of(sample) != "task3" and int(sample["id"].split("_")[1]) > 2:
            continue
        first = task.rollout(sample, says("FINISH([])")).history[0]["content"]
        result.append((dict(sample), json.loads(first)["task"]["context"]))
    return result


def test_the_opening_states_the_present_of_the_record(official_v2: Path, says: Any) -> None:
    file = official_v2 / "new_patient_tasks.json"
    usual = "Current time: 2023-11-07T22:47:00+00:00"
    for sample, context in contexts(MedAgentBenchV2(data_file=file), says):
        own, _, stated = context.rpartition("\n")
        assert own == sample["context"]
        times = set(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", context))
        assert len(times) == 1
        assert stated == f"Current time: {times.pop()}"
    for sample, context in contexts(MedAgentBenchV2(data_file=file, upstream_compat=True), says):
        assert context == f"{sample['context']}\n{usual}"


# -- hooks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "lines", "tags"),
    [
        ("task3", ["FINISH([80])"], {"finish_not_two_values", "answered_without_query"}),
        ("task3", ["FINISH(80, 81)"], {"answered_without_query"}),
        ("task3", ['FINISH(["80 bpm", "81 bpm"])'],
         {"finish_value_not_a_number", "answered_without_query"}),
        ("task3", ["GET {base}Patient?_id=1", "POST x\n{{}}", "FINISH([1, 2])"],
         {"read_only_task_used_post", "post_without_resource_type", "post_without_status",
          "post_intent_not_order", "post_subject_not_the_plain_patient"}),
        ("task9", ["GET {base}Patient?_id=1", "FINISH(nothing to report)"], set()),
        ("task9", ["GET {base}Patient?_id=1", "POST x\n[]", "FINISH([])"],
         {"post_not_an_object"}),
        ("task9", ["GET {base}Patient?_id=1", "POST x\nimmunize", "FINISH([])"],
         {"post_not_json"}),
        ("task9", ["GET {base}Patient?_id=1", "```\nPOST x\n{{}}\n```", "FINISH([])"],
         {"post_in_code_fence"}),
        ("task4", ["GET {base}Patient?_id=1",
                   'POST x\n{{"resourceType": "ServiceRequest", "status": "active", "intent": '
                   '"ORDER", "subject": {{"reference": "Patient/{mrn}", "display": "x"}}}}',
                   "FINISH([])"], {"post_subject_not_the_plain_patient"}),
        ("task4", ["The catheter is fine."],
         {"protocol_invalid", "no_finish", "answered_without_query"}),
    ],
)  # fmt: skip
def test_failure_tags(
    task: MedAgentBenchV2,
    upstream: MedAgentBenchV2,
    says: Any,
    kind: str,
    lines: list[str],
    tags: set[str],
) -> None:
    sample = find(task, kind)
    filled = [line.format(base=BASE, mrn=sample["eval_MRN"]) for line in lines]
    rollout = task.rollout(sample, says(*filled))
    found = task.failure_tags(sample, rollout)
    assert found == sorted(found)
    assert set(found) == tags
    assert upstream.failure_tags(sample, rollout) == []


def test_what_is_expected_is_told_for_dev_only(
    task: MedAgentBenchV2, upstream: MedAgentBenchV2, oracle_v2: Any
) -> None:
    told: Counter[tuple[str, bool]] = Counter()
    for sample in task.samples("dev"):
        truth = task.ground_truth(sample)
        actions = task.rollout(sample, oracle_v2(sample)).agent_actions
        posted = any(a.startswith("POST") for a in actions)
        if type_of(sample) == "task3":
            assert task.evaluate(sample, Rollout(answer=truth))
        else:
            assert truth.startswith("POST " if posted else "no POST"), (sample["id"], truth)
        told[type_of(sample), posted] += 1
    assert len(told) == 8 * 2 - 1
    for split in ("val", "test", "ood"):
        assert not any(task.ground_truth(s) for s in task.samples(split))
    assert not any(upstream.ground_truth(s) for s in upstream.samples("dev"))


def test_what_is_expected_names_the_orders(task: MedAgentBenchV2) -> None:
    told: dict[str, set[str]] = {}
    for sample in task.samples("dev"):
        told.setdefault(type_of(sample), set()).add(task.ground_truth(sample))
    stop, heparin = "MedicationRequest, stopped", "MedicationRequest heparin 5000 units, active"
    thyroid = "ServiceRequest TSH, ServiceRequest FT4"
    del told["task3"]
    assert told == {
        "task1": {"no POST", "POST ServiceRequest 74177"},
        "task2": {"no POST", f"POST {heparin}", f"POST {stop}"},
        "task4": {"no POST", "POST ServiceRequest NUR1373"},
        "task6": {
            "no POST",
            f"POST {thyroid}",
            f"POST MedicationRequest levothyroxine 25 mcg, {thyroid}",
        },
        "task8": {"no POST", "POST MedicationRequest naloxone nasal spray 4 mg"},
        "task9": {"no POST", "POST MedicationRequest 90686"},
        "task10": {"no POST", "POST MedicationRequest COVID 91320"},
    }


def test_a_small_task_file_of_ones_own(tmp_path: Path, oracle_v2: Any) -> None:
    times = ("2024-05-01T08:00:00+02:00", "2019-01-01T00:00:00+00:00")
    records = [
        {"id": f"task{k}_{n}", "instruction": f"{k}", "context": f"It's {t} now", "eval_MRN": "X1"}
        for k in (1, 4, 7, 9)
        for n, t in enumerate(times)
    ]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(records))
    task = MedAgentBenchV2(data_file=path)
    assert task.cohort.patients == 1
    assert [len(task.samples(s)) for s in SPLITS] == [6, 0, 0, 2]
    assert set(task.cohort.branches["task9"]) == {"X1"}
    assert task.describe()["source"] == "tasks.json"


def test_advice_strata_and_description(task: MedAgentBenchV2, upstream: MedAgentBenchV2) -> None:
    sample = find(task, "task10")
    assert task.sample_type(sample) == task.report_group(sample) == "task10"
    for word in ("FINISH", "`stopped`", "behavioral_skills"):
        assert word in task.updater_guidance
    facts = task.describe()
    assert facts["benchmark"] == "MedAgentBench-v2"
    assert json.loads(json.dumps(facts)) == facts
    assert upstream.sample_type(sample) == "unknown"
    assert upstream.updater_guidance == ""
    assert upstream.describe()["upstream_compat"] is True


def test_what_is_posted_in_strict_mode_is_seen_and_not_graded(says: Any) -> None:
    task = MedAgentBenchV2(source="synthetic", post_mode="strict")
    sample = find(task, "task9", "never")
    vaccine = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [{"code": "90686"}]},
        "subject": {"reference": f"Patient/{sample['eval_MRN']}"},
        "performedDateTime": "2024-01-01T00:00:00+00:00",
    }
    look = f"GET {BASE}Procedure?patient={sample['eval_MRN']}&code=90686"
    lines = [f"POST {BASE}Procedure\n{json.dumps(vaccine)}", look, "FINISH([])"]
    rollout = task.rollout(sample, says(*lines))
    assert '"total": 1' in rollout.history[4]["content"]
    assert task.evaluate(sample, rollout) is False
    quiet = Rollout(history=[], answer="[]")
    assert task.evaluate(find(task, "task9", "recent"), quiet) is True
    assert task.evaluate(sample, quiet) is False


def test_it_is_found_by_name_and_its_patients_are_shown() -> None:
    assert load_task("medagentbench-v2", cohort_seed=1).name == "medagentbench-v2"
    arguments = ["cohort", "--task", "medagentbench-v2", "--source", "synthetic"]
    report = json.loads(CliRunner().invoke(medagentbench, [*arguments, "--json"]).output)
    assert report["branches"]["task7"]["ood"] == {"none": 4, "normal": 11, "prolonged": 15}
    assert report["lazy_scores_by_type"]["do-nothing"]["task7"] == 0.5
