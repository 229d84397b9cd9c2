"""Dates, queries and addresses: any text in, the right value or a plain refusal out."""

# ruff: noqa: E501 - tables read better unbroken

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grasp_medagentbench.fhir.dates import instant_text, milliseconds_of, parse_date
from grasp_medagentbench.fhir.pretty import compact, loads, pretty
from grasp_medagentbench.fhir.query import any_of, canonical_query, parse_query, unescape
from grasp_medagentbench.fhir.urls import locate

BASE = "http://localhost:8080/fhir/"
UTC = timezone.utc
anything = st.text(st.one_of(st.sampled_from("/?#%&=+|. \n\t:@[]{}\"'41zZ~é\\;,"), st.characters()))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(moments, st.integers(-12 * 60, 14 * 60))
def test_an_offset_moves_a_moment(moment: datetime, minutes: int) -> None:
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    found = parse_date(local.isoformat())
    assert found.low == milliseconds_of(moment)
    assert found.high == found.low + 999
    assert found.low_day == found.high_day == int(f"{local:%Y%m%d}")
    assert parse_date(local.isoformat().replace("+", " ")) == found


@given(moments)
def test_shorter_dates_hold_longer_ones(moment: datetime) -> None:
    texts = [f"{moment:%Y}", f"{moment:%Y-%m}", f"{moment:%Y-%m-%d}", f"{moment:%Y-%m-%dT%H:%M}"]
    texts.append(f"{moment:%Y-%m-%dT%H:%M:%S}Z")
    found = [parse_date(text) for text in texts]
    assert [f.precision for f in found] == ["year", "month", "day", "minute", "second"]
    for outer, inner in pairwise(found):
        assert outer.low <= inner.low <= inner.high <= outer.high
        assert outer.low_day <= inner.low_day <= inner.high_day <= outer.high_day


@given(st.dates(datetime(1, 1, 1).date(), datetime(9999, 12, 30).date()))
def test_days_follow_one_another(day: Any) -> None:
    following = day + timedelta(days=1)
    today, tomorrow = parse_date(day.isoformat()), parse_date(following.isoformat())
    assert today.high + 1 == tomorrow.low
    assert today.high - today.low == 86_400_000 - 1


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024-02", "2024-02-01T00:00:00.000+00:00", "2024-02-29T23:59:59.999+00:00"),
        ("2023", "2023-01-01T00:00:00.000+00:00", "2023-12-31T23:59:59.999+00:00"),
        ("9999", "9999-01-01T00:00:00.000+00:00", "9999-12-31T23:59:59.999+00:00"),
        ("9999-12-31", "9999-12-31T00:00:00.000+00:00", "9999-12-31T23:59:59.999+00:00"),
        ("2023-01-01T00:00:00.5Z", "2023-01-01T00:00:00.500+00:00", "2023-01-01T00:00:00.500+00:00"),
        ("2023-01-01T00:00:00.0129Z", "2023-01-01T00:00:00.012+00:00", "2023-01-01T00:00:00.012+00:00"),
    ],
)  # fmt: skip
def test_intervals(text: str, low: str, high: str) -> None:
    found = parse_date(text)
    assert (instant_text(found.low), instant_text(found.high)) == (low, high)


@pytest.mark.parametrize(
    "text",
    ["", "23", "2023-1-1", "2023-13", "2023-02-29", "2023-11-13T25:00:00Z", "2023-11-13T10",
     "2023-11-13T10:15:00+25:00", "2023-11-13Z", "2023-11-13T10:15:00+0000", "2023-11-13 10:15:00",
     "0000-01-01", "２０２３", "2023-11-13\n"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid date/time format"):
        parse_date(text)


@given(anything)
def test_any_text_is_a_date_or_none(text: str) -> None:
    try:
        found = parse_date(text)
    except ValueError:
        return
    assert found.low <= found.high


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
                          st.text(st.characters(exclude_categories=["Cs"])))))  # fmt: skip
def test_escaped_pairs_come_back(pairs: list[tuple[str, str]]) -> None:
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    assert parse_query(text) == tuple(pairs)
    ordered = tuple(sorted(pairs, key=lambda pair: pair[0]))
    assert parse_query(canonical_query(pairs)) == ordered


def test_queries_as_agents_write_them() -> None:
    assert parse_query("a=1&b&&=x&date=gt2023-11-13T10:15:00+00:00&c=%zz&d=a=b&n=Zo%C3%AB") == (
        ("a", "1"), ("b", ""), ("date", "gt2023-11-13T10:15:00 00:00"), ("c", "%zz"), ("d", "a=b"),
        ("n", "Zoë"),
    )  # fmt: skip


