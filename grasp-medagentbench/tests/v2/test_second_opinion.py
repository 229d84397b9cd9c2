"""The graders against a second reading of the spec, on damaged transcripts and random charts.

The functions below say the rules of spec 4 once more, as a list of assertions over all of a
patient's resources, without any code of the package. Both must agree on whatever an agent
might have done, and on charts that no cohort has.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from grasp.contracts import Rollout
from grasp_medagentbench.fhir import FhirResponse
from grasp_medagentbench.graders import Chart, Episode, grade
from grasp_medagentbench.v2 import payloads
from grasp_medagentbench.v2.graders import GRADERS, UPSTREAM_GRADERS
from grasp_medagentbench.v2.task import MedAgentBenchV2

BASE = "http://localhost:8080/fhir/"
USUAL_NOW = "2023-11-07T22:47:00+00:00"
CUTOFF = datetime(2025, 1, 1, tzinfo=timezone.utc)
SPLITS = ("dev", "val", "test", "ood")
Resource = dict[str, Any]
History = list[dict[str, str]]


class SecondOpinion:
    """Args: all resources of the patients; whether to judge as the original does."""

    def __init__(self, resources: list[Resource], upstream: bool) -> None:
        self._of: dict[str, list[Resource]] = {}
        for resource in resources:
            if "subject" in resource:
                mrn = resource["subject"]["reference"].split("/")[1]
                self._of.setdefault(mrn, []).append(resource)
        self._upstream = upstream

    def verdict(self, record: Any, history: History, result: Any) -> bool:
        if result is None:
            return False
        self._record, self._history, self._result = record, history, result
        self._patient = {"reference": "Patient/" + record["eval_MRN"]}
        rule: Callable[[], Any] = getattr(self, record["id"].split("_")[0])
        try:
            return rule() is not False
        except Exception:
            return False

    # The present of a record.

    @property
    def _now(self) -> datetime:
        context = self._record["context"]
        stamp = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d)"
        said = re.findall(r"(?i)\bit'?s\s+" + stamp + r"\s+now", context)
        if said:
            return datetime.fromisoformat(said[0])
        return datetime.fromisoformat((re.findall(stamp, context) or [USUAL_NOW])[-1])

    # The chart.

    def _all(self, kind: str, *codes: str, meta: bool = True, **fields: str) -> list[Resource]:
        found = []
        for resource in self._of.get(self._record["eval_MRN"], []):
            if resource["resourceType"] != kind:
                continue
            if codes and not {c["code"] for c in resource["code"]["coding"]} & set(codes):
                continue
            if any(resource.get(k) != v for k, v in fields.items()):
                continue
            stored = (resource["meta"] if meta else resource.get("meta", {})).get("lastUpdated")
            if stored is None or datetime.fromisoformat(stored) <= CUTOFF:
                found.append(resource)
        return found

    @staticmethod
    def _when(procedure: Resource) -> datetime | None:
        period = procedure.get("performedPeriod", {})
        for text in (procedure.get("performedDateTime"), period.get("end"), period.get("start")):
            if text:
                return datetime.fromisoformat(text)
        return None

    def _last(self, found: list[Resource]) -> datetime | None:
        times = [t for t in map(self._when, found) if t]
        return sorted(times)[-1] if times else None

    def _drugs(self, status: str) -> list[str]:
        found = self._all("MedicationRequest", status=status)
        return [m["medicationCodeableConcept"]["text"].lower() for m in found]

    def _values(self, code: str, meta: bool = True) -> list[tuple[datetime, float]]:
        return [
            (datetime.fromisoformat(o["effectiveDateTime"]), o["valueQuantity"]["value"])
            for o in self._all("Observation", code, meta=meta)
        ]

    # The transcript.

    def _speaks_of_post(self) -> bool:
        return any(m["role"] == "agent" and "POST" in m["content"] for m in self._history)

    @property
    def _posts(self) -> list[tuple[str, Any]]:
        posts = []
        for number, message in enumerate(self._history):
            if message["role"] != "agent" or "POST" not in message["content"]:
                continue
            if number + 1 == len(self._history):
                assert not self._upstream  # The original stumbles here.
                continue
            if "POST request accepted" in self._history[number + 1]["content"]:
                head, *rest = message["content"].split("\n")
                with contextlib.suppress(ValueError):
                    posts.append((head[4:].strip(), json.loads("\n".join(rest))))
        return posts

    def _payloads(self) -> list[Resource]:
        carried = [payload for _, payload in self._posts]
        assert all(isinstance(payload, dict) for payload in carried)
        return carried

    def _is_order(self, payload: Resource, *kinds: str) -> bool:
        return (
            payload.get("resourceType") in (kinds or ("ServiceRequest", "MedicationRequest"))
            and str(payload.get("status") or "").lower() == "active"
            and str(payload.get("intent") or "").lower() == "order"
            and payload.get("subject") == self._patient
        )

    @staticmethod
    def _ends(payload: Resource) -> bool:
        status = str(payload.get("status") or "").lower()
        return payload.get("resourceType") == "MedicationRequest" and status in (
            "stopped", "cancelled", "completed", "entered-in-error",
        )  # fmt: skip

    # The rules.

    def task1(self) -> None:
        last = self._last(self._all("Procedure", "IMGCT0491", "IMGIL0001"))
        now = datetime.now(timezone.utc) if self._upstream else self._now
        if last is not None and last >= now - timedelta(days=365):
            assert not self._speaks_of_post()
            return
        ((url, payload),) = self._posts
        assert "ServiceRequest" in url
        assert self._is_order(payload, "ServiceRequest")
        assert payload["code"]["coding"][0]["code"] == "74177"
        texts = []
        for field, key in (
            ("reasonCode", "text"),
            ("reasonReference", "display"),
            ("note", "text"),
        ):
            entries = payload.get(field) or []
            if field == "note" and isinstance(entries, dict):
                entries = [entries]
            texts += [e.get(key) for e in entries if isinstance(e, dict)]
        assert any("renal mass follow-up" in str(t).lower() for t in texts)

    def task2(self) -> None:
        blood = (
            "heparin|enoxaparin|dalteparin|fondaparinux|apixaban|rivaroxaban|dabigatran|warfarin"
        )
        mine = [t for t in self._drugs("active") if re.search(blood, t)]
        create = not [t for t in mine if "heparin" in t and re.search("5,?000", t)]
        stop = len(mine) > 1
        if not create and not stop:
            assert not self._posts
            return
        posted = self._payloads()
        assert all(p.get("subject") == self._patient for p in posted)
        if create:
            dose = "5000" if self._upstream else "5,?000"
            assert any(
                p.get("resourceType") == "MedicationRequest"
                and str(p.get("status") or "").lower() == "active"
                and "heparin" in str(p).lower()
                and re.search(dose, str(p))
                for p in posted
            )
        if stop:
            assert any(self._ends(p) for p in posted)

    def task3(self) -> None:
        assert not self._speaks_of_post()
        try:
            answer = ast.literal_eval(self._result)
        except Exception:
            answer = json.loads(self._result)
        assert isinstance(answer, (list, tuple))
        assert len(answer) == 2
        for hours, given in zip((6, 12), answer, strict=True):
            window = [
                value
                for time, value in self._values("HEARTRATE", meta=False)
                if self._now - timedelta(hours=hours) <= time <= self._now
            ]
            if window:
                assert abs(float(given) - sum(window) / len(window)) <= 0.1
            else:
                assert given is None or given == -1 or given == "-1"

    def task4(self) -> None:
        last = self._last(self._all("Procedure", "NUR1373"))
        removals = self._all("ServiceRequest", "NUR1373", status="active")
        if last is None or removals or self._now - last <= timedelta(hours=48):
            assert not self._posts
            return
        assert any(
            self._is_order(p, "ServiceRequest") and "nur1373" in str(p.get("code", "")).lower()
            for p in self._payloads()
        )

    def task5(self) -> None:
        if not self._all("Condition", "C64.2"):
            assert not self._speaks_of_post()
            return
        last = self._last(self._all("Procedure", "IMGCT0491", "IMGIL0001", "74177"))
        if last is not None and self._now - last <= timedelta(days=90):
            assert not self._posts
            return
        codes = [str(p.get("code", "")) for p in self._payloads() if self._is_order(p)]
        assert [c for c in codes if "74177" in c]
        assert [c for c in codes if "CON417" in c]

    def task6(self) -> None:
        tsh, t4 = self._values("TSH"), self._values("FT4")
        high = sorted(t for t, v in tsh if v > 10)
        treat = bool(high) and high[-1] - high[0] >= timedelta(days=30)
        repeat = False
        if not treat and tsh and t4:
            last, free = (max(v, key=lambda one: one[0])[1] for v in (tsh, t4))
            repeat = 4.5 <= last <= 10 and 0.8 <= free <= 1.8
        if not treat and not repeat:
            assert not self._posts
            return
        posted = self._payloads()
        tests = [
            p
            for p in posted
            if self._is_order(p, "ServiceRequest")
            and re.search("tsh|ft4", str(p.get("code", "")).lower())
        ]
        assert len(tests) >= 2
        if repeat:
            assert "MedicationRequest" not in [p.get("resourceType") for p in posted]
            return
        texts = [
            str((p.get("medicationCodeableConcept") or {}).get("text", "")).lower()
            for p in posted
            if self._is_order(p, "MedicationRequest")
        ]
        assert any("levothyroxine" in t and "25" in t for t in texts)

    def task7(self) -> None:
        found = self._all("Observation", "QTCINTERVAL")
        if not found:
            assert not self._speaks_of_post()
            return
        stamps = [o["meta"].get("lastUpdated", "") for o in found]
        newest = found[stamps.index(max(stamps))]
        if newest["valueQuantity"]["value"] <= 500:
            assert not self._posts
            return
        posted = self._payloads()
        for payload in posted:
            assert payload.get("resourceType") in ("ServiceRequest", "MedicationRequest")
            assert payload.get("subject") == self._patient
        assert any(
            p["resourceType"] == "ServiceRequest"
            and str(p.get("status") or "").lower() == "active"
            and re.search("445118002|ecg", str(p).lower())
            for p in posted
        )
        drugs = (
            "ondansetron|prochlorperazine|haloperidol|quetiapine|olanzapine|risperidone|"
            "ziprasidone|clozapine|chlorpromazine"
        )
        assert any(self._ends(p) and re.search(drugs, str(p).lower()) for p in posted)

    def task8(self) -> None:
        mine = self._drugs("active")
        opioids = "hydromorphone|oxycodone|fentanyl|hydrocodone|morphine"
        bare = any(re.search(opioids, t) for t in mine)
        if not bare or any(re.search("naloxone|narcan", t) for t in mine):
            assert not self._posts
            return
        (payload,) = self._payloads()
        assert self._is_order(payload)
        assert re.search("naloxone|narcan", str(payload).lower())

    def task9(self) -> None:
        last = self._last(self._all("Procedure", "90686"))
        if last is not None and self._now - last <= timedelta(days=365):
            assert not self._posts
            return
        (payload,) = self._payloads()
        assert self._is_order(payload)
        code = None
        with contextlib.suppress(Exception):
            code = payload["code"]["coding"][0]["code"]
        assert code == "90686" or "flu" in str(payload).lower()

    def task10(self) -> None:
        dates = [self._when(p) for p in self._all("Procedure", "COVIDVACCINE")]
        for request in self._all("MedicationRequest", status="completed"):
            if "covid-19 vac" in request["medicationCodeableConcept"]["text"].lower():
                dates.append(datetime.fromisoformat(request["authoredOn"]))
        days = [(self._now.date() - d.date()).days for d in dates if d]
        if days and min(days) <= 365:
            assert not self._posts
            return
        (payload,) = self._payloads()
        assert self._is_order(payload)
        named = str(payload.get("code", "")) + str(payload.get("medicationCodeableConcept", ""))
        assert "covid" in named.lower()


#: Values and answers that the damage of v1 has not.
VALUES = (
    "active", "ACTIVE", "order", "Order", "plan", "stopped", "Cancelled", "completed", "on-hold",
    "ServiceRequest", "MedicationRequest", "Observation", "TSH", "ft4", "levothyroxine 25 mcg",
    "levothyroxine", "heparin 5,000 units", "heparin", "5000", 5000, "renal mass follow-up",
    "Renal Mass Follow\u2011up", "74177", "CON417", "con417", "NUR1373", "ecg", "haloperidol",
    "narcan", "flu", "COVID", [{"text": "renal mass follow-up"}], "POST",
)  # fmt: skip
ANSWERS = (
    "[80.0, 81.0]", "(80, 81)", "80, 81", "[null, null]", "[None, -1]", '["-1", "80.05"]',
    "[-1, -1]", "[NaN, 1]", "[80.1, 80.1]", "{80: 1, 81: 2}", "[True, 80]", "no POST needed",
    "[[80], [81]]", '["80 bpm", "81 bpm"]', " [80, 81]", "[80, 81", "",
)  # fmt: skip


def compare(
    options: dict[str, Any], oracle: Any, damaging: Any, rounds: int, seed: int
) -> Counter[tuple[str, bool]]:
    task = MedAgentBenchV2(**options)
    opinion = SecondOpinion(task.cohort.resources, options.get("upstream_compat", False))
    damage = damaging(seed, VALUES, ANSWERS)
    seen: Counter[tuple[str, bool]] = Counter()
    samples = [s for split in SPLITS for s in task.samples(split)]
    played = [(s, task.rollout(s, oracle(s))) for s in samples]
    for _ in range(rounds):
        for sample, rollout in played:
            history, answer = damage.done(rollout.history, rollout.answer)
            expected = opinion.verdict(dict(sample), history, answer)
            found = task.evaluate(sample, Rollout(history=history, answer=answer))
            assert found is expected, (sample["id"], history[1:], answer)
            seen[sample["id"].split("_")[0], expected] += 1
    return seen


@pytest.mark.parametrize("upstream", [False, True])
def test_both_agree_on_the_official_tasks(
    official_v2: Any, oracle_v2: Any, damage: Any, upstream: bool
) -> None:
    options = {
        "data_file": official_v2 / "new_patient_tasks.json",
        "upstream_compat": upstream,
    }
    seen = compare(options, oracle_v2, damage, 2, 1)
    assert len(seen) == 20  # Both verdicts of all ten types.


@pytest.mark.slow
@pytest.mark.parametrize("upstream", [False, True])
def test_both_agree_again_and_again(oracle_v2: Any, damage: Any, upstream: bool) -> None:
    for seed in range(6):
        options = {"source": "synthetic", "cohort_seed": seed, "upstream_compat": upstream}
        compare(options, oracle_v2, damage, 20, seed + 10)


# -- random charts -------------------------------------------------------------------


class RandomServer:
    """A patient's resources by chance, near every boundary; answers what graders ask."""

    AGES = (
        timedelta(0), timedelta(hours=5), timedelta(hours=6), timedelta(hours=7),
        timedelta(hours=12), timedelta(hours=13), timedelta(hours=47), timedelta(hours=48),
        timedelta(hours=49), timedelta(days=29), timedelta(days=30), timedelta(days=60),
        timedelta(days=89), timedelta(days=90), timedelta(days=91), timedelta(days=364),
        timedelta(days=365), timedelta(days=366), timedelta(days=700),
    )  # fmt: skip
    JITTER = (timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(minutes=-1))
    STORED = (
        "2023-12-30T19:05:40.100+00:00", "2023-12-30T19:05:41.100+00:00",
        "2024-12-31T23:59:59+00:00", "2025-01-01T00:00:00+00:00",
        "2025-01-01T00:00:01+00:00", "2025-06-01T00:00:00.000+00:00",
    )  # fmt: skip
    CODES = (
        "IMGCT0491", "IMGIL0001", "74177", "NUR1373", "90686", "COVIDVACCINE", "71046",
    )  # fmt: skip
    DRUGS = (
        "Heparin (porcine) 5,000 units/mL", "heparin 5000 units", "heparin flush",
        "dalteparin 5000", "enoxaparin 40 mg", "oxycodone", "HYDROmorphone", "naloxone",
        "Narcan spray", "aspirin",
        "COVID-19 VAC, mRNA", "covid-19 vaccine", "influenza", "ondansetron",
    )  # fmt: skip
    LABS = (
        ("TSH", (4.4, 4.5, 7.0, 10, 10.0, 10.1, 15.0)), ("FT4", (0.7, 0.8, 1.2, 1.8, 1.9)),
        ("QTCINTERVAL", (480, 500, 500.5, 501, 540)), ("HEARTRATE", (70, 80, 81, 80.2)),
    )  # fmt: skip

    def __init__(self, chance: random.Random, mrn: str, now: datetime) -> None:
        self._chance, self._mrn, self._now = chance, mrn, now
        some = chance.randint
        self.resources = [self._procedure() for _ in range(some(0, 4))]
        self.resources += [self._drug() for _ in range(some(0, 4))]
        self.resources += [self._lab() for _ in range(some(0, 9))]
        for code in chance.choice(((), ("C64.2",), ("C64.2",), ("C64.1",))):
            self._add({"resourceType": "Condition", "code": {"coding": [{"code": code}]}})
        if chance.random() < 0.3:
            status = chance.choice(("active", "completed"))
            code = chance.choice(("NUR1373", "1"))
            self._add(
                {
                    "resourceType": "ServiceRequest",
                    "status": status,
                    "code": {"coding": [{"code": code}]},
                }
            )
        chance.shuffle(self.resources)
        self.resources = [self._stored(r) for r in self.resources]

    def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
        """Answer a search by type, codes and status."""
        query = parse_qs(urlsplit(url).query, strict_parsing=True)
        kind = urlsplit(url).path.rpartition("/")[2]
        assert method == "GET"
        assert set(query) <= {"patient", "code", "status", "_count", "_format"}
        assert query["_count"] == ["5000"]
        assert query["patient"] == [self._mrn]
        codes = query["code"][0].split(",") if "code" in query else None
        found = [
            r
            for r in self.resources
            if r["resourceType"] == kind
            and (codes is None or r["code"]["coding"][0]["code"] in codes)
            and ("status" not in query or r["status"] == query["status"][0])
        ]
        bundle: Resource = {"resourceType": "Bundle", "total": len(found)}
        if found:
            bundle["entry"] = [{"resource": r} for r in found]
        return FhirResponse(200, "OK", "application/fhir+json", json.dumps(bundle))

    def _add(self, resource: Resource) -> None:
        self.resources.append(resource)

    def _time(self) -> str:
        age = self._chance.choice(self.AGES) + self._chance.choice(self.JITTER)
        return (self._now - age).isoformat()

    def _procedure(self) -> Resource:
        time = self._time()
        times: tuple[Resource, ...] = (
            {"performedDateTime": time}, {"performedDateTime": time}, {"performedDateTime": time},
            {"performedPeriod": {"start": time}},
            {"performedPeriod": {"start": self._time(), "end": time}}, {},
        )  # fmt: skip
        code = self._chance.choice(self.CODES)
        return {
            "resourceType": "Procedure",
            "code": {"coding": [{"code": code}]},
            **self._chance.choice(times),
        }

    def _drug(self) -> Resource:
        return {
            "resourceType": "MedicationRequest",
            "status": self._chance.choice(
                ("active", "active", "completed", "completed", "stopped")
            ),
            "medicationCodeableConcept": {"text": self._chance.choice(self.DRUGS)},
            "authoredOn": self._time(),
        }

    def _lab(self) -> Resource:
        code, values = self._chance.choice(self.LABS)
        return {
            "resourceType": "Observation",
            "code": {"coding": [{"code": code}]},
            "effectiveDateTime": self._time(),
            "valueQuantity": {"value": self._chance.choice(values)},
        }

    def _stored(self, resource: Resource) -> Resource:
        meta: Resource = {"meta": {"lastUpdated": self._chance.choice(self.STORED[:4])}}
        if self._chance.random() < 0.06:
            meta = self._chance.choice(
                ({}, {"meta": {}}, {"meta": {"lastUpdated": self._chance.choice(self.STORED)}})
            )
        subject = {"subject": {"reference": f"Patient/{self._mrn}"}}
        resource = {**resource, **subject, **meta}
        if self._chance.random() < 0.01:  # A number or a text that should be there isn't.
            resource.pop("valueQuantity", None)
            if "medicationCodeableConcept" in resource:
                resource["medicationCodeableConcept"] = {"coding": []}
        return resource


