"""Shared by the tests of this distribution: official data, fake charts, an oracle."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from grasp.contracts import Message, Usage
from grasp_medagentbench import payloads
from grasp_medagentbench.fhir import FhirResponse
from grasp_medagentbench.graders import Chart, type_of
from grasp_medagentbench.instances import synthetic_records
from grasp_medagentbench.records import person_of, quoted_text

BASE = "http://localhost:8080/fhir/"
NOW = datetime.fromisoformat("2023-11-13T10:15:00+00:00")
OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "benchdata" / "medagentbench"


@pytest.fixture(scope="session")
def official() -> Path:
    """Return the folder of official data."""
    if not (OFFICIAL / "test_data_v2.json").is_file():
        pytest.skip("the official data is not beside the repository")
    return OFFICIAL


@pytest.fixture(scope="session")
def official_records(official: Path) -> list[dict[str, Any]]:
    return json.loads((official / "test_data_v2.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def own_records() -> list[dict[str, Any]]:
    return synthetic_records()


@pytest.fixture(autouse=True)
def _no_pulled_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    """Keep what the user has pulled out of the tests."""
    monkeypatch.setenv("GRASP_DATA", str(tmp_path_factory.getbasetemp() / "no-data"))


class FakeClient:
    """A chart of one patient: measurements by code, and a birth date."""

    def __init__(
        self, readings: Mapping[str, Sequence[tuple[Any, str]]], birth: str | None = None
    ) -> None:
        self._readings = readings
        self._birth = birth
        self.urls: list[str] = []

    def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
        assert method == "GET"
        self.urls.append(url)
        query = parse_qs(urlsplit(url).query)
        entries: list[dict[str, Any]] = []
        if "identifier" in query and self._birth:
            entries.append({"birthDate": self._birth})
        for value, recorded in self._readings.get(query.get("code", [""])[0], ()):
            entries.append(
                {"effectiveDateTime": recorded, "valueQuantity": {"value": value, "unit": "?"}}
            )
        bundle: dict[str, Any] = {"resourceType": "Bundle", "total": len(entries)}
        if entries:
            bundle["entry"] = [{"resource": e} for e in entries]
        return FhirResponse(200, "OK", "application/fhir+json;charset=UTF-8", json.dumps(bundle))


@pytest.fixture(scope="session")
def chart_of() -> Callable[..., Chart]:
    """Return a maker of charts: ``chart_of(MG=[(1.8, "2023-11-13T08:00:00+00:00")])``."""

    def make(birth: str | None = None, **readings: Sequence[tuple[Any, str]]) -> Chart:
        return Chart(FakeClient(readings, birth), BASE)

    return make


Script = Generator[str, str, None]


class Oracle:
    """Solves a task from the chart alone, as a careful clinician would."""

    usage = Usage()

    def __init__(
        self, record: Mapping[str, Any], *, strict: bool = False, base: str = BASE
    ) -> None:
        self._record = record
        self._strict = strict
        self._base = base
        self._script: Script | None = None

    def inference(self, history: Sequence[Message], tools: Any = None, **options: Any) -> str:
        if self._script is None:
            self._script = self._plan()
            return next(self._script)
        return self._script.send(history[-1]["content"])

    @property
    def _mrn(self) -> str:
        return str(self._record["eval_MRN"])

    def _plan(self) -> Script:
        plans: dict[str, Callable[[], Script]] = {
            "task1": self._search,
            "task2": self._age,
            "task3": self._pressure,
            "task4": self._magnesium_level,
            "task5": self._magnesium_order,
            "task6": self._glucose_mean,
            "task7": self._glucose_latest,
            "task8": self._referral,
            "task9": self._potassium,
            "task10": self._hba1c,
        }
        return plans[type_of(self._record)]()

    def _get(self, query: str) -> Generator[str, str, list[dict[str, Any]]]:
        reply = yield f"GET {self._base}{query}"
        assert "\n" in reply, reply
        bundle, _ = json.JSONDecoder().raw_decode(reply.split("\n", 1)[1])
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def _post(self, resource: str, payload: Mapping[str, Any]) -> Generator[str, str, None]:
        reply = yield f"POST {self._base}{resource}\n{json.dumps(payload)}"
        assert reply.startswith("POST request accepted and executed successfully"), reply

    def _readings(self, code: str) -> Generator[str, str, list[tuple[datetime, float, str]]]:
        found = yield from self._get(
            f"Observation?patient={self._mrn}&code={code}&_count=200&_sort=-date"
        )
        return [
            (
                datetime.fromisoformat(o["effectiveDateTime"]),
                o["valueQuantity"]["value"],
                o["effectiveDateTime"],
            )
            for o in found
        ]

    def _recent(self, code: str) -> Generator[str, str, list[float]]:
        readings = yield from self._readings(code)
        return [value for time, value, _ in readings if time >= NOW - timedelta(hours=24)]

    def _search(self) -> Script:
        person = person_of(self._record)
        found = yield from self._get(
            f"Patient?family={quote(person.family)}&given={quote(person.given)}"
            f"&birthdate={person.birth.isoformat()}"
        )
        assert len(found) <= 1
        yield f"FINISH({json.dumps([found[0]['id'] if found else 'Patient not found'])})"

    def _age(self) -> Script:
        found = yield from self._get(f"Patient?identifier={self._mrn}")
        birth = date.fromisoformat(found[0]["birthDate"])
        age = 2023 - birth.year - ((birth.month, birth.day) > (11, 13))
        yield f"FINISH([{age}])"

    def _pressure(self) -> Script:
        value = quoted_text(self._record)
        yield from self._post("Observation", payloads.blood_pressure(self._mrn, value))
        yield "FINISH([])"

    def _magnesium_level(self) -> Script:
        recent = yield from self._recent("MG")
        yield f"FINISH([{recent[0] if recent else -1}])"

    def _magnesium_order(self) -> Script:
        recent = yield from self._recent("MG")
        if recent and recent[0] <= 1.9:
            dose = 4 if recent[0] < 1 else 2 if recent[0] < 1.5 else 1
            payload = payloads.magnesium(self._mrn, dose, strict=self._strict)
            yield from self._post("MedicationRequest", payload)
        yield f"FINISH([{recent[0] if recent else -1}])"

    def _glucose_mean(self) -> Script:
        recent = yield from self._recent("GLU")
        yield f"FINISH([{sum(recent) / len(recent) if recent else -1}])"

    def _glucose_latest(self) -> Script:
        readings = yield from self._readings("GLU")
        yield f"FINISH([{readings[0][1] if readings else -1}])"

    def _referral(self) -> Script:
        payload = payloads.referral(self._mrn, quoted_text(self._record), strict=self._strict)
        yield from self._post("ServiceRequest", payload)
        yield "FINISH([])"

    def _potassium(self) -> Script:
        readings = yield from self._readings("K")
        if readings and readings[0][1] < 3.5:
            dose = round((3.5 - readings[0][1]) * 100)
            yield from self._post("MedicationRequest", payloads.potassium(self._mrn, dose))
            yield from self._post("ServiceRequest", payloads.potassium_test(self._mrn))
        yield f"FINISH([{readings[0][1] if readings else -1}])"

    def _hba1c(self) -> Script:
        readings = yield from self._readings("A1C")
        if not readings or readings[0][0] < NOW.replace(year=2022):
            yield from self._post("ServiceRequest", payloads.hba1c_test(self._mrn))
        answer = [readings[0][1], readings[0][2]] if readings else [-1]
        yield f"FINISH({json.dumps(answer)})"


@pytest.fixture(scope="session")
def oracle() -> type[Oracle]:
    return Oracle


class Says:
    """Says its lines in order, then the last one for ever."""

    usage = Usage()

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self.seen: list[list[Message]] = []

    def inference(self, history: Sequence[Message], tools: Any = None, **options: Any) -> str:
        self.seen.append([dict(m) for m in history])
        return self._lines.pop(0) if len(self._lines) > 1 else self._lines[0]


@pytest.fixture(scope="session")
def says() -> type[Says]:
    return Says
