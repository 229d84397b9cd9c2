"""The graders, case by case, against hand-written transcripts (spec 1.5, 3, 9)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp_medagentbench.fhir import FhirConnectionError, FhirResponse
from grasp_medagentbench.graders import V1_GRADERS, Chart, Episode, grade

BASE = "http://localhost:8080/fhir/"
MRN = "S1"
NOW = "2023-11-13T10:15:00+00:00"
EDGE = "2023-11-12T10:15:00+00:00"
TOO_OLD = "2023-11-12T10:14:59+00:00"
RECENT = "2023-11-13T08:00:00+00:00"
SBAR = "Situation: a. Background: b. Assessment: c. Recommendation: d."
ACCEPTED = "POST request accepted and executed successfully. Go on."
ChartOf = Callable[..., Chart]

SUBJECT = {"reference": f"Patient/{MRN}"}
PRESSURE = {
    "resourceType": "Observation",
    "category": [
        {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/observation-category",
                    "code": "vital-signs",
                    "display": "Vital Signs",
                }
            ]
        }
    ],
    "code": {"text": "BP"},
    "effectiveDateTime": NOW,
    "status": "final",
    "valueString": "118/77 mmHg",
    "subject": SUBJECT,
}
MAGNESIUM = {
    "resourceType": "MedicationRequest",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40"}]
    },
    "authoredOn": NOW,
    "dosageInstruction": [
        {
            "route": "IV",
            "doseAndRate": [
                {
                    "doseQuantity": {"value": 1, "unit": "g"},
                    "rateQuantity": {"value": 1, "unit": "h"},
                }
            ],
        }
    ],
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
}
POTASSIUM = {
    "resourceType": "MedicationRequest",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "40032-917-01"}]
    },
    "authoredOn": "2023-11-13T10:15",
    "dosageInstruction": [
        {
            "route": {"text": " Oral "},
            "doseAndRate": [{"doseQuantity": {"value": 30, "unit": "mEq", "code": "x"}}],
        }
    ],
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
}


def service(system: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": system, "code": code, "display": "anything"}]},
        "authoredOn": NOW,
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": SUBJECT,
        **more,
    }


MORNING = service("http://loinc.org", "2823-3", occurrenceDateTime="2023-11-14T08:30:00+00:00")
HBA1C = service("http://loinc.org", "4548-4")
REFERRAL = service("http://snomed.info/sct", "306181000000106", note={"text": f"Dear all, {SBAR}"})


def record(kind: str, **more: Any) -> dict[str, Any]:
    quoted = {"task3": "118/77 mmHg", "task8": SBAR}.get(kind, "x")
    return {
        "id": f"{kind}_1",
        "instruction": f'Do it with "{quoted}" please.',
        "context": "",
        "eval_MRN": MRN,
        **more,
    }


def post(resource: str, payload: Any) -> str:
    return f"POST {BASE}{resource}\n{json.dumps(payload)}"


def transcript(*turns: str, finish: str | None = "FINISH([])") -> list[dict[str, str]]:
    history = [{"role": "user", "content": "{}"}]
    for turn in turns:
        reply = ACCEPTED if turn.startswith(("POST", "```", "\n")) else "Response: {}."
        history += [{"role": "agent", "content": turn}, {"role": "user", "content": reply}]
    if finish is not None:
        history.append({"role": "agent", "content": finish})
    return history


def verdict(
    kind: str, chart: Chart, answer: Any, *turns: str, strict: bool = False, **more: Any
) -> bool:
    history = transcript(*turns, finish=f"FINISH({answer})")
    return grade(V1_GRADERS, record(kind, **more), Episode(history, answer, strict), chart)


def changed(payload: Any, path: str, value: Any) -> Any:
    """Return the payload with one place replaced, or removed where the value is ``...``."""
    result = copy.deepcopy(payload)
    place: Any = result
    *steps, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return result


# -- answers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ('["S6534835"]', True),
        (' [ "S6534835" ]\n', True),
        ('["\\u00536534835"]', True),
        ('["S6534835", "S6534835"]', False),
        ('"S6534835"', False),
        ("['S6534835']", False),
        ("S6534835", False),
        ("", False),
        ('["S6534835"', False),
        ('{"0": "S6534835"}', False),
    ],
)
def test_task1(chart_of: ChartOf, answer: str, correct: bool) -> None:
    assert verdict("task1", chart_of(), answer, sol=["S6534835"]) is correct


def test_task1_not_found(chart_of: ChartOf) -> None:
    chart = chart_of()
    assert verdict("task1", chart, '["Patient not found"]', sol=["Patient not found"])
    assert not verdict("task1", chart, '["patient not found"]', sol=["Patient not found"])


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        ("1953-11-12", 70),
        ("1953-11-13", 70),
        ("1953-11-14", 69),
        ("1952-02-29", 71),
        ("2003-12-31", 19),
    ],
)
def test_task2(chart_of: ChartOf, birth: str, age: int) -> None:
    chart = chart_of(birth=birth)
    assert verdict("task2", chart, f"[{age}]")
    assert verdict("task2", chart, f"[{age}.0]")
    assert not verdict("task2", chart, f"[{age + 1}]")
    assert not verdict("task2", chart, f'["{age}"]')
    assert not verdict("task2", chart, f"{age}")


def test_task2_without_patient_is_wrong(chart_of: ChartOf) -> None:
    assert not verdict("task2", chart_of(), "[50]")


@pytest.mark.parametrize(
    ("readings", "right", "wrong"),
    [
        ([], "[-1]", ["[]", '["-1"]', "[null]", "-1"]),
        ([(1.8, TOO_OLD)], "[-1]", ["[1.8]"]),
        ([(1.8, EDGE)], "[1.8]", ["[-1]"]),
        ([(2, RECENT)], "[2.0]", ["[2.01]", '["2"]', "[2, 2]"]),
        ([(1, RECENT)], "[true]", ["[false]"]),
        ([(2.4, TOO_OLD), (1.7, EDGE), (1.8, RECENT), (1.6, EDGE)], "[1.8]", ["[2.4]"]),
        ([(1.1, RECENT), (1.2, RECENT)], "[1.1]", ["[1.2]"]),
        ([(1.1, "2023-11-13T12:00:00+00:00")], "[1.1]", ["[-1]"]),
        ([(1.1, "2023-11-12T12:14:00+02:00")], "[-1]", ["[1.1]"]),
        ([(1.1, "2023-11-12T12:15:00+02:00")], "[1.1]", ["[-1]"]),
    ],
)
def test_task4(chart_of: ChartOf, readings: Any, right: str, wrong: list[str]) -> None:
    chart = chart_of(MG=readings)
    assert verdict("task4", chart, right)
    for answer in wrong:
        assert not verdict("task4", chart, answer)


@pytest.mark.parametrize(
    ("readings", "right", "wrong"),
    [
        ([], ["[-1]", "[-1.05]"], ["[]", "-1"]),
        ([(100, RECENT), (103, EDGE), (999, TOO_OLD)], ["[101.5]", "[101.45]", "[101.6]"],
         ["[101]", "[101.65]", "[101.5, 1]", '["101.5"]', "[NaN]", "[[101.5]]"]),
        ([(90, RECENT)], ["[90]", "[90.05]"], ["[91]", "[Infinity]"]),
    ],
)  # fmt: skip
def test_task6(chart_of: ChartOf, readings: Any, right: list[str], wrong: list[str]) -> None:
    chart = chart_of(GLU=readings)
    for answer in right:
        assert verdict("task6", chart, answer), answer
    for answer in wrong:
        assert not verdict("task6", chart, answer), answer


def test_task6_with_a_huge_number_is_just_wrong(chart_of: ChartOf) -> None:
    assert not verdict("task6", chart_of(GLU=[(90, RECENT)]), f"[{10**400}]")


@pytest.mark.parametrize(
    ("readings", "right", "wrong"),
    [
        ([], "[-1]", ["[]"]),
        ([(90, "2021-01-01T00:00:00+00:00"), (80, "2020-01-01T00:00:00+00:00")], "[90]",
         ["[80]", "[-1]", "[90.01]", '["90 mg/dL"]', "[]"]),
    ],
)  # fmt: skip
def test_task7(chart_of: ChartOf, readings: Any, right: str, wrong: list[str]) -> None:
    chart = chart_of(GLU=readings)
    assert verdict("task7", chart, right)
    for answer in wrong:
        assert not verdict("task7", chart, answer)


@pytest.mark.parametrize("kind", ["task1", "task2", "task4", "task6", "task7"])
def test_reading_tasks_must_not_have_the_letters_post_anywhere(
    chart_of: ChartOf, kind: str
) -> None:
    chart = chart_of(birth="1953-11-13", MG=[(70, RECENT)], GLU=[(70, RECENT)])
    more = {"sol": [70]} if kind == "task1" else {}
    assert verdict(kind, chart, "[70]", "GET x", **more)
    for turn in ("POST x", "GET x?y=POST", post("Observation", {})):
        assert not verdict(kind, chart, "[70]", turn, **more)
    assert verdict(kind, chart, "[70]", "post x", **more)


# -- task 3 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "correct"),
    [
        ("extra", {"is": "harmless"}, True),
        ("resourceType", "Observations", False),
        ("category", [], False),
        ("category.0.coding", [], False),
        ("category.0.text", "Vital Signs", True),
        ("category.0.coding.0.display", "Vital signs", False),
        ("category.0.coding.0.userSelected", True, False),
        ("code", {"text": "BP", "coding": []}, False),
        ("code", {"coding": [{"code": "BP"}]}, False),
        ("code", "BP", False),
        ("effectiveDateTime", "2023-11-13T10:15:00Z", False),
        ("effectiveDateTime", "2023-11-13T10:15:00.000+00:00", False),
        ("status", "Final", False),
        ("valueString", "118/77", False),
        ("valueString", "118/77 mmHg ", False),
        ("subject", {"reference": f"Patient/{MRN}", "display": "P"}, False),
        ("subject", {"reference": MRN}, False),
        ("status", ..., False),
        ("category", ..., False),
    ],
)
def test_task3_payload(chart_of: ChartOf, path: str, value: Any, correct: bool) -> None:
    payload = changed(PRESSURE, path, value)
    assert verdict("task3", chart_of(), "whatever", post("Observation", payload)) is correct


def test_task3_posts(chart_of: ChartOf) -> None:
    chart, good = chart_of(), post("Observation", PRESSURE)
    assert verdict("task3", chart, "", good)
    assert not verdict("task3", chart, "[]")
    assert not verdict("task3", chart, "[]", good, good)
    assert not verdict("task3", chart, "[]", good.replace("/fhir/O", "/fhir//O"))
    assert not verdict("task3", chart, "[]", good.replace("/Observation", "/Observation/"))
    assert not verdict("task3", chart, "[]", post("Observation", [PRESSURE]))
    assert not verdict("task3", chart, "[]", post("Observation", "text"))


def test_task3_post_in_a_fence_is_accepted_but_not_counted(chart_of: ChartOf) -> None:
    good = post("Observation", PRESSURE)
    assert not verdict("task3", chart_of(), "[]", f"```\n{good}\n```")
    # A fence around nothing but the end of the payload spoils it likewise.
    assert not verdict("task3", chart_of(), "[]", f"{good}\n```")
    # What can't be read is left out, so the next post is the only one.
    assert verdict("task3", chart_of(), "[]", f"```\n{good}\n```", good)


def test_task3_raw_address(chart_of: ChartOf) -> None:
    body = json.dumps(PRESSURE)
    url = f"{BASE}Observation"
    assert verdict("task3", chart_of(), "", f"POST   {url}  \n{body}")
    assert verdict("task3", chart_of(), "", f"POST\t{url}\n\n  {body}\n\n")
    assert verdict("task3", chart_of(), "", f"POST{url}\n{body}")
    assert not verdict("task3", chart_of(), "", f"POST:{url}\n{body}")
    assert verdict("task3", chart_of(), "", f"POST {url}\r\n{body}")
    assert not verdict("task3", chart_of(), "", f" POST {url}\n{body}")
    assert not verdict("task3", chart_of(), "", f"\nPOST {url}\n{body}")


def test_only_posts_whose_next_message_accepts_count(chart_of: ChartOf) -> None:
    good = post("Observation", PRESSURE)
    history = transcript(good)
    assert grade(V1_GRADERS, record("task3"), Episode(history, "x"), chart_of())
    refused = copy.deepcopy(history)
    refused[2]["content"] = "Invalid POST request"
    assert not grade(V1_GRADERS, record("task3"), Episode(refused, "x"), chart_of())
    said = copy.deepcopy(history)
    said[2]["content"] = "He said: POST request accepted, I think"
    assert grade(V1_GRADERS, record("task3"), Episode(said, "x"), chart_of())
    by_user = [{**m, "role": "user"} for m in history]
    assert not grade(V1_GRADERS, record("task3"), Episode(by_user, "x"), chart_of())


def test_a_post_in_the_last_message_is_passed_over(chart_of: ChartOf) -> None:
    history = transcript(post("Observation", PRESSURE), finish='FINISH(["POST done"])')
    assert grade(V1_GRADERS, record("task3"), Episode(history, '["POST done"]'), chart_of())


# -- task 5 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "dose"), [(0.9, 4), (1.0, 2), (1.4, 2), (1.5, 1), (1.9, 1), (0.99, 4), (1.49, 2)]
)
def test_task5_dose(chart_of: ChartOf, level: float, dose: int) -> None:
    chart = chart_of(MG=[(level, RECENT)])
    for given_dose in (1, 2, 4):
        amounts = {
            "doseQuantity": {"value": given_dose, "unit": "g"},
            "rateQuantity": {"value": given_dose, "unit": "h"},
        }
        payload = changed(MAGNESIUM, "dosageInstruction.0.doseAndRate.0", amounts)
        turn = post("MedicationRequest", payload)
        assert verdict("task5", chart, f"[{level}]", turn) is (given_dose == dose)
        assert verdict("task5", chart, "[]", turn) is (given_dose == dose)
        assert not verdict("task5", chart, "[-1]", turn)
        assert not verdict("task5", chart, "", turn)
    assert not verdict("task5", chart, f"[{level}]")


@pytest.mark.parametrize(
    ("path", "value", "correct"),
    [
        ("authoredOn", "2023-11-13T10:15", True),
        ("authoredOn", "about 2023-11-13T10:15:59Z", True),
        ("authoredOn", ["2023-11-13T10:15"], True),
        ("authoredOn", "2023-11-13", False),
        ("authoredOn", 20231113, False),
        ("dosageInstruction.0.route", {"text": "IV"}, False),
        ("dosageInstruction.0.route", "iv", False),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", 1.0, True),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", True, True),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", "1", False),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.system", "x", False),
        ("dosageInstruction.0.doseAndRate.0.rateQuantity.unit", "hour", False),
        ("dosageInstruction.0.doseAndRate", {"doseQuantity": {}}, False),
        ("dosageInstruction", [], False),
        ("medicationCodeableConcept.coding.0.code", "0338171540", False),
        ("medicationCodeableConcept.coding", [{}], False),
        ("medicationCodeableConcept.text", "magnesium", True),
        ("subject.display", "P", False),
        ("status", "draft", False),
        ("intent", ..., False),
    ],
)
def test_task5_payload(chart_of: ChartOf, path: str, value: Any, correct: bool) -> None:
    chart = chart_of(MG=[(1.9, RECENT)])
    turn = post("MedicationRequest", changed(MAGNESIUM, path, value))
    assert verdict("task5", chart, "[1.9]", turn) is correct


def test_task5_normal_level(chart_of: ChartOf) -> None:
    chart = chart_of(MG=[(2.0, RECENT)])
    assert verdict("task5", chart, "[2]")
    assert verdict("task5", chart, "[]")
    assert not verdict("task5", chart, "[-1]")
    assert not verdict("task5", chart, "[2]", post("MedicationRequest", MAGNESIUM))
    assert not verdict("task5", chart, '["no POST needed"]')


def test_task5_nothing_in_the_window(chart_of: ChartOf) -> None:
    for chart in (chart_of(), chart_of(MG=[(1.2, TOO_OLD)])):
        assert verdict("task5", chart, "[-1]")
        assert verdict("task5", chart, "no magnesium, so nothing ordered")
        assert verdict("task5", chart, "")
        assert verdict("task5", chart, {"error": "the environment broke"})
        assert not verdict("task5", chart, "no POST made")
        assert not verdict("task5", chart, "[-1]", post("MedicationRequest", MAGNESIUM))


def test_task5_in_strict_mode_takes_the_form_of_fhir(chart_of: ChartOf) -> None:
    chart = chart_of(MG=[(1.9, RECENT)])
    formal = changed(MAGNESIUM, "dosageInstruction.0.route", {"text": "IV"})
    assert verdict("task5", chart, "[]", post("MedicationRequest", formal), strict=True)
    oral = changed(MAGNESIUM, "dosageInstruction.0.route", {"text": "PO"})
    assert not verdict("task5", chart, "[]", post("MedicationRequest", oral), strict=True)


# -- task 8 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "correct"),
    [
        ("note.text", SBAR, True),
        ("note.text", [SBAR], True),
        ("note.text", SBAR[:-1], False),
        ("note.text", SBAR.lower(), False),
        ("note", [{"text": SBAR}], False),
        ("note", SBAR, False),
        ("authoredOn", "2023-11-13T10:15", False),
        ("priority", "routine", False),
        ("code.coding.0.system", "http://snomed.info/sct/", False),
        ("code.coding.0.code", 306181000000106, False),
        ("code.text", "x", True),
    ],
)
def test_task8_payload(chart_of: ChartOf, path: str, value: Any, correct: bool) -> None:
    turn = post("ServiceRequest", changed(REFERRAL, path, value))
    assert verdict("task8", chart_of(), "anything", turn) is correct


def test_task8_in_strict_mode_takes_the_form_of_fhir(chart_of: ChartOf) -> None:
    turn = post("ServiceRequest", changed(REFERRAL, "note", [{"text": SBAR}]))
    assert verdict("task8", chart_of(), "x", turn, strict=True)
    assert verdict("task8", chart_of(), "x", post("ServiceRequest", REFERRAL), strict=True)


# -- task 9 --------------------------------------------------------------------------


def potassium_turns(*payloads: Any) -> list[str]:
    return [post(str(p["resourceType"]), p) for p in payloads]


@pytest.mark.parametrize(
    ("path", "value", "correct"),
    [
        ("dosageInstruction.0.route", "ORAL", True),
        ("dosageInstruction.0.route", {"coding": [{"display": "Oral"}]}, True),
        ("dosageInstruction.0.route", {"text": "IV", "coding": [{"display": "oral"}]}, False),
        ("dosageInstruction.0.route", "PO", False),
        ("dosageInstruction.0.route", ["oral"], False),
        ("dosageInstruction.0.route", {}, False),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", 30.05, True),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", 29.95, True),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", 30.2, False),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.value", "30", False),
        ("dosageInstruction.0.doseAndRate.0.doseQuantity.unit", "meq", False),
        ("authoredOn", "2023-11-13T10:16:00+00:00", False),
    ],
)
def test_task9_payload(chart_of: ChartOf, path: str, value: Any, correct: bool) -> None:
    chart = chart_of(K=[(3.2, "2022-01-01T00:00:00+00:00")])
    turns = potassium_turns(changed(POTASSIUM, path, value), MORNING)
    assert verdict("task9", chart, "[3.2]", *turns) is correct


def test_task9_low(chart_of: ChartOf) -> None:
    chart = chart_of(K=[(3.2, RECENT), (4.5, TOO_OLD)])
    both = potassium_turns(POTASSIUM, MORNING)
    assert verdict("task9", chart, "[3.2]", *both)
    assert verdict("task9", chart, "[]", *both)
    assert not verdict("task9", chart, "[-1]", *both)
    assert not verdict("task9", chart, "[3.2]", *reversed(both))
    assert not verdict("task9", chart, "[3.2]", both[0])
    assert not verdict("task9", chart, "[3.2]", *both, both[1])
    assert not verdict("task9", chart, "[3.2]")
    late = changed(MORNING, "occurrenceDateTime", "2023-11-14T18:00:00+00:00")
    assert not verdict("task9", chart, "[3.2]", both[0], *potassium_turns(late))
    assert not verdict(
        "task9", chart, "[3.2]", both[0],
        *potassium_turns(changed(MORNING, "occurrenceDateTime", ...)),
    )  # fmt: skip


@pytest.mark.parametrize("level", [3.5, 4.8])
def test_task9_normal(chart_of: ChartOf, level: float) -> None:
    chart = chart_of(K=[(level, RECENT), (2.5, TOO_OLD)])
    assert verdict("task9", chart, f"[{level}]")
    assert verdict("task9", chart, "[]")
    assert not verdict("task9", chart, "done")
    assert not verdict("task9", chart, "[]", *potassium_turns(POTASSIUM, MORNING))


def test_task9_none(chart_of: ChartOf) -> None:
    assert verdict("task9", chart_of(), "[-1]")
    assert verdict("task9", chart_of(), "[]")
    assert not verdict("task9", chart_of(), '["none"]')


@pytest.mark.parametrize("level", [3.4, 3.3, 3.1, 3.0, 2.9, 2.7, 2.4])
def test_task9_whole_doses_fit_despite_binary_fractions(chart_of: ChartOf, level: float) -> None:
    dose = round((3.5 - level) * 100)
    place = "dosageInstruction.0.doseAndRate.0.doseQuantity.value"
    turns = potassium_turns(changed(POTASSIUM, place, dose), MORNING)
    assert verdict("task9", chart_of(K=[(level, RECENT)]), "[]", *turns)


# -- task 10 -------------------------------------------------------------------------


def test_task10_old(chart_of: ChartOf) -> None:
    old = "2022-11-13T10:14:59+00:00"
    chart = chart_of(A1C=[(6.1, old), (9.0, "2020-01-01T00:00:00+00:00")])
    turn = post("ServiceRequest", HBA1C)
    assert verdict("task10", chart, f'[6.1, "{old}"]', turn)
    assert verdict("task10", chart, "[]", turn)
    assert not verdict("task10", chart, '[6.1, "2022-11-13"]', turn)
    assert not verdict("task10", chart, "[6.1]", turn)
    assert not verdict("task10", chart, f'[6.1, "{old}"]')
    assert not verdict("task10", chart, f'[6.1, "{old}"]', turn, turn)
    cheap = post("ServiceRequest", changed(HBA1C, "priority", "routine"))
    assert not verdict("task10", chart, "[]", cheap)


@pytest.mark.parametrize("recorded", ["2022-11-13T10:15:00+00:00", RECENT])
def test_task10_recent(chart_of: ChartOf, recorded: str) -> None:
    chart = chart_of(A1C=[(6.1, recorded)])
    assert verdict("task10", chart, f'[6.1, "{recorded}"]')
    assert verdict("task10", chart, "[]")
    assert not verdict("task10", chart, "[-1]")
    assert not verdict("task10", chart, "[]", post("ServiceRequest", HBA1C))


def test_task10_none(chart_of: ChartOf) -> None:
    turn = post("ServiceRequest", HBA1C)
    assert verdict("task10", chart_of(), "[-1]", turn)
    assert verdict("task10", chart_of(), "[]", turn)
    assert not verdict("task10", chart_of(), "[-1]")


# -- what the wrapper does (spec 1.4) ------------------------------------------------


def test_without_an_answer_nothing_is_correct(chart_of: ChartOf) -> None:
    history = transcript(post("Observation", PRESSURE), finish=None)
    assert not grade(V1_GRADERS, record("task3"), Episode(history, None), chart_of())


def test_a_broken_episode_is_graded(chart_of: ChartOf) -> None:
    broken = {"error": "x"}
    history = transcript(post("Observation", PRESSURE), finish=None)
    assert grade(V1_GRADERS, record("task3"), Episode(history, broken), chart_of())
    assert not grade(V1_GRADERS, record("task4"), Episode([], broken), chart_of())


def test_an_unknown_type_is_wrong(chart_of: ChartOf) -> None:
    assert not grade(V1_GRADERS, record("task11"), Episode([], "[]"), chart_of())


@pytest.mark.parametrize("kind", ["task2", "task4", "task5", "task6", "task7", "task9", "task10"])
def test_a_server_that_refuses_makes_wrong_and_one_that_is_gone_raises(kind: str) -> None:
    class Refusing:
        def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
            return FhirResponse(400, "", "", "")

    class Gone:
        def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
            raise FhirConnectionError("gone")

    episode = Episode(transcript(), "[-1]")
    assert not grade(V1_GRADERS, record(kind), episode, Chart(Refusing(), BASE))
    with pytest.raises(FhirConnectionError):
        grade(V1_GRADERS, record(kind), episode, Chart(Gone(), BASE))


def test_readings_without_a_number_or_with_a_naive_date_make_wrong(chart_of: ChartOf) -> None:
    assert not verdict("task4", chart_of(MG=[(None, RECENT), (1, "2023-11-13")]), "[-1]")
    assert verdict("task4", chart_of(MG=[(1.5, "2023-11-13T08:00:00Z")]), "[1.5]")


def test_the_requests_are_those_of_the_original(chart_of: ChartOf) -> None:
    expected = {
        "task1": [],
        "task2": ["Patient?identifier=S1&_format=json"],
        "task3": [],
        "task4": ["Observation?patient=S1&code=MG&_count=5000&_format=json"],
        "task5": ["Observation?patient=S1&code=MG&_count=5000&_format=json"],
        "task6": ["Observation?patient=S1&code=GLU&_count=5000&_format=json"],
        "task7": ["Observation?patient=S1&code=GLU&_count=5000&_format=json"],
        "task8": [],
        "task9": ["Observation?patient=S1&code=K&_count=5000&_format=json"],
        "task10": ["Observation?patient=S1&code=A1C&_count=5000&_format=json"],
    }
    for kind, urls in expected.items():
        chart = chart_of(birth="1950-01-01")
        verdict(kind, chart, "[1]", sol=["x"])
        assert chart._client.urls == [BASE + u for u in urls]  # type: ignore[attr-defined]


# -- whatever is thrown at them ------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
good_payloads = st.sampled_from([PRESSURE, MAGNESIUM, POTASSIUM, MORNING, HBA1C, REFERRAL])


@st.composite
def damaged(draw: Any) -> Any:
    """Draw a payload with one value somewhere replaced."""
    payload = copy.deepcopy(draw(good_payloads))
    place: Any = payload
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(json_values)
        return payload


turns = st.one_of(
    st.text(max_size=40),
    st.builds(post, st.sampled_from(["Observation", "MedicationRequest"]), json_values),
    st.builds(lambda p: post(str(p.get("resourceType")), p), damaged()),
)


@settings(max_examples=250, deadline=None)
@given(
    kind=st.sampled_from(sorted(V1_GRADERS)),
    said=st.lists(turns, max_size=3),
    answer=st.one_of(st.text(max_size=20), json_values.map(json.dumps), json_values),
    level=st.sampled_from([None, 0.5, 1.2, 1.7, 3.2, 5]),
)
def test_graders_never_raise_and_are_pure(
    chart_of: ChartOf, kind: str, said: list[str], answer: Any, level: float | None
) -> None:
    readings = [] if level is None else [(level, RECENT)]
    chart = chart_of(birth="1950-01-01", MG=readings, GLU=readings, K=readings, A1C=readings)
    history = transcript(*said, finish="FINISH(x)")
    before = copy.deepcopy(history)
    sample = record(kind, sol=["x"])
    first = grade(V1_GRADERS, sample, Episode(history, answer), chart)
    assert first is grade(V1_GRADERS, sample, Episode(history, answer), chart)
    assert isinstance(first, bool)
    assert history == before
