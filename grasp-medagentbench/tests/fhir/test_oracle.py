"""Searches compared with a plain reading of the same resources, made up at random."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grasp_medagentbench.fhir import EmbeddedClient, Store

START = datetime(2023, 11, 1, tzinfo=timezone.utc)
PATIENTS = ["S1", "S2", "S3"]
CODES = ["K", "MG", "GLU"]
TESTS: dict[str, Callable[[datetime, datetime, datetime], bool]] = {
    "": lambda a, low, high: low <= a <= high,
    "ne": lambda a, low, high: not low <= a <= high,
    "gt": lambda a, low, high: a > high,
    "ge": lambda a, low, high: a >= low,
    "lt": lambda a, low, high: a < low,
    "le": lambda a, low, high: a <= high,
}

#: Offsets in minutes from the start, on and around whole days.
minutes = st.one_of(st.integers(0, 5 * 24 * 60), st.sampled_from([0, 1439, 1440, 1441, 2879, 2880]))
readings = st.lists(
    st.tuples(st.sampled_from(PATIENTS), st.sampled_from(CODES), minutes), max_size=40
)


def text_of(moment: datetime, precision: str) -> tuple[str, datetime, datetime]:
    """A date as written, with its first and last moment."""
    if precision == "day":
        day = moment.replace(hour=0, minute=0)
        return f"{day:%Y-%m-%d}", day, day + timedelta(days=1, milliseconds=-1)
    if precision == "minute":
        return f"{moment:%Y-%m-%dT%H:%M}", moment, moment + timedelta(seconds=59.999)
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z", moment, moment + timedelta(milliseconds=999)


@settings(max_examples=60, deadline=None)
@given(
    readings=readings,
    patient=st.sampled_from(PATIENTS),
    codes=st.lists(st.sampled_from(CODES), max_size=2),
    prefix=st.sampled_from(sorted(TESTS)),
    at=minutes,
    precision=st.sampled_from(["day", "minute", "second"]),
    order=st.sampled_from(["", "date", "-date"]),
    count=st.integers(1, 50),
)
def test_search_agrees_with_reading_everything(
    readings: list[tuple[str, str, int]],
    patient: str,
    codes: list[str],
    prefix: str,
    at: int,
    precision: str,
    order: str,
    count: int,
) -> None:
    resources: list[dict[str, Any]] = [{"resourceType": "Patient", "id": p} for p in PATIENTS]
    when: dict[str, datetime] = {}
    for n, (subject, code, offset) in enumerate(readings):
        when[f"o{n}"] = START + timedelta(minutes=offset)
        resources.append(
            {
                "resourceType": "Observation",
                "id": f"o{n}",
                "status": "final",
                "code": {"coding": [{"code": code}]},
                "subject": {"reference": f"Patient/{subject}"},
                "effectiveDateTime": when[f"o{n}"].isoformat(),
            }
        )
    text, low, high = text_of(START + timedelta(minutes=at), precision)
    expected = [
        f"o{n}"
        for n, (subject, code, _) in enumerate(readings)
        if subject == patient
        and (not codes or code in codes)
        and TESTS[prefix](when[f"o{n}"], low, high)
    ]
    if order:
        expected.sort(key=lambda id_: when[id_], reverse=order == "-date")

    client = EmbeddedClient(Store.from_resources(resources))
    query = f"patient={patient}&code={','.join(codes)}&date={prefix}{text}&_count={count}"
    url = f"{client.base_url}Observation?{query}" + (f"&_sort={order}" if order else "")
    found: list[str] = []
    while url:
        bundle = json.loads(client.request("GET", url).text)
        page = [entry["resource"]["id"] for entry in bundle.get("entry", [])]
        assert len(page) <= count
        found += page
        url = {link["relation"]: link["url"] for link in bundle["link"]}.get("next", "")
    assert found == expected
