"""The same questions over a server and over files; the official form of the questions."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from grasp.contracts import ConfigError, TaskError
from grasp_fhir_agentbench import synth
from grasp_fhir_agentbench.connection import FhirReader, RequestFailed, connect
from grasp_fhir_agentbench.local import LocalStore
from grasp_fhir_agentbench.records import COLUMNS, Record, read_questions
from grasp_fhir_agentbench.sandbox import Sandbox
from grasp_fhir_agentbench.task import FhirAgentBench
from grasp_fhir_agentbench.tools import BY_ID, BY_PATIENT, REQUEST, RESOURCE_TYPES, Tools
from grasp_medagentbench.fhir import EmbeddedClient, Store, serve

from . import agents
from .test_oracle import run

PATIENTS = 6


@pytest.fixture(scope="module")
def resources() -> list[dict[str, Any]]:
    return synth.resources(synth.charts(7, PATIENTS))


@pytest.fixture(scope="module")
def patient() -> str:
    return str(synth.fhir.patient_id(synth.charts(7, PATIENTS)[0]))


@pytest.fixture(scope="module")
def store(resources: list[dict[str, Any]]) -> Store:
    return Store.from_resources(resources)


@pytest.fixture(scope="module")
def files(resources: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official form: one file for each kind, most of them packed."""
    folder = tmp_path_factory.mktemp("fhir")
    kinds: dict[str, list[str]] = {}
    for resource in resources:
        kinds.setdefault(resource["resourceType"], []).append(json.dumps(resource))
    for kind, lines in kinds.items():
        data = ("\n".join(lines) + "\n").encode()
        if kind == "Patient":
            (folder / "MimicPatient.ndjson").write_bytes(data)
        else:
            (folder / f"Mimic{kind}.ndjson.gz").write_bytes(gzip.compress(data))
    return folder


@pytest.fixture(scope="module")
def readers(store: Store, files: Path) -> Iterator[dict[str, FhirReader]]:
    local = LocalStore(files)
    with serve(store) as server:
        client = connect(server.base_url)
        yield {
            "embedded": FhirReader(EmbeddedClient(store.overlay())),
            "server": FhirReader(client),
            "files": FhirReader(local),
        }
        client.close()
    local.close()


# -- one client for all ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_all_stores_return_the_same(
    readers: Mapping[str, FhirReader], kind: str, patient: str
) -> None:
    arguments = {"resource_type": kind, "patient_fhir_id": patient}
    found = {n: Tools(r, Sandbox()).retrieve(BY_PATIENT, arguments) for n, r in readers.items()}
    ids = {n: sorted(r["id"] for r in f.get(kind, [])) for n, f in found.items()}
    assert ids["embedded"] == ids["server"] == ids["files"]
    assert ids["embedded"]
    assert all(not {"text", "meta"} & set(r) for f in found.values() for r in f[kind])
    one = ids["embedded"][0]
    by_id = {"resource_type": kind, "resource_id": one}
    for reader in readers.values():
        (resource,) = Tools(reader, Sandbox()).retrieve(BY_ID, by_id)[kind]
        assert resource["id"] == one


def test_a_patients_drugs_and_units_are_those_referred_to(
    readers: Mapping[str, FhirReader], patient: str
) -> None:
    tools = Tools(readers["files"], Sandbox())
    for kind in ("Encounter", "Location", "MedicationRequest", "Medication"):
        tools.retrieve(BY_PATIENT, {"resource_type": kind, "patient_fhir_id": patient})
    told = json.dumps(tools.resources["Encounter"])
    assert tools.resources["Location"]
    assert all(f"Location/{p['id']}" in told for p in tools.resources["Location"])
    told = json.dumps(tools.resources["MedicationRequest"])
    assert all(f"Medication/{m['id']}" in told for m in tools.resources["Medication"])


