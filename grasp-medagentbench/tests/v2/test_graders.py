"""The graders of v2, case by case, on hand-written charts and transcripts (spec 1.6, 4, 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from grasp_medagentbench.fhir import FhirConnectionError, FhirResponse
from grasp_medagentbench.graders import Chart, Episode, grade
from grasp_medagentbench.v2.facts import now_text
from grasp_medagentbench.v2.graders import GRADERS, UPSTREAM_GRADERS

BASE = "http://localhost:8080/fhir/"
USUAL = "2023-11-07T22:47:00+00:00"
YEAR_BEFORE = "2022-11-07T22:47:00+00:00"
ACCEPTED = "POST request accepted and executed successfully. Go on."
META = {"meta": {"lastUpdated": "2024-01-01T00:00:00.000+00:00"}}
SUBJECT = {"reference": "Patient/S1"}
Resource = dict[str, Any]


class Server:
    """Answers searches by patient, codes and status, as FHIR servers do."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = resources
        self.urls: list[str] = []

    def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
        self.urls.append(url)
        query = parse_qs(urlsplit(url).query)
        codes = query["code"][0].split(",") if "code" in query else None
        entries = [
            {"resource": r}
            for r in self._resources
            if r["resourceType"] == urlsplit(url).path.rpartition("/")[2]
            and (codes is None or r["code"]["coding"][0]["code"] in codes)
            and ("status" not in query or r["status"] == query["status"][0])
        ]
        return FhirResponse(200, "OK", "application/fhir+json", json.dumps({"entry": entries}))


def procedure(code: str, time: str, **more: Any) -> Resource:
    return {
        "resourceType": "Procedure",
        "code": {"coding": [{"code": code}]},
        "performedDateTime": time,
        **META,
        **more,
    }


def value(code: str, number: Any, time: str = USUAL, **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "code": {"coding": [{"code": code}]},
        "effectiveDateTime": time,
        "valueQuantity": {"value": number},
        **META,
        **more,
    }


def drug(text: str, status: str = "active", time: str = USUAL) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "medicationCodeableConcept": {"text": text},
        "authoredOn": time,
        **META,
    }


def diagnosis(code: str) -> Resource:
    return {"resourceType": "Condition", "code": {"coding": [{"code": code}]}, **META}


def order(kind: str = "ServiceRequest", code: str = "", **more: Any) -> Resource:
    made = {"resourceType": kind, "status": "active", "intent": "order", "subject": SUBJECT}
    return {**made, **({"code": {"coding": [{"code": code}]}} if code else {}), **more}


CT = order(code="74177", note={"text": "Renal mass follow-up"})
REMOVAL = order(code="NUR1373")
REFERRAL = order(code="CON417")
HEPARIN = order("MedicationRequest", medicationCodeableConcept={"text": "heparin 5000 units"})
STOP = {**HEPARIN, "status": "stopped", "medicationCodeableConcept": {"text": "ondansetron"}}
ECG = order(code="445118002")
LEVOTHYROXINE = order("MedicationRequest", medicationCodeableConcept={"text": "Levothyroxine 25"})
TESTS = [order(code="TSH"), order(code="FT4")]
NALOXONE = order("MedicationRequest", medicationCodeableConcept={"text": "naloxone"})
FLU = order(code="90686")
COVID = order(code="91320", note=[{"text": "x"}], medicationCodeableConcept={"text": "COVID"})


def verdict(
    kind: str,
    chart: Sequence[Resource],
    posts: Sequence[Any] = (),
    answer: Any = "[]",
    *,
    now: str = "",
    upstream: bool = False,
    said: str = "",
) -> bool:
    record = {"id": f"{kind}_1", "instruction": "", "context": now, "eval_MRN": "S1"}
    history: list[Mapping[str, str]] = [{"role": "user", "content": "{}"}]
    for payload in posts:
        url = BASE + (payload["resourceType"] if isinstance(payload, dict) else "x")
        history.append({"role": "agent", "content": f"POST {url}\n{json.dumps(payload)}"})
        history.append({"role": "user", "content": ACCEPTED})
    history.append({"role": "agent", "content": said or f"FINISH({answer})"})
    graders = UPSTREAM_GRADERS if upstream else GRADERS
    episode = Episode(history, answer, guarded=not upstream)
    return grade(graders, record, episode, Chart(Server(chart), BASE))