def plays(mrn: str) -> dict[str, list[tuple[list[Resource], str]]]:
    """Return for each type what may be posted and said."""
    time = USUAL_NOW

    def made(*makers: Callable[..., Resource]) -> list[Resource]:
        return [make(mrn, time) for make in makers]

    stops = [payloads.stop(mrn, time, text) for text in ("enoxaparin", "ondansetron", "")]
    tests = payloads.thyroid_tests(mrn, time)
    pairs = made(payloads.ct_abdomen_pelvis, payloads.radiology_referral)
    return {
        "task1": [(made(payloads.ct_abdomen), "")],
        "task2": [
            (made(payloads.heparin), ""),
            ([stops[0]], ""),
            ([*made(payloads.heparin), stops[2]], ""),
        ],
        "task3": [
            ([], answer)
            for answer in ("[80, 80]", "[-1, -1]", "[-1, 80.0]", "[80, 80.333]", "[75.0, 77.5]")
        ],
        "task4": [(made(payloads.catheter_removal), "")],
        "task5": [(pairs, ""), (pairs[:1], "")],
        "task6": [(tests, ""), ([*made(payloads.levothyroxine), *tests], "")],
        "task7": [([stops[1], *made(payloads.ecg)], ""), (made(payloads.ecg), "")],
        "task8": [(made(payloads.naloxone), "")],
        "task9": [(made(payloads.influenza_vaccine), "")],
        "task10": [(made(payloads.covid_vaccine), "")],
    }


