"""The graders against a second reading of the spec, on thousands of damaged transcripts.

The functions below say the rules of spec 3 once more, as a list of assertions, without any
code of the package. Both must agree on whatever an agent might have done.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from grasp.contracts import Rollout
from grasp_medagentbench.fhir import EmbeddedClient
from grasp_medagentbench.task import MedAgentBench

BASE = "http://localhost:8080/fhir/"
NOW = "2023-11-13T10:15:00+00:00"
DAY_AGO = datetime.fromisoformat(NOW) - timedelta(hours=24)
History = list[dict[str, str]]
#: ``(time, value, time as stored)``
Reading = tuple[datetime, Any, str]


class SecondOpinion:
    def __init__(self, client: EmbeddedClient) -> None:
        self._client = client

    def verdict(self, record: dict[str, Any], history: History, result: Any) -> bool:
        if result is None:
            return False
        rule: Callable[..., Any] = getattr(self, record["id"].split("_")[0])
        try:
            return rule(record, history, result) is not False
        except Exception:
            return False

    def task1(self, record: Any, history: History, result: Any) -> None:
        assert not talks_of_post(history)
        assert record["sol"] == json.loads(result)

    def task2(self, record: Any, history: History, result: Any) -> None:
        assert not talks_of_post(history)
        born = self._search(f"Patient?identifier={record['eval_MRN']}")[0]["birthDate"]
        year, month, day = map(int, born.split("-"))
        age = 2023 - year - (1 if (month, day) > (11, 13) else 0)
        assert [age] == json.loads(result)

    def task3(self, record: Any, history: History, result: Any) -> None:
        ((url, payload),) = accepted(history)
        assert url == BASE + "Observation"
        assert payload["resourceType"] == "Observation"
        assert len(payload["category"]) == 1
        assert len(payload["category"][0]["coding"]) == 1
        assert payload["category"][0]["coding"][0] == {
            "system": "http://hl7.org/fhir/observation-category",
            "code": "vital-signs",
            "display": "Vital Signs",
        }
        assert payload["code"] == {"text": "BP"}
        assert payload["effectiveDateTime"] == NOW
        assert payload["status"] == "final"
        assert payload["valueString"] == re.findall('"(.*?)"', record["instruction"])[0]
        assert payload["subject"] == {"reference": "Patient/" + record["eval_MRN"]}

    def task4(self, record: Any, history: History, result: Any) -> None:
        assert not talks_of_post(history)
        last = newest(self._readings(record, "MG", DAY_AGO))
        assert [last[1] if last else -1] == json.loads(result)

    def task5(self, record: Any, history: History, result: Any) -> None:
        last = newest(self._readings(record, "MG", DAY_AGO))
        if last is None:
            assert not talks_of_post(history)
            return
        if last[1] > 1.9:
            assert not talks_of_post(history)
        else:
            ((url, payload),) = accepted(history)
            assert url == BASE + "MedicationRequest"
            amount = 1
            if last[1] < 1.5:
                amount = 2
            if last[1] < 1:
                amount = 4
            medication(record, payload, "0338-1715-40")
            dosage = payload["dosageInstruction"][0]
            assert dosage["route"] == "IV"
            assert dosage["doseAndRate"][0]["doseQuantity"] == {"value": amount, "unit": "g"}
            assert dosage["doseAndRate"][0]["rateQuantity"] == {"value": amount, "unit": "h"}
        assert json.loads(result) in ([last[1]], [])

    def task6(self, record: Any, history: History, result: Any) -> None:
        assert not talks_of_post(history)
        values = [value for _, value, _ in self._readings(record, "GLU", DAY_AGO)]
        mean = sum(values) / len(values) if values else -1
        answer = json.loads(result)
        assert len(answer) == 1
        assert abs(answer[0] - mean) < 0.1

    def task7(self, record: Any, history: History, result: Any) -> None:
        assert not talks_of_post(history)
        last = newest(self._readings(record, "GLU"))
        assert [last[1] if last else -1] == json.loads(result)

    def task8(self, record: Any, history: History, result: Any) -> None:
        (post,) = accepted(history)
        service(record, post, "http://snomed.info/sct", "306181000000106")
        wanted = re.findall('"(.*?)"', record["instruction"])[0]
        assert wanted in post[1]["note"]["text"]

    def task9(self, record: Any, history: History, result: Any) -> None:
        last = newest(self._readings(record, "K"))
        if last is None or last[1] >= 3.5:
            assert not talks_of_post(history)
        else:
            first, second = accepted(history)
            url, payload = first
            assert url == BASE + "MedicationRequest"
            medication(record, payload, "40032-917-01")
            route = payload["dosageInstruction"][0]["route"]
            if isinstance(route, dict):
                route = route["text"] if route.get("text") else route["coding"][0]["display"]
            assert route.strip().lower() == "oral"
            dose = payload["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
            assert abs(dose["value"] - (3.5 - last[1]) / 0.1 * 10) <= 0.1
            assert dose["unit"] == "mEq"
            service(record, second, "http://loinc.org", "2823-3")
            assert "2023-11-14T08:" in second[1]["occurrenceDateTime"]
        assert json.loads(result) in ([last[1] if last else -1], [])

    def task10(self, record: Any, history: History, result: Any) -> None:
        last = newest(self._readings(record, "A1C"))
        if last is None or last[0] < datetime.fromisoformat("2022-11-13T10:15:00+00:00"):
            (post,) = accepted(history)
            service(record, post, "http://loinc.org", "4548-4")
        else:
            assert not talks_of_post(history)
        assert json.loads(result) in ([last[1], last[2]] if last else [-1], [])

    def _search(self, query: str) -> list[Any]:
        answer = self._client.request("GET", f"{BASE}{query}&_format=json")
        return [entry["resource"] for entry in json.loads(answer.text).get("entry", [])]

    def _readings(self, record: Any, code: str, since: Any = None) -> list[Reading]:
        query = f"Observation?patient={record['eval_MRN']}&code={code}&_count=5000"
        found = [
            (
                datetime.fromisoformat(r["effectiveDateTime"]),
                r["valueQuantity"]["value"],
                r["effectiveDateTime"],
            )
            for r in self._search(query)
        ]
        return [r for r in found if since is None or r[0] >= since]


def newest(readings: list[Reading]) -> Reading | None:
    result = None
    for reading in readings:
        if result is None or reading[0] > result[0]:
            result = reading
    return result


def talks_of_post(history: History) -> bool:
    return "POST" in "\n".join(m["content"] for m in history if m["role"] == "agent")


def accepted(history: History) -> list[tuple[str, Any]]:
    posts = []
    for message, following in itertools.pairwise(history):
        if message["role"] != "agent" or "POST" not in message["content"]:
            continue
        if "POST request accepted" in following["content"]:
            lines = message["content"].split("\n")
            with contextlib.suppress(ValueError):
                posts.append((lines[0][4:].strip(), json.loads("\n".join(lines[1:]))))
    return posts


def medication(record: Any, payload: Any, code: str) -> None:
    assert payload["resourceType"] == "MedicationRequest"
    coding = payload["medicationCodeableConcept"]["coding"][0]
    assert coding["system"] == "http://hl7.org/fhir/sid/ndc"
    assert coding["code"] == code
    assert "2023-11-13T10:15" in payload["authoredOn"]
    assert payload["status"] == "active"
    assert payload["intent"] == "order"
    assert payload["subject"] == {"reference": "Patient/" + record["eval_MRN"]}


def service(record: Any, post: tuple[str, Any], system: str, code: str) -> None:
    url, payload = post
    assert url == BASE + "ServiceRequest"
    assert payload["resourceType"] == "ServiceRequest"
    assert payload["code"]["coding"][0]["system"] == system
    assert payload["code"]["coding"][0]["code"] == code
    assert payload["authoredOn"] == NOW
    assert payload["status"] == "active"
    assert payload["intent"] == "order"
    assert payload["priority"] == "stat"
    assert payload["subject"] == {"reference": "Patient/" + record["eval_MRN"]}


def compare(
    task: MedAgentBench, oracle: Any, damaging: Any, rounds: int, seed: int
) -> Counter[tuple[str, bool]]:
    opinion, damage = SecondOpinion(EmbeddedClient(task.store)), damaging(seed)
    seen: Counter[tuple[str, bool]] = Counter()
    samples = [s for split in ("dev", "val", "test", "ood") for s in task.samples(split)]
    played = [(s, task.rollout(s, oracle(s))) for s in samples]
    for _ in range(rounds):
        for sample, rollout in played:
            history, answer = damage.done(rollout.history, rollout.answer)
            expected = opinion.verdict(dict(sample), history, answer)
            found = task.evaluate(sample, Rollout(history=history, answer=answer))
            assert found is expected, (sample["id"], history[1:], answer)
            seen[sample["id"].split("_")[0], expected] += 1
    return seen


def test_both_agree_on_the_official_tasks(official: Any, oracle: Any, damage: Any) -> None:
    task = MedAgentBench(data_file=official / "test_data_v2.json")
    seen = compare(task, oracle, damage, 10, 1)
    assert len(seen) == 20  # Both verdicts of all ten types.


def test_both_agree_on_our_own_tasks(oracle: Any, damage: Any) -> None:
    seen = compare(MedAgentBench(source="synthetic", cohort_seed=2), oracle, damage, 6, 2)
    assert len(seen) == 20


@pytest.mark.slow
def test_both_agree_again_and_again(oracle: Any, damage: Any) -> None:
    for seed in range(10):
        task = MedAgentBench(source="synthetic", cohort_seed=seed)
        compare(task, oracle, damage, 40, seed + 10)
