"""An agent that solves every task of MedAgentBench-v2 from the chart, and official data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import Message, Usage
from grasp_medagentbench.v2 import payloads
from grasp_medagentbench.v2.instances import synthetic_v2_records
from grasp_medagentbench.v2.task import MedAgentBenchV2

BASE = "http://localhost:8080/fhir/"
OFFICIAL = Path(__file__).resolve().parents[4] / "shared" / "benchdata" / "medagentbench-v2"
FILE = "new_patient_tasks.json"

ANTICOAGULANTS = (
    "heparin", "enoxaparin", "dalteparin", "fondaparinux", "apixaban", "rivaroxaban",
    "dabigatran", "warfarin",
)  # fmt: skip
QT_DRUGS = (
    "ondansetron", "prochlorperazine", "haloperidol", "quetiapine", "olanzapine", "risperidone",
    "ziprasidone", "clozapine", "chlorpromazine",
)  # fmt: skip
OPIOIDS = ("hydromorphone", "oxycodone", "fentanyl", "hydrocodone", "morphine")


@pytest.fixture(scope="session")
def official_v2() -> Path:
    """Return the folder of official data."""
    if not (OFFICIAL / FILE).is_file():
        pytest.skip("the official data is not beside the repository")
    return OFFICIAL


@pytest.fixture(scope="session")
def official_v2_records(official_v2: Path) -> list[dict[str, Any]]:
    return json.loads((official_v2 / FILE).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def own_v2_records() -> list[dict[str, Any]]:
    return synthetic_v2_records()


@pytest.fixture(scope="session")
def task_v2() -> MedAgentBenchV2:
    """Return the task with its own records and the first cohort."""
    return MedAgentBenchV2(source="synthetic")


Script = Generator[str, str, None]
Found = Generator[str, str, list[dict[str, Any]]]


class OracleV2:
    """Does what the task says, reading the chart through the same requests as any agent.

    It believes the opening message about the time, unless the record states another.
    """

    usage = Usage()

    def __init__(self, record: Mapping[str, Any], *, base: str = BASE) -> None:
        self._record = record
        self._base = base
        self._script: Script | None = None

    def inference(self, history: Sequence[Message], tools: Any = None, **options: Any) -> str:
        if self._script is None:
            context = json.loads(history[0]["content"])["task"]["context"]
            times = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", context)
            self._time = times[0]
            self._now = datetime.fromisoformat(times[0])
            plans: Sequence[Callable[[], Script]] = (
                self._ct, self._prophylaxis, self._heart_rate, self._catheter, self._renal_mass,
                self._thyroid, self._qtc, self._naloxone, self._influenza, self._covid,
            )  # fmt: skip
            self._script = plans[int(self._record["id"].split("_")[0][4:]) - 1]()
            return next(self._script)
        return self._script.send(history[-1]["content"])

    @property
    def _mrn(self) -> str:
        return str(self._record["eval_MRN"])

    def _get(self, query: str) -> Found:
        reply = yield f"GET {self._base}{query}&_count=200"
        assert "\n" in reply, reply
        bundle, _ = json.JSONDecoder().raw_decode(reply.split("\n", 1)[1])
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def _post(self, payload: Mapping[str, Any]) -> Generator[str, str, None]:
        reply = yield f"POST {self._base}{payload['resourceType']}\n{json.dumps(payload)}"
        assert reply.startswith("POST request accepted and executed successfully"), reply

    def _make(self, make: Callable[..., Any], *more: Any) -> Any:
        return make(self._mrn, self._time, *more)

    def _dates(self, codes: str) -> Generator[str, str, list[datetime]]:
        found = yield from self._get(f"Procedure?patient={self._mrn}&code={codes}")
        dates = []
        for one in found:
            period = one.get("performedPeriod", {})
            text = one.get("performedDateTime") or period.get("end") or period["start"]
            dates.append(datetime.fromisoformat(text))
        return sorted(dates)

    def _values(self, code: str) -> Generator[str, str, list[tuple[datetime, float]]]:
        found = yield from self._get(f"Observation?patient={self._mrn}&code={code}")
        return sorted(
            (datetime.fromisoformat(o["effectiveDateTime"]), o["valueQuantity"]["value"])
            for o in found
        )

    def _drugs(self, status: str) -> Generator[str, str, list[tuple[str, str]]]:
        found = yield from self._get(f"MedicationRequest?patient={self._mrn}&status={status}")
        return sorted(
            (m["authoredOn"], m["medicationCodeableConcept"]["text"].lower()) for m in found
        )

    def _ct(self) -> Script:
        dates = yield from self._dates("IMGCT0491,IMGIL0001")
        if not dates or self._now - dates[-1] > timedelta(days=365):
            yield from self._post(self._make(payloads.ct_abdomen))
        yield f"FINISH({json.dumps([str(d) for d in dates[-1:]])})"

    def _prophylaxis(self) -> Script:
        active = yield from self._drugs("active")
        mine = [text for _, text in active if any(w in text for w in ANTICOAGULANTS)]
        right = [t for t in mine if "heparin" in t and ("5,000" in t or "5000" in t)]
        kept = right[-1:]
        if not right:
            yield from self._post(self._make(payloads.heparin))
        for text in mine:
            if text in kept:
                kept.remove(text)
                continue
            yield from self._post(self._make(payloads.stop, text))
        yield "FINISH([])"

    def _heart_rate(self) -> Script:
        values = yield from self._values("HEARTRATE")
        answer = []
        for hours in (6, 12):
            start = self._now - timedelta(hours=hours)
            window = [v for t, v in values if start <= t <= self._now]
            answer.append(sum(window) / len(window) if window else -1)
        yield f"FINISH({json.dumps(answer)})"

    def _catheter(self) -> Script:
        dates = yield from self._dates("NUR1373")
        orders = yield from self._get(
            f"ServiceRequest?patient={self._mrn}&code=NUR1373&status=active"
        )
        if dates and self._now - dates[-1] > timedelta(hours=48) and not orders:
            yield from self._post(self._make(payloads.catheter_removal))
        yield "FINISH([])"

    def _renal_mass(self) -> Script:
        diagnoses = yield from self._get(f"Condition?patient={self._mrn}&code=C64.2")
        if diagnoses:
            dates = yield from self._dates("IMGCT0491,IMGIL0001,74177")
            if not dates or self._now - dates[-1] > timedelta(days=90):
                yield from self._post(self._make(payloads.ct_abdomen_pelvis))
                yield from self._post(self._make(payloads.radiology_referral))
        yield "FINISH([])"

    def _thyroid(self) -> Script:
        tsh = yield from self._values("TSH")
        t4 = yield from self._values("FT4")
        high = [t for t, v in tsh if v > 10]
        if high and high[-1] - high[0] >= timedelta(days=30):
            yield from self._post(self._make(payloads.levothyroxine))
        elif not (tsh and t4 and 4.5 <= tsh[-1][1] <= 10 and 0.8 <= t4[-1][1] <= 1.8):
            yield "FINISH([])"
            return
        for test in self._make(payloads.thyroid_tests):
            yield from self._post(test)
        yield "FINISH([])"

    def _qtc(self) -> Script:
        values = yield from self._values("QTCINTERVAL")
        if values and values[-1][1] > 500:
            for _, text in (yield from self._drugs("active")):
                if any(word in text for word in QT_DRUGS):
                    yield from self._post(self._make(payloads.stop, text))
            yield from self._post(self._make(payloads.ecg))
        yield "FINISH([])"

    def _naloxone(self) -> Script:
        active = [text for _, text in (yield from self._drugs("active"))]
        opioid = any(word in text for text in active for word in OPIOIDS)
        if opioid and not any(w in text for text in active for w in ("naloxone", "narcan")):
            yield from self._post(self._make(payloads.naloxone))
        yield "FINISH([])"

    def _influenza(self) -> Script:
        dates = yield from self._dates("90686")
        if not dates or self._now - dates[-1] > timedelta(days=365):
            yield from self._post(self._make(payloads.influenza_vaccine))
        yield "FINISH([])"

    def _covid(self) -> Script:
        dates = yield from self._dates("COVIDVACCINE")
        given = yield from self._drugs("completed")
        dates += [datetime.fromisoformat(d) for d, text in given if "covid-19 vac" in text]
        if not dates or (self._now - max(dates)).days > 365:
            yield from self._post(self._make(payloads.covid_vaccine))
        yield "FINISH([])"


@pytest.fixture(scope="session")
def oracle_v2() -> type[OracleV2]:
    return OracleV2
