"""Shared by the tests of this distribution: official data, fake charts, an oracle."""

from __future__ import annotations

import copy
import json
import random
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
NOW_TEXT = "2023-11-13T10:15:00+00:00"
NOW = datetime.fromisoformat(NOW_TEXT)
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


class Damage:
    """Does to a good transcript what agents do.

    Args:
        seed: Of all chance.
        values: Further values that a field may take.
        answers: Further answers.
    """

    VALUES: tuple[Any, ...] = (
        None, True, False, 0, 1, 2, 4, 10, 10.1, -1, 1.0, float("nan"), "", "x", "Oral", "oral ",
        "IV", [], {}, [1], {"text": "oral"}, {"text": ""}, {"coding": [{"display": "oral"}]},
        {"text": "IV", "coding": [{"display": "oral"}]}, NOW_TEXT, "2023-11-13T10:15",
        ["2023-11-13T10:15"], "2023-11-14T08:00:00Z", "POST request accepted",
    )  # fmt: skip
    ANSWERS: tuple[Any, ...] = (
        "[]", "[-1]", "[-1.0]", "-1", "", "[true]", "[NaN]", "[1", "no POST", '"x"', "{}",
        '["Patient not found"]', {"error": "x"}, None,
    )  # fmt: skip
    MESSAGES = (
        {"role": "agent", "content": "POST"},
        {"role": "agent", "content": f"POST {BASE}ServiceRequest\n[]"},
        {"role": "user", "content": "POST request accepted"},
        {"role": "user", "content": "Invalid POST request"},
    )

    def __init__(self, seed: int, values: Sequence[Any] = (), answers: Sequence[Any] = ()) -> None:
        self._random = random.Random(seed)
        self._values = (*self.VALUES, *values)
        self._answers = (*self.ANSWERS, *answers)

    def done(self, history: list[dict[str, str]], answer: Any) -> tuple[list[dict[str, str]], Any]:
        history = copy.deepcopy(history)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3))):
            kind = self._random.choice(("payload",) * 5 + ("answer",) * 3 + ("message",) * 4)
            if kind == "payload":
                self._payload(history)
            elif kind == "answer":
                answer = self._answer(answer)
            else:
                self._message(history)
        return history, answer

    def _payload(self, history: list[dict[str, str]]) -> None:
        posts = [m for m in history if m["content"].startswith("POST ") and m["role"] == "agent"]
        if not posts:
            return
        message = self._random.choice(posts)
        first, _, body = message["content"].partition("\n")
        try:
            message["content"] = f"{first}\n{json.dumps(self._json(json.loads(body)))}"
        except ValueError:
            return

    def _answer(self, answer: Any) -> Any:
        try:
            return json.dumps(self._json([json.loads(answer)])[0])
        except (ValueError, TypeError, IndexError):
            return self._random.choice(self._answers)

    def _message(self, history: list[dict[str, str]]) -> None:
        if not history:
            return
        place = self._random.randrange(len(history))
        message = history[place]
        text = message["content"]
        kind = self._random.randrange(6)
        if kind == 0:
            message["content"] = self._random.choice(
                (
                    f"```\n{text}\n```", f" {text}", f"\n{text}", f"{text}\n", f"{text}\n```",
                    text.replace("POST ", "POST  "), text.replace("/fhir/", "/fhir//"),
                    text.replace("accepted", "refused"),
                )
            )  # fmt: skip
        elif kind == 1:
            history.insert(place, dict(self._random.choice(self.MESSAGES)))
        elif kind == 2:
            history.insert(place, dict(message))
        elif kind == 3:
            del history[place]
        elif kind == 4:
            message["role"] = "user" if message["role"] == "agent" else "agent"
        else:
            other = self._random.randrange(len(history))
            history[place], history[other] = history[other], history[place]

    def _json(self, value: Any) -> Any:
        place: Any = value
        while isinstance(place, (dict, list)) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = self._random.choice(keys)
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and self._random.random() < 0.7:
                place = inner
                continue
            self._change(place, key, inner)
            break
        return value

    def _change(self, place: Any, key: Any, inner: Any) -> None:
        kind = self._random.randrange(7)
        if kind == 0:
            del place[key]
        elif kind == 1 and isinstance(place, dict):
            place["display"] = "x"
        elif kind == 2 and isinstance(place, list):
            place.append(copy.deepcopy(inner))
        elif kind == 3 and isinstance(inner, (int, float)):
            place[key] = self._random.choice((float(inner), str(inner), inner + 0.1, True, [inner]))
        elif kind == 4 and isinstance(inner, str):
            place[key] = self._random.choice((inner.lower(), f"{inner} ", inner[:16], f"a {inner}"))
        elif kind == 5 and isinstance(inner, str):
            place[key] = self._random.choice(({"text": inner}, [inner]))
        else:
            place[key] = copy.deepcopy(self._random.choice(self._values))


@pytest.fixture(scope="session")
def damage() -> type[Damage]:
    return Damage
