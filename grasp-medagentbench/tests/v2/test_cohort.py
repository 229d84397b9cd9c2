"""The charts of MedAgentBench-v2: every branch of every decision, its boundaries and traps."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from grasp.contracts import TaskError
from grasp_medagentbench.cohort import Cohort
from grasp_medagentbench.fhir import EmbeddedClient, Store
from grasp_medagentbench.graders import type_of
from grasp_medagentbench.instances import synthetic_records
from grasp_medagentbench.records import patients_of
from grasp_medagentbench.splits import split_records
from grasp_medagentbench.v2.cohort import V2_PLAN, build_v2_cohort
from grasp_medagentbench.v2.facts import OOD_TYPES, now
from grasp_medagentbench.v2.instances import synthetic_v2_records

Resource = dict[str, Any]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

#: Words of each group of drugs; no order has words of two.
GROUPS = {
    "anticoagulant": (
        "heparin", "enoxaparin", "dalteparin", "fondaparinux", "apixaban", "rivaroxaban",
        "dabigatran", "warfarin",
    ),
    "opioid": ("hydromorphone", "oxycodone", "fentanyl", "hydrocodone", "morphine"),
    "antidote": ("naloxone", "narcan"),
    "QT": (
        "ondansetron", "prochlorperazine", "haloperidol", "quetiapine", "olanzapine",
        "risperidone", "ziprasidone", "clozapine", "chlorpromazine",
    ),
    "thyroid": ("levothyroxine",),
    "COVID": ("covid-19 vac",),
    "influenza": ("flu",),
}  # fmt: skip
OWNERS = {
    "anticoagulant": "task2", "opioid": "task8", "antidote": "task8", "QT": "task7",
    "COVID": "task10",
}  # fmt: skip


def splits_of(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return split_records(records, OOD_TYPES)


class Charts:
    """A cohort, read without the package's readers."""

    def __init__(self, records: list[dict[str, Any]], seed: int = 0) -> None:
        self.splits = splits_of(records)
        self.cohort: Cohort = build_v2_cohort(self.splits, seed)
        self.now = {(type_of(r), r["eval_MRN"]): now(r) for r in records}
        self._of: dict[str, list[Resource]] = {}
        for resource in self.cohort.resources:
            if "subject" in resource:
                mrn = resource["subject"]["reference"].removeprefix("Patient/")
                self._of.setdefault(mrn, []).append(resource)

    def of(self, mrn: str, kind: str, *codes: str) -> list[Resource]:
        return [
            r
            for r in self._of[mrn]
            if r["resourceType"] == kind
            and (not codes or {c["code"] for c in r["code"]["coding"]} & set(codes))
        ]

    def dates(self, mrn: str, *codes: str) -> list[datetime]:
        found = []
        for one in self.of(mrn, "Procedure", *codes):
            period = one.get("performedPeriod", {})
            text = one.get("performedDateTime") or period.get("end") or period["start"]
            found.append(datetime.fromisoformat(text))
        return sorted(found)

    def values(self, mrn: str, code: str) -> list[tuple[datetime, float]]:
        """Return times and values in the order in which they are stored."""
        return [
            (datetime.fromisoformat(o["effectiveDateTime"]), o["valueQuantity"]["value"])
            for o in self.of(mrn, "Observation", code)
        ]

    def drugs(self, mrn: str, group: str, *status: str) -> list[Resource]:
        return [
            m
            for m in self.of(mrn, "MedicationRequest")
            if (not status or m["status"] in status)
            and any(w in m["medicationCodeableConcept"]["text"].lower() for w in GROUPS[group])
        ]

    def branch(self, kind: str, mrn: str) -> str:
        """Return the branch that the chart shows, by the decision tree of the instruction."""
        found: str = getattr(self, f"_{kind}")(mrn, self.now[kind, mrn])
        return found

    def _task1(self, mrn: str, present: datetime) -> str:
        dates = self.dates(mrn, "IMGCT0491", "IMGIL0001")
        return aged(dates, present, 365 * DAY)

    def _task2(self, mrn: str, present: datetime) -> str:
        texts = [
            m["medicationCodeableConcept"]["text"]
            for m in self.drugs(mrn, "anticoagulant", "active")
        ]
        heparin = sum("heparin" in t and ("5000" in t or "5,000" in t) for t in texts)
        names = {(0, 0): "zero", (1, 0): "one", (2, 0): "two", (1, 1): "one and other"}
        return {**names, (0, 1): "other"}[heparin, len(texts) - heparin]

    def _task3(self, mrn: str, present: datetime) -> str:
        times = [t for t, _ in self.values(mrn, "HEARTRATE")]
        late = sum(present - 6 * HOUR <= t <= present for t in times)
        early = sum(present - 12 * HOUR <= t < present - 6 * HOUR for t in times)
        if late + early > 20:
            return "many"
        if late and early:
            return "both"
        return "early" if early else "stale" if times else "none"

    def _task4(self, mrn: str, present: datetime) -> str:
        dates = self.dates(mrn, "NUR1373")
        if not dates:
            return "none"
        age = present - dates[-1]
        if age <= 48 * HOUR:
            return "edge" if age == 48 * HOUR else "fresh"
        orders = [o for o in self.of(mrn, "ServiceRequest", "NUR1373") if o["status"] == "active"]
        return "removal ordered" if orders else "overdue"

    def _task5(self, mrn: str, present: datetime) -> str:
        if not self.of(mrn, "Condition", "C64.2"):
            return "other kidney" if self.of(mrn, "Condition", "C64.1", "Z85.528") else "healthy"
        return aged(self.dates(mrn, "IMGCT0491", "IMGIL0001", "74177"), present, 90 * DAY)

    def _task6(self, mrn: str, present: datetime) -> str:
        tsh, t4 = self.values(mrn, "TSH"), self.values(mrn, "FT4")
        if not tsh:
            return "none"
        high = sorted(t for t, v in tsh if v > 10)
        last = max(tsh)[1]
        if len(high) > 1:
            return "pair" if high[-1] - high[0] >= 30 * DAY else "near pair"
        if last > 10:
            return "single"
        if last < 4.5:
            return "normal"
        return "raised" if t4 and 0.8 <= max(t4)[1] <= 1.8 else "raised with T4 off"

    def _task7(self, mrn: str, present: datetime) -> str:
        values = self.values(mrn, "QTCINTERVAL")
        return "none" if not values else "prolonged" if max(values)[1] > 500 else "normal"

    def _task8(self, mrn: str, present: datetime) -> str:
        active = len(self.drugs(mrn, "opioid", "active"))
        if active and not self.drugs(mrn, "antidote", "active"):
            return {1: "one bare", 2: "two bare"}[active]
        return "covered" if active else "stopped" if self.drugs(mrn, "opioid") else "none"

    def _task9(self, mrn: str, present: datetime) -> str:
        return aged(self.dates(mrn, "90686"), present, 365 * DAY)

    def _task10(self, mrn: str, present: datetime) -> str:
        doses = [(d, "procedure") for d in self.dates(mrn, "COVIDVACCINE")]
        for order in self.drugs(mrn, "COVID"):
            assert order["status"] == "completed"
            doses.append((datetime.fromisoformat(order["authoredOn"]), "drug"))
        if not doses:
            return "never"
        last, kind = max(doses)
        return f"{aged([last], present, 365 * DAY)} {kind}"


