"""What one episode writes no other sees, whatever happens at the same time."""

from __future__ import annotations

import gc
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp_medagentbench.fhir import EmbeddedClient, ResourceError, Store

PATIENTS = [{"resourceType": "Patient", "id": f"S{n}", "gender": "male"} for n in range(3)]
BASE = Store.from_resources(PATIENTS)
PRISTINE = EmbeddedClient(BASE).request("GET", "http://localhost:8080/fhir/Patient").text


def found(client: EmbeddedClient, query: str) -> list[str]:
    bundle = json.loads(client.request("GET", client.base_url + query).text)
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


steps = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["create", "update", "search"]),
        st.integers(0, 2),
        st.sampled_from(["male", "female", "other"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_overlays_are_worlds_of_their_own(steps: list[tuple[int, str, int, str]]) -> None:
    clients = [EmbeddedClient(BASE) for _ in range(3)]
    worlds: list[dict[str, str]] = [{p["id"]: p["gender"] for p in PATIENTS} for _ in clients]
    for who, action, which, gender in steps:
        client, world = clients[who], worlds[who]
        body: dict[str, Any] = {"resourceType": "Patient", "gender": gender}
        if action == "create":
            url = client.base_url + "Patient"
            created = json.loads(client.request("POST", url, json.dumps(body)).text)
            assert created["id"] not in world
            world[created["id"]] = gender
        elif action == "update":
            url = f"{client.base_url}Patient/S{which}"
            text = json.dumps({**body, "id": f"S{which}"})
            assert client.request("PUT", url, text).status == 200
            world[f"S{which}"] = gender
        else:
            expected = {id_ for id_, is_ in world.items() if is_ == gender}
            assert set(found(client, f"Patient?gender={gender}&_count=100")) == expected
    for client, world in zip(clients, worlds, strict=True):
        assert set(found(client, "Patient?_count=100")) == set(world)
    assert EmbeddedClient(BASE).request("GET", clients[0].base_url + "Patient").text == PRISTINE


def test_many_threads_write_to_worlds_of_their_own(order: dict[str, Any], store: Store) -> None:
    def episode(n: int) -> list[str]:
        client = EmbeddedClient(store)
        mine = {**order, "note": [{"text": f"episode {n}"}]}
        for _ in range(3):
            url = client.base_url + "ServiceRequest"
            assert client.request("POST", url, json.dumps(mine)).status == 201
        url = client.base_url + "ServiceRequest?patient=S1"
        notes = json.loads(client.request("GET", url).text)["entry"]
        assert found(client, "Observation?code=K&_sort=-date&_count=1") == ["102"]
        return [entry["resource"]["note"][0]["text"] for entry in notes]

    with ThreadPoolExecutor(16) as pool:
        for n, notes in enumerate(pool.map(episode, range(60))):
            assert notes == [f"episode {n}"] * 3
    assert found(EmbeddedClient(store), "ServiceRequest") == []


def test_many_threads_share_one_overlay(order: dict[str, Any], store: Store) -> None:
    client = EmbeddedClient(store.overlay())
    url = client.base_url + "ServiceRequest"
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda _: client.request("POST", url, json.dumps(order)), range(80))
        )
    ids = [json.loads(answer.text)["id"] for answer in answers]
    stamps = {json.loads(answer.text)["meta"]["lastUpdated"] for answer in answers}
    assert len(set(ids)) == len(stamps) == 80
    assert sorted(found(client, "ServiceRequest?_count=100")) == sorted(ids)


def test_clients_of_one_overlay_see_the_same(order: dict[str, Any], store: Store) -> None:
    overlay = store.overlay()
    agent, grader = EmbeddedClient(overlay), EmbeddedClient(overlay)
    agent.request("POST", agent.base_url + "ServiceRequest", json.dumps(order))
    assert found(grader, "ServiceRequest?patient=S1") == ["502"]


def test_what_is_written_is_stamped_by_the_stores_clock(order: dict[str, Any]) -> None:
    now = datetime(2023, 11, 13, 10, 15, tzinfo=timezone.utc)
    store = Store.from_resources([{"resourceType": "Patient", "id": "S1"}], now=now)
    row = store.overlay().create(order)
    assert json.loads(row.body)["meta"]["lastUpdated"] == "2023-11-13T10:15:01.000+00:00"


def test_a_given_resource_is_copied() -> None:
    resource: dict[str, Any] = {"resourceType": "Patient", "id": "S1", "name": [{"family": "A"}]}
    store = Store.from_resources([resource])
    resource["name"][0]["family"] = "B"
    assert (
        '"A"' in EmbeddedClient(store).request("GET", "http://localhost:8080/fhir/Patient/S1").text
    )


def test_an_overlay_gives_its_memory_back(store: Store, order: dict[str, Any]) -> None:
    overlay = store.overlay()
    overlay.create(order)
    del overlay
    gc.collect()  # An open database would warn here, and warnings about it fail the run.


@pytest.mark.parametrize(
    "resources",
    [
        [{"resourceType": "Toothbrush", "id": "1"}],
        [{"id": "1"}],
        [{"resourceType": "Patient"}],
        [{"resourceType": "Patient", "id": "not/an/id"}],
        [{"resourceType": "Patient", "id": "1"}, {"resourceType": "Patient", "id": "1"}],
        [{"resourceType": "Patient", "id": "1", "active": {1, 2}}],
        [{"resourceType": "Observation", "id": "1", "valueDecimal": float("nan")}],
        [{"resourceType": "Patient", "id": "1", "name": [{"family": "\ud800"}]}],
    ],
)
def test_what_is_no_resource_is_refused(resources: Any) -> None:
    with pytest.raises(ResourceError):
        Store.from_resources(resources)


def test_an_empty_store_answers() -> None:
    assert found(EmbeddedClient(Store.from_resources([])), "Patient") == []
