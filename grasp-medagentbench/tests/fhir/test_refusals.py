"""What HAPI refuses, and the words it uses (spec fhir-store, 5.3)."""

# ruff: noqa: E501 - tables read better unbroken

from __future__ import annotations

from typing import Any

import pytest


def test_unknown_parameters_are_refused_with_the_list_of_known_ones(ask: Any) -> None:
    status, text = ask.refused("Patient?legal-sex=female&_format=json")
    assert status == 400
    assert text == (
        'HAPI-0524: Unknown search parameter "legal-sex" for resource type "Patient". Valid '
        "search parameters for this search are: [_content, _id, _lastUpdated, _profile, "
        "_security, _source, _tag, _text, active, address, address-city, address-country, "
        "address-postalcode, address-state, address-use, birthdate, death-date, deceased, "
        "email, family, gender, general-practitioner, given, identifier, language, link, name, "
        "organization, phone, phonetic, telecom]"
    )


def test_unknown_types_are_not_found(ask: Any) -> None:
    status, text = ask.refused("Toothbrush?x=y")
    assert status == 404
    assert text.startswith(
        "HAPI-0302: Unknown resource type 'Toothbrush' - Server knows how to handle: [Account, "
        "ActivityDefinition, AdverseEvent, "
    )


@pytest.mark.parametrize(
    ("tail", "status", "text"),
    [
        ("Patient/S9?x=y", 404, "HAPI-2001: Resource Patient/S9 is not known"),
        # The environment's suffix without a question mark (clinical-mab 7.2).
        ("Patient/S1&_format=json", 404, "HAPI-2001: Resource Patient/S1&_format=json is not known"),
        ("Observation?date=2023-11-12,2023-11-13", 400, "HAPI-1930: DateRange parameter does not support OR queries"),
        ("Observation?date=2023-11-12T10:15:00%2B00:00,2023-11-13T10:15:00+00:00", 400, "HAPI-1930: DateRange parameter does not support OR queries"),
        ("Observation?date=2023-11-01%2F2023-11-13", 400, 'HAPI-1882: Invalid date/time format: "2023-11-01/2023-11-13"'),
        ("Observation?date=13-11-2023", 400, 'HAPI-1882: Invalid date/time format: "13-11-2023"'),
        ("Observation?date=2023-02-30", 400, 'HAPI-1882: Invalid date/time format: "2023-02-30"'),
        ("Observation?date=yesterday", 400, 'HAPI-1940: Invalid date/time format: "yesterday"'),
        ("Observation?date=xx2023", 400, 'HAPI-1941: Invalid prefix: "xx"'),
        ("Observation?date=ge2023-11-01&date=gt2023-11-02", 400, "HAPI-1923: Can not have multiple date range parameters for the same param that specify a lower bound"),
        ("Observation?date=le2023-11-01&date=lt2023-11-02", 400, "HAPI-1924: Can not have multiple date range parameters for the same param that specify an upper bound"),
        ("Observation?date=2023-11-01&date=2023-11-02", 400, "HAPI-1922: Can not have multiple date range parameters for the same param without a qualifier"),
        ("Patient?birthdate=12/29/1932", 400, 'HAPI-1882: Invalid date/time format: "12/29/1932"'),
        ("Observation?_lastUpdated=soon", 400, 'HAPI-1940: Invalid date/time format: "soon"'),
        ("Observation?_text=heparin", 400, "HAPI-1192: Fulltext search is not enabled on this service, can not process parameter: _text"),
        ("Patient?gender:missing=true", 405, "HAPI-0985: :missing modifier is disabled on this server"),
        ("", 400, "HAPI-0287: This is the base URL of FHIR server. Unable to handle this request, as it does not contain a resource type or operation name."),
        ("Patient/S1/$nothing", 400, "HAPI-0287: Invalid request: The FHIR endpoint on this server does not know how to handle GET operation[Patient/S1/$nothing] with parameters [[]]"),
        ("Patient/S1/_history/7", 404, 'HAPI-0979: Version "7" is not valid for resource Patient/S1'),
    ],
)  # fmt: skip
def test_words_of_refusal(ask: Any, tail: str, status: int, text: str) -> None:
    assert ask.refused(tail) == (status, text)


@pytest.mark.parametrize(
    ("tail", "status", "part"),
    [
        ("Observation?_sort=-when", 400, 'Unknown _sort parameter value "when" for resource type "Observation"'),
        ("Observation?_count=many", 400, "_count"),
        ("Observation?_count=-1", 400, "_count"),
        ("Observation?_summary=short", 400, "_summary"),
        ("Observation?_include=patient", 400, "_include"),
        ("Observation?_include=Observation:nobody", 400, "_include"),
        ("Observation?code:sounds=K", 400, "sounds"),
        ("Observation?code.text=K", 400, "chains are not supported"),
        ("Observation?patient.shoe=K", 400, 'Unknown search parameter "shoe"'),
        ("Observation?value-quantity=gthigh", 400, "gthigh"),
        ("Observation?code-value-quantity=K$lt3", 501, "composite"),
        ("Patient?_has:Observation:nobody:code=K", 400, "nobody"),
        ("Patient?_has:x=K", 400, "_has"),
    ],
)  # fmt: skip
def test_refusals(ask: Any, tail: str, status: int, part: str) -> None:
    found, text = ask.refused(tail)
    assert found == status
    assert part in text


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "BREW"])
def test_methods_that_are_not_served(ask: Any, method: str) -> None:
    status, text = ask.refused("Patient/S1", method)
    assert status == 400
    assert f"{method} operation[Patient/S1]" in text


def test_the_error_that_an_agent_sees(ask: Any) -> None:
    """The original shows only what ``requests`` raises (clinical-mab 1.2)."""
    answer = ask("Patient?name=A B&ssn=1&_format=json")
    assert not answer.ok
    assert answer.error_text == (
        "400 Client Error:  for url: "
        "http://localhost:8080/fhir/Patient?name=A%20B&ssn=1&_format=json"
    )
    assert ask("Patient/S1").error_text == ""