def aged(dates: list[datetime], present: datetime, limit: timedelta) -> str:
    return "never" if not dates else "old" if present - dates[-1] > limit else "recent"


_MADE: dict[tuple[str, int], Charts] = {}


def charts_of(whose: str, request: Any, seed: int = 0) -> Charts:
    """Return the charts behind some records; made once."""
    if (whose, seed) not in _MADE:
        if seed:  # Many of them would fill the memory.
            _MADE.clear()
        _MADE[whose, seed] = Charts(request.getfixturevalue(whose), seed)
    return _MADE[whose, seed]


@pytest.fixture
def charts(request: Any) -> Charts:
    return charts_of("own_v2_records", request)


SEEDS = [0, *[pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20)]]


# -- branches and their shares -------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whose", ["own_v2_records", "official_v2_records"])
def test_every_chart_shows_the_branch_that_it_was_dealt(
    whose: str, seed: int, request: Any
) -> None:
    charts = charts_of(whose, request, seed)
    assert set(charts.cohort.branches) == set(V2_PLAN) == {f"task{n}" for n in range(1, 11)}
    for kind, branches in charts.cohort.branches.items():
        assert len(branches) == 30
        for mrn, branch in branches.items():
            assert charts.branch(kind, mrn) == branch, (kind, mrn)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whose", ["own_v2_records", "official_v2_records"])