def test_pages_are_followed_to_the_end(store: Store, patient: str) -> None:
    client = EmbeddedClient(store.overlay())
    asked: list[str] = []

    class Paging:
        base_url = client.base_url

        def request(self, method: str, url: str, body: Any = None) -> Any:
            asked.append(url)
            return client.request(method, url.replace("_count=1000", "_count=50"), body)

    found = FhirReader(Paging()).search("Observation", patient=patient)
    whole = FhirReader(client).search("Observation", patient=patient)
    assert [r["id"] for r in found] == [r["id"] for r in whole]
    assert len(asked) == -(-len(whole) // 50)


def test_errors_of_the_server_are_told_to_the_agent(readers: Mapping[str, FhirReader]) -> None:
    for reader in readers.values():
        tools = Tools(reader, Sandbox())
        told = tools.retrieve(REQUEST, {"query_string": "Observation?colour=red"})
        assert "colour" in told["error"]
        assert "missing" in tools.retrieve(BY_ID, {"resource_type": "Patient"})["error"]
        assert (
            "unknown resource type"
            in tools.retrieve(BY_PATIENT, {"resource_type": "Dog", "patient_fhir_id": "x"})["error"]
        )
        nobody = {"resource_type": "Observation", "patient_fhir_id": "nobody"}
        assert tools.retrieve(BY_PATIENT, nobody) == {}


def test_requests_stay_below_the_base(readers: Mapping[str, FhirReader]) -> None:
    reader = readers["server"]
    for query in ("http://127.0.0.1:1/x", "https://example.org/Patient", "../secret", "a/../../b"):
        with pytest.raises(RequestFailed):
            reader.get(query)


def test_a_second_retrieval_adds_or_replaces(
    readers: Mapping[str, FhirReader], resources: list[dict[str, Any]]
) -> None:
    a, b = [r["id"] for r in resources if r["resourceType"] == "Patient"][:2]
    for replace, known in ((False, 2), (True, 1)):
        tools = Tools(readers["embedded"], Sandbox(), replace=replace)
        for one in (a, b):
            tools.retrieve(REQUEST, {"query_string": f"Patient?_id={one}"})
        tools.retrieve(REQUEST, {"query_string": f"Patient?_id={b}"})
        assert len(tools.resources["Patient"]) == known
        assert tools.retrieved == {"Patient": {a, b}}


# -- credentials ------------------------------------------------------------------------------


@pytest.fixture
def guarded() -> Iterator[tuple[str, list[str]]]:
    """A server that wants a token, and sends one elsewhere for its second page."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.path} {self.headers.get('Authorization')}")
            allowed = self.headers.get("Authorization") == "Bearer TOKEN"
            body: dict[str, Any] = {
                "resourceType": "OperationOutcome",
                "issue": [{"diagnostics": "no token"}],
            }
            if allowed:
                entry = [{"resource": {"resourceType": "Patient", "id": self.path[-1]}}]
                body = {"resourceType": "Bundle", "entry": entry}
                if "page=" not in self.path:
                    url = "http://elsewhere.invalid/fhir/Patient?page=2"
                    body["link"] = [{"relation": "next", "url": url}]
            data = json.dumps(body).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/fhir", seen
    server.shutdown()
    server.server_close()


def test_the_token_goes_to_its_server_and_nowhere_else(
    guarded: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = guarded
    with pytest.raises(RequestFailed, match="status 401: no token"):
        FhirReader(connect(url)).search("Patient", patient="x")
    monkeypatch.setenv("FHIR_TOKEN", "TOKEN")
    found = FhirReader(connect(url)).search("Patient", patient="x")
    assert [r["id"] for r in found] == ["0", "2"]
    assert [s.split()[0] for s in seen[1:]] == [
        "/fhir/Patient?patient=x&_count=1000",
        "/fhir/Patient?page=2",
    ]


def test_the_token_is_in_no_record_of_a_run(
    guarded: tuple[str, list[str]], official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_TOKEN", "TOKEN")
    url = guarded[0].replace("http://", "http://user:secret@")
    task = FhirAgentBench(questions_file=official, fhir_base_url=url)
    told = json.dumps(task.describe())
    assert "TOKEN" not in told
    assert "secret" not in told


def test_google_without_its_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google.auth", None)
    with pytest.raises(TaskError) as caught:
        connect(
            "https://healthcare.googleapis.com/v1/projects/p/locations/l/datasets/d/fhirStores/s/fhir"
        )
    assert "FHIR_TOKEN" in caught.value.hint or "gcloud" in caught.value.hint


# -- the official files -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked() -> list[Record]:
    """Questions about the few patients, in the form of the official file."""
    return [
        dict(r)
        for records in synth.questions(7, 40).values()
        for r in records
        if r["patient_fhir_id"] in {synth.fhir.patient_id(c) for c in synth.charts(7, PATIENTS)}
    ]


@pytest.fixture(scope="module")
def official(asked: Sequence[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "questions.csv"
    names = ("train", "valid", "test")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "sql_query", "val_dict"])
        writer.writeheader()
        for number, record in enumerate(asked):
            row = {c: record.get(c) for c in COLUMNS}
            row |= {"split": names[number % 3], "question_id": record["id"]}
            row |= {"true_fhir_ids": str(record["true_fhir_ids"]), "sql_query": "SELECT 1,\n2"}
            row["assumption"] = record["assumption"] or "nan"
            writer.writerow(row)
    return path


def test_official_questions_are_read_in_order(official: Path, asked: Sequence[Record]) -> None:
    splits = read_questions(official)
    assert [r["id"] for r in splits["dev"]] == [r["id"] for r in asked[::3]]
    assert splits["ood"] == []
    for mine, read in zip(asked[1::3], splits["val"], strict=True):
        for key in ("question", "assumption", "true_answer", "true_fhir_ids", "patient_fhir_id"):
            assert read[key] == mine[key]
    task = FhirAgentBench(questions_file=official, fhir_base_url="http://x/", dev_limit=3)
    assert len(task.samples("dev")) == 3
    assert task.source == "official"
    assert task.grader == "grasp"


def test_the_oracle_over_files_and_over_a_server(
    official: Path, files: Path, store: Store, asked: Sequence[Record]
) -> None:
    known = {str(r["id"]): dict(r) for r in asked}
    with serve(store) as server:
        for where in ({"fhir_dir": files}, {"fhir_base_url": server.base_url}):
            task = FhirAgentBench(questions_file=official, grader="rules", test_limit=8, **where)  # type: ignore[arg-type]
            task.setup()
            samples = task.samples("test")
            assert len(samples) == 8
            outcomes = run(task, agents.Oracle(known), samples)
            wrong = [(o.instruction, o.answer, o.error) for o in outcomes if not o.correct]
            assert wrong == []
            assert all(o.metrics["retrieval_recall"] == 1 for o in outcomes)
            task.close()


def test_patients_that_are_not_there_are_noticed(official: Path, tmp_path: Path) -> None:
    (tmp_path / "MimicPatient.ndjson").write_text('{"resourceType": "Patient", "id": "x"}\n')
    task = FhirAgentBench(questions_file=official, fhir_dir=tmp_path)
    with pytest.raises(TaskError, match="files lacks"):
        task.setup()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.ndjson", '{"resourceType": "Patient", "id": "x"}\n{"cut', "after line 1"),
        ("a.ndjson", "[]\n", "after line 0"),
        ("a.txt", "", "no \\*.ndjson"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TaskError, match=message):
        LocalStore(tmp_path)
    assert not list(tmp_path.glob(".grasp-index/*.part"))


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson.gz").write_bytes(
        gzip.compress(b'{"resourceType": "A", "id": "1"}\n')[:20]
    )
    with pytest.raises(TaskError, match=r"a\.ndjson\.gz"):
        LocalStore(tmp_path)


def test_the_index_is_made_once_and_anew_for_other_files(tmp_path: Path) -> None:
    def read() -> list[str]:
        return LocalStore(tmp_path, read_names.append).request(
            "GET", "http://localhost/fhir/Patient?_id=a,b"
        ).text.count('"id"') * ["x"]

    read_names: list[str] = []
    (tmp_path / "p.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\n')
    assert len(read()) == 1
    assert len(read()) == 1
    assert read_names == ["p.ndjson"]
    (tmp_path / "q.ndjson").write_text('{"resourceType": "Patient", "id": "b"}\n')
    assert len(read()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "no column 'split'"), ("", "no column"), (b"\xff\xfe\x00", "can't be read")],
)
def test_another_file_than_the_official_is_refused(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TaskError, match=message):
        read_questions(path)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"source": "offical"}, "source is 'offical'"),
        ({"variant": "x"}, "variant is 'x'"),
        ({"grader": "x"}, "grader is 'x'"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"dev_limit": -1}, "dev_limit is -1"),
        ({"patients": 2}, "there is no more to ask"),
        ({"source": "synthetic", "fhir_base_url": "http://x/"}, "synthetic patients"),
        ({"questions_file": "q", "fhir_base_url": "x", "fhir_dir": "y"}, "exclude each other"),
        ({"python_seconds": "soon"}, "python_seconds is 'soon'"),
    ],
)
def test_bad_parameters(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FhirAgentBench(**params)
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "params", [{"source": "official"}, {"fhir_base_url": "http://x/"}, {"questions_file": "q.csv"}]
)
def test_what_is_missing_is_said_with_the_remedy(params: dict[str, Any]) -> None:
    with pytest.raises(TaskError) as caught:
        FhirAgentBench(**params)
    assert "grasp data pull fhir-agentbench" in caught.value.hint


def test_a_server_that_is_gone_is_said(official: Path) -> None:
    task = FhirAgentBench(questions_file=official, fhir_base_url="http://127.0.0.1:9/fhir")
    with pytest.raises(TaskError, match="can't be reached"):
        task.setup()


# -- the resources are FHIR ------------------------------------------------------------------------


def of_each_kind(resources: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    taken: Counter[tuple[str, ...]] = Counter()
    chosen = []
    for resource in resources:
        shape = (resource["resourceType"], *sorted(resource))
        taken[shape] += 1
        if taken[shape] <= most:
            chosen.append(resource)
    return chosen


def check_fhir(resources: Sequence[dict[str, Any]]) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    for resource in resources:
        models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_some_resources_of_every_shape_are_valid(resources: list[dict[str, Any]]) -> None:
    check_fhir(of_each_kind(resources, 3))


@pytest.mark.slow
def test_all_resources_are_valid() -> None:
    check_fhir(synth.resources(synth.charts(7, 40)))


def test_every_reference_leads_to_a_resource(resources: list[dict[str, Any]]) -> None:
    known = {f"{r['resourceType']}/{r['id']}" for r in resources}
    assert len(known) == len(resources)

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    assert {r for resource in resources for r in references(resource)} <= known