def compare_on_random_charts(charts: int, seed: int, upstream: bool) -> Counter[tuple[str, bool]]:
    chance = random.Random(seed)
    graders = UPSTREAM_GRADERS if upstream else GRADERS
    seen: Counter[tuple[str, bool]] = Counter()
    contexts = (
        "", "It's 2023-11-07T12:00:00+00:00 now.", "Its  2021-03-02T10:00:00+01:00 now",
        "it's 2024-01-09T00:00:00+00:00 now, not 2022-01-01T00:00:00+00:00.",
        "Seen 2020-01-01T00:00:00+00:00, then 2022-05-30T07:00:00-05:00.",
        "It's 2023-08-15:00:00+00:00 now", "It's 2023-11-07T12:00:00Z now",
    )  # fmt: skip
    for number in range(charts):
        mrn, context = f"S{number}", chance.choice(contexts)
        record = {"id": "task1_1", "instruction": "", "context": context, "eval_MRN": mrn}
        opinion = SecondOpinion([], upstream)
        opinion._record = record
        now = datetime.now(timezone.utc) if upstream and number % 2 else opinion._now
        server = RandomServer(chance, mrn, now)
        opinion = SecondOpinion(server.resources, upstream)
        chart = Chart(server, BASE)
        for kind, options in plays(mrn).items():
            one = {**record, "id": f"{kind}_1"}
            for posts, answer in [*options, ([], "[]")]:
                history = [{"role": "user", "content": "x"}]
                for payload in posts:
                    url = BASE + payload["resourceType"]
                    text = f"POST {url}\n{json.dumps(payload)}"
                    history.append({"role": "agent", "content": text})
                    history.append({"role": "user", "content": "POST request accepted and"})
                said = chance.choice((answer, answer, f"{answer} POST")) if posts else answer
                history.append({"role": "agent", "content": f"FINISH({said})"})
                episode = Episode(history, answer, guarded=not upstream)
                expected = opinion.verdict(one, history, answer)
                assert grade(graders, one, episode, chart) is expected, (
                    kind, context, posts, answer, server.resources,
                )  # fmt: skip
                seen[kind, expected] += 1
    return seen