def test_every_branch_has_its_share_of_every_split(whose: str, seed: int, request: Any) -> None:
    charts = charts_of(whose, request, seed)
    mix = charts.cohort.mix(charts.splits)
    for kind, weights in V2_PLAN.items():
        assert sum(weights.values()) == 30
        # Task 1 takes over what task 5 needs of the patients they share.
        slack = 2.5 if kind == "task1" else 1.5
        total = Counter[str]()
        for counts in mix[kind].values():
            assert set(counts) == set(weights)
            size = sum(counts.values())
            for branch, weight in weights.items():
                assert abs(counts[branch] - size * weight / 30) < slack
            total.update(counts)
        assert all(abs(total[b] - w) <= 2 for b, w in weights.items()), (kind, total)


def test_the_same_records_and_seed_give_the_same_charts_soon(charts: Charts) -> None:
    splits = splits_of(synthetic_v2_records())
    start = time.process_time()
    again = build_v2_cohort(splits)
    Store.from_resources(again.resources)
    assert time.process_time() - start < 2  # Seconds.
    assert again.resources == charts.cohort.resources
    assert build_v2_cohort(splits, 1).resources != charts.cohort.resources


# -- boundaries and traps ------------------------------------------------------------


def last_ages(charts: Charts, kind: str, *codes: str) -> set[timedelta]:
    return {
        charts.now[kind, mrn] - charts.dates(mrn, *codes)[-1]
        for mrn in charts.cohort.branches[kind]
        if charts.dates(mrn, *codes)
    }


@pytest.mark.parametrize("whose", ["own_v2_records", "official_v2_records"])
def test_the_boundaries_occur(whose: str, request: Any) -> None:
    charts = charts_of(whose, request)
    branches = charts.cohort.branches
    assert {364 * DAY, 365 * DAY, 366 * DAY} <= last_ages(charts, "task1", "IMGCT0491", "IMGIL0001")
    cancer = {
        charts.now["task5", m] - charts.dates(m, "IMGCT0491", "IMGIL0001", "74177")[-1]
        for m, branch in branches["task5"].items()
        if branch in ("recent", "old")
    }
    assert {89 * DAY, 90 * DAY, 91 * DAY} <= cancer
    edges = {48 * HOUR - MINUTE, 48 * HOUR, 48 * HOUR + MINUTE}
    assert edges <= last_ages(charts, "task4", "NUR1373")
    assert {364 * DAY, 365 * DAY, 365 * DAY + MINUTE, 366 * DAY} <= (
        last_ages(charts, "task9", "90686")
    )
    doses = set()
    for mrn in branches["task10"]:
        dates = charts.dates(mrn, "COVIDVACCINE")
        dates += [datetime.fromisoformat(o["authoredOn"]) for o in charts.drugs(mrn, "COVID")]
        doses |= {charts.now["task10", mrn] - max(dates)} if dates else set()
    assert {364 * DAY, 365 * DAY, 366 * DAY} <= doses
    intervals = {max(charts.values(m, "QTCINTERVAL"))[1] for m in dealt(branches, "task7", "none")}
    assert {499, 500, 501} <= intervals
    tsh = {max(charts.values(m, "TSH"))[1] for m in dealt(branches, "task6", "none")}
    assert {4.4, 4.5, 10.0} <= tsh
    assert any(10 < value < 10.5 for value in tsh)
    t4 = {max(charts.values(m, "FT4"))[1] for m in branches["task6"] if charts.values(m, "FT4")}
    assert {0.7, 0.8, 1.8, 1.9} <= t4
    gaps = set()
    for mrn in branches["task6"]:
        high = sorted(t for t, v in charts.values(mrn, "TSH") if v > 10)
        gaps |= {high[-1] - high[0]} if len(high) > 1 else set()
    assert {29 * DAY, 30 * DAY} <= gaps
    offsets = {
        charts.now["task3", mrn] - t
        for mrn in branches["task3"]
        for t, _ in charts.values(mrn, "HEARTRATE")
    }
    assert {6 * HOUR, 12 * HOUR, 12 * HOUR + MINUTE} <= offsets
    assert any(offset < timedelta(0) for offset in offsets)