# -- when is an order due? -----------------------------------------------------------

T4 = "It's 2023-11-11T09:00:00+00:00 now."
T9 = "It's 2024-01-09T00:00:00+00:00 now."
T10 = "It's 2023-11-07T12:00:00+00:00 now."


@pytest.mark.parametrize(
    ("kind", "now", "chart", "posts", "due"),
    [
        ("task1", "", [], [CT], True),
        ("task1", "", [procedure("IMGCT0491", YEAR_BEFORE)], [CT], False),
        ("task1", "", [procedure("IMGIL0001", "2022-11-07T22:46:59+00:00")], [CT], True),
        ("task1", "", [procedure("74177", USUAL)], [CT], True),
        ("task1", "", [procedure("IMGCT0491", "2021-01-01T00:00:00+00:00"),
                       procedure("IMGIL0001", "2023-01-01T00:00:00+00:00")], [CT], False),
        ("task1", "", [procedure("IMGCT0491", "", performedPeriod={
            "start": "2021-01-01T00:00:00+00:00", "end": "2023-01-01T00:00:00+00:00"})],
         [CT], False),
        ("task4", T4, [], [REMOVAL], False),
        ("task4", T4, [procedure("NUR1373", "2023-11-09T09:00:00+00:00")], [REMOVAL], False),
        ("task4", T4, [procedure("NUR1373", "2023-11-09T08:59:59+00:00")], [REMOVAL], True),
        ("task4", T4, [procedure("NUR1373", "2023-11-01T00:00:00+00:00"),
                       procedure("NUR1373", "2023-11-11T00:00:00+00:00")], [REMOVAL], False),
        ("task4", T4, [procedure("NUR1373", "", performedPeriod={
            "start": "2023-11-01T00:00:00+00:00"})], [REMOVAL], True),
        ("task4", T4, [procedure("NUR1373", "2023-11-01T00:00:00+00:00"),
                       {**REMOVAL, **META}], [REMOVAL], False),
        ("task4", T4, [procedure("NUR1373", "2023-11-01T00:00:00+00:00"),
                       {**REMOVAL, **META, "status": "completed"}], [REMOVAL], True),
        ("task5", "", [], [CT, REFERRAL], False),
        ("task5", "", [diagnosis("C64.1")], [CT, REFERRAL], False),
        ("task5", "", [diagnosis("C64.2")], [CT, REFERRAL], True),
        ("task5", "", [diagnosis("C64.2"), procedure("74177", "2023-08-09T22:47:00+00:00")],
         [CT, REFERRAL], False),
        ("task5", "", [diagnosis("C64.2"), procedure("74177", "2023-08-09T22:46:00+00:00")],
         [CT, REFERRAL], True),
        ("task7", "", [], [ECG, STOP], False),
        ("task7", "", [value("QTCINTERVAL", 500)], [ECG, STOP], False),
        ("task7", "", [value("QTCINTERVAL", 501)], [ECG, STOP], True),
        ("task8", "", [], [NALOXONE], False),
        ("task8", "", [drug("OXYCODONE 5 mg")], [NALOXONE], True),
        ("task8", "", [drug("oxycodone 5 mg"), drug("NARCAN")], [NALOXONE], False),
        ("task8", "", [drug("oxycodone 5 mg"), drug("naloxone", "stopped")], [NALOXONE], True),
        ("task8", "", [drug("oxycodone 5 mg", "completed")], [NALOXONE], False),
        ("task9", T9, [], [FLU], True),
        ("task9", T9, [procedure("90686", "2023-01-09T00:00:00+00:00")], [FLU], False),
        ("task9", T9, [procedure("90686", "2023-01-08T23:59:00+00:00")], [FLU], True),
        ("task10", T10, [], [COVID], True),
        ("task10", T10, [procedure("COVIDVACCINE", "2022-11-07T00:00:00+00:00")], [COVID], False),
        ("task10", T10, [procedure("COVIDVACCINE", "2022-11-06T23:59:00+00:00")], [COVID], True),
        ("task10", T10, [drug("COVID-19 VAC, mRNA", "completed")], [COVID], False),
        ("task10", T10, [drug("COVID-19 VAC, mRNA", "active")], [COVID], True),
        ("task10", T10, [drug("COVID-19 VACCINE", "completed", "2022-01-01T00:00:00+00:00"),
                         procedure("COVIDVACCINE", USUAL)], [COVID], False),
    ],
)  # fmt: skip
def test_orders_are_due_exactly_when(
    kind: str, now: str, chart: list[Resource], posts: list[Resource], due: bool
) -> None:
    assert verdict(kind, chart, posts, now=now) is due
    assert verdict(kind, chart, (), now=now) is not due