@given(st.lists(st.text(alphabet="ab,|$\\ x", min_size=1)))
def test_alternatives_come_back(values: list[str]) -> None:
    kept = [value for value in values if value.strip()]
    escaped = [
        value.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
        for value in kept
    ]
    assert [unescape(part) for part in any_of(",".join(escaped))] == kept


@settings(max_examples=300)
@given(anything)
@example("?")
@example("%zz%41")
@example("a/../..")
def test_addresses_are_sent_as_requests_sends_them(tail: str) -> None:
    """The original asks through that library: what it would send is what agents see."""
    requests = pytest.importorskip("requests", reason="requests is not installed")
    try:
        sent = requests.Request("GET", BASE + tail).prepare().url
    except UnicodeError:  # Half a character: requests breaks, we must not.
        locate(BASE + tail, BASE)
        return
    assert locate(BASE + tail, BASE).url == sent


@settings(max_examples=300)
@given(anything, st.sampled_from(["", "http:", "http://", "https://localhost", "http://[", BASE]))
def test_any_address_is_placed(text: str, start: str) -> None:
    address = locate(start + text, BASE)
    assert not (address.inside and address.problem)
    if address.inside:
        assert address.path == "" or address.path.startswith("/")


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (BASE + "Patient?x=1", "/Patient", "x=1"),
        ("http://localhost:8080/fhir?_getpages=1", "", "_getpages=1"),
        ("HTTP://LOCALHOST:8080/fhir/Patient", "/Patient", ""),
        ("http://127.0.0.1:8080/fhir/Patient", "/Patient", ""),
        ("http://localhost:8080/x/../fhir/Patient", "/Patient", ""),
        ("  " + BASE + "Patient\nGET Patient", "/Patient%0AGET%20Patient", ""),
        (BASE + "Patient?x=1#top", "/Patient", "x=1"),
    ],
)
def test_inside(url: str, path: str, query: str) -> None:
    address = locate(url, BASE)
    assert (address.inside, address.path, address.query) == (True, path, query)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("Patient?x=1", "Invalid URL 'Patient?x=1': No scheme supplied. Perhaps you meant https://Patient?x=1?"),
        ("{api_base}/Patient", "Invalid URL '{api_base}/Patient': No scheme supplied. Perhaps you meant https://{api_base}/Patient?"),
        ("localhost:8080/fhir/Patient", "No connection adapters were found for 'localhost:8080/fhir/Patient'"),
        ("ftp://localhost:8080/fhir/Patient", "No connection adapters were found for 'ftp://localhost:8080/fhir/Patient'"),
        ("http://", "Invalid URL 'http://': No host supplied"),
        ("http://localhost:99999/fhir/", "Failed to parse: http://localhost:99999/fhir/"),
        ("http://example.org/fhir/Patient", "Failed to establish a connection to http://example.org:80: nothing answers there"),
        ("https://localhost:8080/fhir/Patient", "Failed to establish a connection to https://localhost:8080: nothing answers there"),
        ("http://localhost/fhir/Patient", "Failed to establish a connection to http://localhost:80: nothing answers there"),
        ("", "Invalid URL '': No scheme supplied. Perhaps you meant https://?"),
    ],
)  # fmt: skip
def test_nowhere(ask: Any, url: str, problem: str) -> None:
    address = locate(url, BASE)
    assert (address.inside, address.problem) == (False, problem)
    answer = ask.client.request("GET", url)
    assert (answer.status, answer.ok, answer.error_text) == (0, False, problem)


def test_beside_the_base(ask: Any) -> None:
    answer = ask.client.request("GET", "http://localhost:8080/Patient?x=1")
    assert answer.status == 404
    assert answer.error_text == ("404 Client Error:  for url: http://localhost:8080/Patient?x=1")
    assert ask.client.request("GET", "http://localhost:8080/fhirx/Patient").status == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_printing_keeps_the_value(value: Any) -> None:
    assert json.loads(pretty(value)) == value
    assert json.loads(compact(value)) == value
    assert pretty(loads(compact(value))) == pretty(value) or "e" in compact(value)


def test_printing_as_hapi_does() -> None:
    value = {"a": [{"b": 1}, {"c": []}], "d": ["x", 2], "e": {}, "f": loads("1.90"), "g": None}
    assert pretty(value) == (
        '{\n  "a": [ {\n    "b": 1\n  }, {\n    "c": [ ]\n  } ],\n  "d": [ "x", 2 ],\n'
        '  "e": { },\n  "f": 1.90,\n  "g": null\n}'
    )
    assert compact(value) == ('{"a":[{"b":1},{"c":[]}],"d":["x",2],"e":{},"f":1.90,"g":null}')