def dealt(branches: dict[str, dict[str, str]], kind: str, *but: str) -> Iterable[str]:
    return [mrn for mrn, branch in branches[kind].items() if branch not in but]


@pytest.mark.parametrize("whose", ["own_v2_records", "official_v2_records"])
def test_the_traps_occur(whose: str, request: Any) -> None:
    charts = charts_of(whose, request)
    branches, seen = charts.cohort.branches, Counter[str]()
    for mrn in branches["task1"]:
        codes = [p["code"]["coding"][0]["code"] for p in charts.of(mrn, "Procedure")]
        seen["both CT codes"] += {"IMGCT0491", "IMGIL0001"} <= set(codes)
        seen["CT over a period"] += any(
            "performedPeriod" in p for p in charts.of(mrn, "Procedure", "IMGCT0491", "IMGIL0001")
        )
        times = [p.get("performedDateTime", "") for p in charts.of(mrn, "Procedure")]
        seen["not stored by time"] += times != sorted(times)
    for mrn, branch in branches["task2"].items():
        seen["stopped heparin"] += branch == "zero" and bool(charts.drugs(mrn, "anticoagulant"))
    for mrn in branches["task3"]:
        window = [v for v in charts.values(mrn, "HEARTRATE")]
        seen["more than a page of readings"] += len(window) > 20
    for mrn, branch in branches["task4"].items():
        insertions = len(charts.dates(mrn, "NUR1373"))
        seen["replaced catheter"] += branch in ("fresh", "edge") and insertions > 1
        orders = charts.of(mrn, "ServiceRequest", "NUR1373")
        seen["removal of an earlier one"] += branch == "overdue" and bool(orders)
        seen["catheter without an end"] += any(
            "end" not in p.get("performedPeriod", {"end": 1})
            for p in charts.of(mrn, "Procedure", "NUR1373")
        )
    for mrn, branch in branches["task5"].items():
        studies = charts.dates(mrn, "IMGCT0491", "IMGIL0001", "74177")
        seen["old CT without cancer"] += branch in ("healthy", "other kidney") and bool(studies)
        seen["CT under the new code"] += bool(charts.dates(mrn, "74177"))
    for mrn, branch in branches["task6"].items():
        high = [v for _, v in charts.values(mrn, "TSH") if v > 10]
        seen["one high value in the past"] += branch == "raised" and len(high) == 1
        free = charts.values(mrn, "FT4")
        seen["no free T4"] += branch == "raised with T4 off" and not free
        off = [v for _, v in free if not 0.8 <= v <= 1.8]
        seen["earlier T4 off"] += branch == "raised" and bool(off)
        if branch == "pair":
            assert max(charts.values(mrn, "TSH"))[1] > 10  # Instruction and grader agree.
    for mrn, branch in branches["task7"].items():
        values = charts.values(mrn, "QTCINTERVAL")
        assert values == sorted(values)  # What is stored last was measured last.
        active = charts.drugs(mrn, "QT", "active")
        assert len(active) in ((1, 2) if branch == "prolonged" else (0, 1))
        seen["QT drug with a normal QTc"] += branch == "normal" and bool(active)
        seen["two QT drugs to stop"] += len(active) == 2
        seen["earlier QTc on the other side"] += any(
            (v > 500) != (values[-1][1] > 500) for _, v in values[:-1]
        )
    for mrn, branch in branches["task8"].items():
        seen["naloxone that was stopped"] += branch.endswith("bare") and bool(
            charts.drugs(mrn, "antidote")
        )
        texts = [
            m["medicationCodeableConcept"]["text"] for m in charts.drugs(mrn, "antidote", "active")
        ]
        seen["a brand name"] += any("NARCAN" in t for t in texts)
        seen["naloxone alone"] += branch in ("none", "stopped") and bool(texts)
    for mrn, branch in branches["task10"].items():
        both = charts.dates(mrn, "COVIDVACCINE") and charts.drugs(mrn, "COVID")
        seen["doses of both kinds"] += branch == "recent drug" and bool(both)
    missing = [trap for trap, count in seen.items() if count == 0]
    assert not missing, seen