@pytest.mark.parametrize(
    ("drugs", "right", "wrong"),
    [
        ([], [HEPARIN], [[], [STOP]]),
        (["heparin 5,000 units"], [], [[HEPARIN], [STOP]]),
        (["enoxaparin"], [HEPARIN], [[], [STOP]]),
        (["enoxaparin", "heparin 5000"], [STOP], [[], [HEPARIN]]),
        (["enoxaparin", "warfarin"], [HEPARIN, STOP], [[], [HEPARIN], [STOP]]),
        (["heparin flush 10 units"], [HEPARIN], [[], [STOP]]),
        (["Heparin 25,000 units/250 mL"], [], [[HEPARIN]]),  # It has 5,000 in it.
    ],
)
def test_prophylaxis(drugs: list[str], right: list[Resource], wrong: list[list[Resource]]) -> None:
    chart = [drug(text) for text in drugs] + [drug("heparin 5000", "stopped")]
    assert verdict("task2", chart, right) is True
    for posts in wrong:
        assert verdict("task2", chart, posts) is False


def test_the_spelling_of_a_dose_in_the_original() -> None:
    new = {**HEPARIN, "medicationCodeableConcept": {"text": "heparin 5,000 units"}}
    assert verdict("task2", [], [new]) is True
    assert verdict("task2", [], [new], upstream=True) is False
    assert verdict("task2", [], [HEPARIN], upstream=True) is True


@pytest.mark.parametrize(
    ("tsh", "t4", "course"),
    [
        ([(12, "2023-11-01"), (11, "2023-10-02")], [1.2], "treat"),
        ([(12, "2023-11-01"), (11, "2023-10-03")], [1.2], "nothing"),
        ([(3, "2023-11-02"), (12, "2023-11-01"), (11, "2020-10-03")], [], "treat"),
        ([(12, "2023-11-01"), (10, "2023-01-03")], [1.2], "nothing"),
        ([(10, "2023-11-01")], [0.8], "repeat"),
        ([(4.5, "2023-11-01"), (30, "2023-10-01")], [1.8], "repeat"),
        ([(4.4, "2023-11-01")], [1.2], "nothing"),
        ([(7, "2023-11-01")], [1.9], "nothing"),
        ([(7, "2023-11-01")], [0.7], "nothing"),
        ([(7, "2023-11-01")], [], "nothing"),
        ([], [1.2], "nothing"),
    ],
)
def test_thyroid(tsh: list[tuple[float, str]], t4: list[float], course: str) -> None:
    chart = [value("TSH", v, f"{day}T08:00:00+00:00") for v, day in tsh]
    chart += [value("FT4", v) for v in t4]
    plays = {"treat": [LEVOTHYROXINE, *TESTS], "repeat": TESTS, "nothing": []}
    for name, posts in plays.items():
        assert verdict("task6", chart, posts) is (name == course)


def test_the_qtc_that_counts_was_stored_last() -> None:
    later = {"meta": {"lastUpdated": "2024-02-01T00:00:00.000+00:00"}}
    chart = [
        value("QTCINTERVAL", 430, USUAL),
        value("QTCINTERVAL", 520, "2020-01-01T00:00:00+00:00", **later),
    ]
    assert verdict("task7", chart, [ECG, STOP]) is True
    assert verdict("task7", [{**chart[1], **META}, {**chart[0], **later}], [ECG, STOP]) is False


# -- heart rates ---------------------------------------------------------------------