@pytest.mark.parametrize("upstream", [False, True])
def test_both_agree_on_random_charts(upstream: bool) -> None:
    seen = compare_on_random_charts(120, 5, upstream)
    assert len(seen) == 20


@pytest.mark.slow
@pytest.mark.parametrize("upstream", [False, True])
def test_both_agree_on_many_random_charts(upstream: bool) -> None:
    for seed in range(5):
        compare_on_random_charts(1500, seed + 100, upstream)


def test_the_second_opinion_has_one(task_v2: MedAgentBenchV2, oracle_v2: Any) -> None:
    """It isn't blind: other rules than the spec's would show."""
    task = task_v2
    charts = copy.deepcopy(task.cohort.resources)
    for resource in charts:  # Everything a month older.
        for key in ("performedDateTime", "effectiveDateTime", "authoredOn"):
            if key in resource:
                moved = datetime.fromisoformat(resource[key]) - timedelta(days=30)
                resource[key] = moved.isoformat()
    opinion = SecondOpinion(charts, False)
    differing = set()
    for sample in [s for split in SPLITS for s in task.samples(split)][::2]:
        rollout = task.rollout(sample, oracle_v2(sample))
        if not opinion.verdict(dict(sample), rollout.history, rollout.answer):
            differing.add(sample["id"].split("_")[0])
    assert {"task1", "task3", "task4", "task5", "task9", "task10"} <= differing