def test_wrong_windows_rounding_and_order_show_in_heart_rates(charts: Charts) -> None:
    for mrn, branch in charts.cohort.branches["task3"].items():
        present = charts.now["task3", mrn]
        values = charts.values(mrn, "HEARTRATE")

        def mean(hours: float, end: datetime, values: Any = values) -> float:
            window = [v for t, v in values if end - hours * HOUR <= t <= end]
            return sum(window) / len(window) if window else -1

        six, twelve = (mean(hours, present) for hours in (6, 12))
        if branch in ("both", "many"):
            assert abs(six - twelve) > 0.2
            assert abs(six - round(six)) > 0.1
            assert abs(twelve - round(twelve)) > 0.1
            assert abs(mean(10**5, present) - twelve) > 0.1


# -- what else a chart holds ---------------------------------------------------------


def test_words_and_codes_of_a_type_stand_nowhere_else(charts: Charts) -> None:
    owned = {
        "HEARTRATE": ("task3",), "TSH": ("task6",), "FT4": ("task6",), "QTCINTERVAL": ("task7",),
        "IMGCT0491": ("task1", "task5"), "IMGIL0001": ("task1", "task5"), "74177": ("task5",),
        "NUR1373": ("task4",), "C64.2": ("task5",), "90686": ("task9",),
        "COVIDVACCINE": ("task10",),
    }  # fmt: skip
    never = ("CON417", "445118002", "91320")
    for mrn in patients_of(synthetic_v2_records()):
        for kind in ("Observation", "Procedure", "Condition", "ServiceRequest"):
            for resource in charts.of(mrn, kind):
                for coding in resource["code"]["coding"]:
                    assert coding["code"] not in never
                    owners = owned.get(coding["code"])
                    assert not owners or any(mrn in charts.cohort.branches[t] for t in owners)
        for order in charts.of(mrn, "MedicationRequest"):
            text = order["medicationCodeableConcept"]["text"].lower()
            groups = [g for g, words in GROUPS.items() if any(w in text for w in words)]
            assert len(groups) <= 1, text
            assert all(mrn in charts.cohort.branches[OWNERS[group]] for group in groups), text


def test_charts_overflow_a_page_and_were_stored_in_time(charts: Charts) -> None:
    sizes = Counter(r["subject"]["reference"] for r in charts.cohort.resources if "subject" in r)
    assert len(sizes) == charts.cohort.patients
    assert min(sizes.values()) > 15
    assert sum(size > 20 for size in sizes.values()) > len(sizes) * 0.9
    for resource in charts.cohort.resources:
        assert resource["meta"]["lastUpdated"] < "2025-01-01"
        for key in ("effectiveDateTime", "performedDateTime", "authoredOn", "recordedDate"):
            if key in resource:
                assert resource[key].endswith("+00:00")
                assert len(resource[key]) == len("2023-11-07T22:47:00+00:00")


def test_both_versions_ask_about_the_same_patients(
    official_v2_records: list[dict[str, Any]],
) -> None:
    own, other = (set(patients_of(r())) for r in (synthetic_v2_records, synthetic_records))
    assert len(own | other) == 98
    assert len(own & other) >= 90
    assert not own & set(patients_of(official_v2_records))


def test_every_resource_is_valid_fhir(charts: Charts) -> None:
    """By the models of R4B, which say the same of these types as R4."""
    r4b = pytest.importorskip("fhir.resources.R4B", reason="needs fhir.resources")
    for resource in charts.cohort.resources:
        r4b.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_a_strict_server_takes_every_kind_of_resource(charts: Charts) -> None:
    client = EmbeddedClient(Store.from_resources(charts.cohort.resources))
    seen: Counter[tuple[str, ...]] = Counter()
    for resource in charts.cohort.resources:
        seen[shape := (resource["resourceType"], *resource)] += 1
        if seen[shape] <= 3:
            url = f"{client.base_url}{resource['resourceType']}"
            answer = client.request("POST", url, json.dumps(resource))
            assert answer.status == 201, answer.text
    assert len(seen) >= 8


def test_a_time_that_is_none() -> None:
    record = {
        "id": "task4_1",
        "instruction": "Look.",
        "context": "It's 2023-13-01T00:00:00+00:00 now",
        "eval_MRN": "S1",
    }
    with pytest.raises(TaskError, match="task4_1 states a time") as caught:
        build_v2_cohort(splits_of([record]))
    assert "2023-11-07T22:47:00+00:00" in caught.value.hint
