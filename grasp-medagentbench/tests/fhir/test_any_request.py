"""No request breaks the store: whatever is asked or posted is answered."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grasp_medagentbench.fhir import EmbeddedClient, Store
from grasp_medagentbench.fhir.definitions import elements, search_parameters

STORE = Store.from_resources([{"resourceType": "Patient", "id": "S1", "gender": "male"}])
SHAPING = ["_sort", "_count", "_has:Observation:patient:code", "_include", "_revinclude"]
SHAPING += ["_summary", "_elements", "_total", "_offset", "_getpages", "_pretty"]
NAMES = sorted({*search_parameters("Observation"), *search_parameters("Patient"), *SHAPING})
MODIFIERS = ["", ":not", ":exact", ":text", ":Patient", ".name", ":contains", ".subject.name"]
VALUES = ["ge2023-01-01", "2023", "Patient/S1", "a|b", "K,MG", ">=2023", "1.9|http://u|mg", "gt5"]
VALUES += ["*", "Observation:patient", "-date", "9" * 5000, "1e999999999", "\ud800"]
PATHS = ["Observation", "Patient", "Patient/S1", "Observation/_search", "", "metadata"]
STATUSES = {0, 200, 201, 400, 404, 405, 410, 501}

pairs = st.tuples(
    st.sampled_from(NAMES) | st.text(max_size=5),
    st.sampled_from(MODIFIERS),
    st.sampled_from(VALUES) | st.text(max_size=12),
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.sampled_from(PATHS) | st.text(max_size=10),
    st.lists(pairs, max_size=4),
)
def test_any_query(method: str, path: str, query: list[tuple[str, str, str]]) -> None:
    client = EmbeddedClient(STORE)
    tail = "&".join(f"{name}{modifier}={value}" for name, modifier, value in query)
    answer = client.request(method, f"{client.base_url}{path}?{tail}", "{}")
    assert answer.status in STATUSES
    if answer.content_type.startswith("application/fhir+json"):
        json.loads(answer.text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("\ud800")
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["coding", "text", "extension", "url", "code", "reference", "_text"])
        | st.text(max_size=4),
        inner,
        max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip
KEYS = [*sorted(elements("Observation") or {}), "_status", "_valueString"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), values, max_size=4),
    st.sampled_from(["strict", "lenient"]),
)
def test_any_body(changes: dict[str, Any], parsing: Any) -> None:
    """What is accepted can be read back, found and posted again unchanged."""
    client = EmbeddedClient(STORE, parsing=parsing)
    url = client.base_url + "Observation"
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **changes}
    answer = client.request("POST", url, json.dumps(body))
    assert answer.status in (201, 400)
    if answer.status == 201:
        created = json.loads(answer.text)
        assert json.loads(client.request("GET", url).text)["entry"][0]["resource"] == created
        again = json.loads(client.request("POST", url, answer.text).text)
        for copy in (created, again):
            del copy["id"], copy["meta"]
        assert again == created
