"""The store over real HTTP, and with clients that other people wrote."""

from __future__ import annotations

import http.client
import importlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grasp_medagentbench.fhir import (
    EmbeddedClient,
    FhirConnectionError,
    FhirServer,
    HttpClient,
    Store,
    serve,
)


@pytest.fixture
def server(store: Store) -> Iterator[FhirServer]:
    with serve(store) as running:
        yield running


@pytest.fixture
def client(server: FhirServer) -> Iterator[HttpClient]:
    with HttpClient(server.base_url) as http_client:
        yield http_client


@pytest.mark.parametrize(
    "tail",
    [
        "Patient?identifier=S1&_format=json",
        "Observation?patient=S2&code=GLU",
        "Observation?date=gt2023-11-12T10:15:00+00:00&code=K",
        "Patient?name=A B|{}\"é'\n",
        "Patient/S1",
        "Patient/S1&_format=json",
        "Patient?nobody=1",
        "Toothbrush",
        "metadata",
        "",
    ],
)
def test_both_clients_get_the_same(
    store: Store, server: FhirServer, client: HttpClient, tail: str
) -> None:
    embedded = EmbeddedClient(store, server.base_url)
    ours = embedded.request("GET", embedded.base_url + tail)
    theirs = client.request("GET", client.base_url + tail)
    assert (theirs.status, theirs.reason, theirs.text) == (ours.status, ours.reason, ours.text)
    assert theirs.content_type == ours.content_type
    assert theirs.error_text == ours.error_text
    assert theirs.url == ours.url


def test_what_is_posted_stays(server: FhirServer, client: HttpClient, order: Any) -> None:
    answer = client.request("POST", client.base_url + "ServiceRequest", json.dumps(order))
    assert answer.status == 201
    location = answer.headers["location"]
    assert location.startswith(server.base_url + "ServiceRequest/")
    assert client.request("GET", location).text == answer.text
    found = client.request("GET", client.base_url + "ServiceRequest?patient=S1")
    assert json.loads(found.text)["total"] == 1
    for broken in ("{", "\ud800", b"\xff", ""):
        answer = client.request("POST", client.base_url + "ServiceRequest", broken)
        assert answer.status == 400


def test_the_store_itself_is_not_written_to(store: Store, order: Any) -> None:
    with serve(store) as server, HttpClient(server.base_url) as client:
        assert client.request("POST", client.base_url + "ServiceRequest", json.dumps(order)).ok
    seen = EmbeddedClient(store).request("GET", "http://localhost:8080/fhir/ServiceRequest")
    assert json.loads(seen.text)["total"] == 0


def test_pages_can_be_followed(client: HttpClient) -> None:
    url, ids = client.base_url + "Observation?patient=S2&_count=10", []
    while url:
        bundle = json.loads(client.request("GET", url).text)
        ids += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = {link["relation"]: link["url"] for link in bundle["link"]}.get("next", "")
    assert ids == [*(str(200 + n) for n in range(25)), "300"]


def test_a_connection_serves_many_requests(server: FhirServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.connect()
    wire = connection.sock
    for method, path in [("GET", "/fhir/Patient/S1"), ("HEAD", "/fhir/Patient/S1"),
                         ("GET", "/elsewhere"), ("GET", "/fhir/metadata")]:  # fmt: skip
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read()
        assert connection.sock is wire
        assert bool(text) == (method != "HEAD")
    connection.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: x", 400),
        ("Content-Length: -5", 400),
        ("Content-Length: 99999999999", 413),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_bodies_without_a_usable_length_are_refused(
    server: FhirServer, head: str, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as wire:
        wire.sendall(f"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        answer = b""
        while part := wire.recv(4096):  # The server closes what it can't follow.
            answer += part
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_many_at_once(client: HttpClient) -> None:
    def ask(n: int) -> int:
        url = f"{client.base_url}Observation?patient=S{n % 3 + 1}&_sort=-date&_count=3"
        return client.request("GET", url).status

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(300))) == {200}


def test_foreign_addresses_are_not_asked(client: HttpClient) -> None:
    """An agent's text must not make this process call other hosts."""
    answer = client.request("GET", "http://192.0.2.1/fhir/Patient")
    assert (answer.status, answer.ok) == (0, False)
    assert "192.0.2.1" in answer.error_text
    assert client.request("GET", "Patient?x=1").status == 0
    beside = client.base_url.replace("/fhir/", "/Patient")
    assert client.request("GET", beside).status == 404


def test_a_missing_server_is_told_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}/fhir/"
    with HttpClient(base) as client, pytest.raises(FhirConnectionError) as caught:
        client.request("GET", base + "metadata")
    assert "\n" not in caught.value.message
    assert base in caught.value.message
    assert caught.value.hint


def test_a_silent_server_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/fhir/"
        with HttpClient(base, timeout=0.2) as client, pytest.raises(FhirConnectionError) as caught:
            client.request("GET", base + "metadata")
    assert "in time" in caught.value.message


def test_a_taken_port_is_told(server: FhirServer, store: Store) -> None:
    with pytest.raises(FhirConnectionError, match=str(server.port)):
        serve(store, port=server.port)


def test_fhirpy_works(server: FhirServer, order: dict[str, Any]) -> None:
    fhirpy = pytest.importorskip("fhirpy", reason="fhirpy is not installed")
    client = fhirpy.SyncFHIRClient(server.base_url.rstrip("/"))
    patient = client.resources("Patient").search(identifier="S1").first()
    assert patient["name"][0]["family"] == "Stafford"
    assert client.reference("Patient", "S1").to_resource()["gender"] == "male"
    results = client.resources("Observation").search(patient="S2", code="GLU").sort("-date")
    assert len(results.fetch()) == 20
    assert len(results.fetch_all()) == 25
    assert results.count() == 25
    created = client.resource(order.pop("resourceType"), **order)
    created.save()
    assert created["id"]
    created["status"] = "completed"
    created.save()
    stored = client.resources("ServiceRequest").search(patient="S1").fetch()
    assert [item["status"] for item in stored] == ["completed"]
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome):
        client.resources("Patient").search(nobody="x").fetch()
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.reference("Patient", "S9").to_resource()


def test_fhirclient_works(server: FhirServer) -> None:
    pytest.importorskip("fhirclient", reason="fhirclient is not installed")
    smart_client = importlib.import_module("fhirclient.client")
    Patient = importlib.import_module("fhirclient.models.patient").Patient
    Observation = importlib.import_module("fhirclient.models.observation").Observation
    smart = smart_client.FHIRClient(settings={"app_id": "test", "api_base": server.base_url})
    patient = Patient.read("S1", smart.server)
    assert patient.birthDate.as_json() == "1932-12-29"
    search = Observation.where({"patient": "S1", "code": "K", "_sort": "-date"})
    found = list(search.perform_resources_iter(smart.server))
    assert [item.id for item in found] == ["102", "104", "100", "103", "101"]
    new = Observation(found[0].as_json())
    new.id = None
    assert new.create(smart.server)["id"] == "502"