RATES = [
    value("HEARTRATE", 80, "2023-11-07T22:47:00+00:00"),
    value("HEARTRATE", 83, "2023-11-07T16:47:00+00:00"),
    value("HEARTRATE", 60, "2023-11-07T10:47:00+00:00"),
    value("HEARTRATE", 150, "2023-11-07T10:46:59+00:00"),
    value("HEARTRATE", 150, "2023-11-07T22:47:01+00:00"),
]  # means: 81.5 and 74.333


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("[81.5, 74.33]", True), ("[81.6, 74.3]", True), ("[81.4, 74.4]", True),
        ("[81.61, 74.3]", False), ("[81.5, 74.5]", False), ("(81.5, 74.3)", True),
        ("81.5, 74.3", True), ('["81.5", " 74.3 "]', True), ('["81.5 bpm", "74.3"]', False),
        ("[74.33, 81.5]", False), ("[81.5]", False), ("[81.5, 74.33, 0]", False),
        ("{81.5, 74.33}", False), ('{"6h": 81.5}', False), ("[null, 74.33]", False),
        ("[-1, 74.33]", False), ("[NaN, 74.33]", False), ("81.5", False), ("", False),
        ("[[81.5], [74.33]]", False), (None, False), ({"error": "x"}, False),
        ("no", False), ("[81.5, 74.33", False),
    ],
)  # fmt: skip
def test_heart_rates(answer: Any, right: bool) -> None:
    assert verdict("task3", RATES, answer=answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("[-1, -1]", True), ('["-1", null]', True), ("[None, -1.0]", True), ("(-1, None)", True),
        ("[0, 0]", False), ('["", ""]', False), ("[-1]", False), ("[]", False),
        ('["none", "none"]', False), ("[False, -1]", False), ('["-1.0", -1]', False),
    ],
)  # fmt: skip
def test_no_heart_rates(answer: str, right: bool) -> None:
    assert verdict("task3", RATES[3:], answer=answer) is right
    assert verdict("task3", RATES[3:], [ECG], answer=answer) is False


def test_a_tenth_is_near_enough() -> None:
    still = [value("HEARTRATE", 0)]  # A tenth is exact in floating point only near zero.
    assert verdict("task3", still, answer="[0.1, -0.1]") is True
    assert verdict("task3", still, answer="[0.1, 0.10000001]") is False


# -- what agents may say and post ----------------------------------------------------


def test_only_some_types_mind_the_word() -> None:
    said = 'FINISH(["no POST needed"])'
    recent = [procedure("IMGCT0491", USUAL)]
    for kind, chart, silent in (
        ("task1", recent, False),
        ("task3", RATES, False),
        ("task5", [], False),
        ("task7", [], False),
        ("task2", [drug("heparin 5000")], True),
        ("task4", [], True),
        ("task5", [diagnosis("C64.2"), procedure("74177", USUAL)], True),
        ("task6", [], True),
        ("task7", [value("QTCINTERVAL", 500)], True),
        ("task8", [], True),
        ("task9", [procedure("90686", USUAL)], True),
        ("task10", [procedure("COVIDVACCINE", USUAL)], True),
    ):
        assert verdict(kind, chart, said=said) is silent, kind
        # The original looks for the reply to that message and stumbles.
        assert verdict(kind, chart, said=said, upstream=True) is False, kind
        assert verdict(kind, chart, answer=None) is False


def test_the_original_stumbles_after_the_right_post_too() -> None:
    said = 'FINISH(["POST done"])'
    assert verdict("task9", [], [FLU], said=said) is True
    assert verdict("task9", [], [FLU], said=said, upstream=True) is False
    assert verdict("task9", [], [FLU], upstream=True) is True


def test_a_post_that_was_not_read_is_none() -> None:
    for post in ([], "x", 7, None):
        assert verdict("task9", [], [post]) is False
        assert verdict("task4", [], [post]) is False
        assert verdict("task2", [], [HEPARIN, post]) is False


def test_the_wall_clock_of_the_original() -> None:
    recent = [procedure("IMGCT0491", USUAL)]
    assert verdict("task1", recent) is True
    assert verdict("task1", recent, upstream=True) is False
    assert verdict("task1", recent, [CT], upstream=True) is True
    soon = [procedure("IMGCT0491", "2999-01-01T00:00:00+00:00")]
    assert verdict("task1", soon, upstream=True) is True


def test_only_the_baseline_counts() -> None:
    late = {"meta": {"lastUpdated": "2025-01-01T00:00:00.001+00:00"}}
    last = {"meta": {"lastUpdated": "2025-01-01T00:00:00+00:00"}}
    given = procedure("90686", USUAL)
    assert verdict("task9", [{**given, **late}], [FLU]) is True
    assert verdict("task9", [{**given, **last}]) is True
    assert verdict("task9", [{**given, "meta": {}}]) is True
    without = {k: v for k, v in given.items() if k != "meta"}
    assert verdict("task9", [without]) is False
    assert verdict("task9", [without], [FLU]) is False
    rates = [{k: v for k, v in r.items() if k != "meta"} for r in RATES]
    assert verdict("task3", rates, answer="[81.5, 74.33]") is True
    assert verdict("task3", [*rates, {**rates[0], **late}], answer="[81.5, 74.33]") is True


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("task8", {k: v for k, v in drug("x").items() if k != "medicationCodeableConcept"}),
        ("task2", {**drug("x"), "medicationCodeableConcept": {"coding": [{"code": "1"}]}}),
        ("task3", {**RATES[0], "valueQuantity": {}}),
        ("task6", {k: v for k, v in value("FT4", 1).items() if k != "valueQuantity"}),
        ("task7", {k: v for k, v in value("QTCINTERVAL", 1).items() if k != "valueQuantity"}),
        ("task9", procedure("90686", "2023-01-01")),
    ],
)
def test_charts_that_the_original_stumbles_over(kind: str, odd: Resource) -> None:
    for posts in ([], [FLU], [HEPARIN, STOP], [LEVOTHYROXINE, *TESTS], [NALOXONE]):
        assert verdict(kind, [odd], posts, answer="[80, 80]") is False


def test_a_lost_server_is_no_verdict() -> None:
    class Dead:
        def request(self, method: str, url: str, body: Any = None) -> Any:
            raise FhirConnectionError("gone")

    record = {"id": "task9_1", "context": "", "eval_MRN": "S1"}
    with pytest.raises(FhirConnectionError):
        grade(GRADERS, record, Episode([], "[]"), Chart(Dead(), BASE))


# -- the searches and the present ----------------------------------------------------


def test_the_searches_are_those_of_the_spec() -> None:
    query = {
        "task1": ["Procedure?patient=S1&code=IMGCT0491,IMGIL0001"],
        "task2": ["MedicationRequest?patient=S1&status=active"],
        "task3": ["Observation?patient=S1&code=HEARTRATE"],
        "task4": [
            "Procedure?patient=S1&code=NUR1373",
            "ServiceRequest?patient=S1&code=NUR1373&status=active",
        ],
        "task5": [
            "Condition?patient=S1&code=C64.2",
            "Procedure?patient=S1&code=IMGCT0491,IMGIL0001,74177",
        ],
        "task6": ["Observation?patient=S1&code=TSH", "Observation?patient=S1&code=FT4"],
        "task7": ["Observation?patient=S1&code=QTCINTERVAL"],
        "task8": ["MedicationRequest?patient=S1&status=active"],
        "task9": ["Procedure?patient=S1&code=90686"],
        "task10": [
            "Procedure?patient=S1&code=COVIDVACCINE",
            "MedicationRequest?patient=S1&status=completed",
        ],
    }
    for kind, expected in query.items():
        server = Server([diagnosis("C64.2")])
        record = {"id": f"{kind}_1", "context": "", "eval_MRN": "S1"}
        grade(GRADERS, record, Episode([], "[1, 1]"), Chart(server, BASE))
        assert server.urls == [f"{BASE}{q}&_count=5000&_format=json" for q in expected]


@pytest.mark.parametrize(
    ("context", "now"),
    [
        ("", USUAL),
        ("The code is X.", USUAL),
        ("It's 2020-05-12T11:42:00+00:00 now", "2020-05-12T11:42:00+00:00"),
        ("its  2020-05-12T11:42:00-07:00\nNOW.", "2020-05-12T11:42:00-07:00"),
        ("It's 2020-05-12T11:42:00+00:00 now, born 1999-01-01T00:00:00+00:00.",
         "2020-05-12T11:42:00+00:00"),
        ("From 2020-05-12T11:42:00+00:00 to 2021-05-12T11:42:00+00:00.",
         "2021-05-12T11:42:00+00:00"),
        ("It's 2023-08-15:00:00+00:00 now", USUAL),
        ("It's 2020-05-12T11:42+00:00 now", USUAL),
        ("It's 2020-05-12T11:42:00Z now", USUAL),
    ],
)  # fmt: skip
def test_the_present_of_a_record(context: str, now: str) -> None:
    assert now_text({"context": context}) == now
