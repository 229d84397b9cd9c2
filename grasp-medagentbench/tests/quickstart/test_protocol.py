from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from grasp_medagentbench.quickstart.protocol import (
    MAX_ERROR,
    MAX_OBSERVATION,
    SYSTEM,
    Action,
    observation,
    parse_action,
    question,
    read_answer,
    system_message,
)


@dataclass
class Skill:
    name: str = "bare-number"
    description: str = "How to answer."
    body: str = "## Rules\n\n- One.\n"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("GET Observation?patient=S1", Action("get", "Observation?patient=S1")),
        ("  GET   Observation?patient=S1  ", Action("get", "Observation?patient=S1")),
        ("GET Observation?patient=S1\nFINISH([1])", Action("get", "Observation?patient=S1")),
        ("FINISH([2.4])", Action("finish", "[2.4]")),
        ("FINISH([ -1 ]) ", Action("finish", "[ -1 ]")),
        ("FINISH(2.4)\nThe value is 2.4", Action("finish", "2.4")),
        ("FINISH()", Action("finish", "")),
        ("FINISH([2.4", Action("finish", "[2.4")),
        ("FINISH([2.4]) done", Action("finish", "[2.4]) done")),
        ("GET", Action("invalid")),
        ("GETObservation", Action("invalid")),
        ("get Observation", Action("invalid")),
        ("POST Observation", Action("invalid")),
        ("The value is 2.4", Action("invalid")),
        ("", Action("invalid")),
        ("\n \n", Action("invalid")),
    ],
)
def test_a_turn_is_its_first_line(text: str, action: Action) -> None:
    assert parse_action(text) == action


def test_the_question_states_the_window_but_not_the_convention() -> None:
    text = question("S12345")
    assert "S12345" in text
    assert "2023-11-13T10:15Z" in text
    assert "2023-11-12T10:15Z" in text
    assert "-1" not in text.replace("2023-11-1", "")


def test_skills_follow_the_instructions() -> None:
    assert system_message([]) == SYSTEM
    text = system_message([Skill(), Skill(name="other")])
    assert text.startswith(SYSTEM)
    assert text.index("# bare-number") < text.index("# other")
    assert text.count("- One.") == 2


def bundle(*resources: dict[str, Any], **more: Any) -> str:
    entries = [{"resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "entry": entries, **more})


def magnesium(value: Any, time: str = "2023-11-13T08:15:00+00:00") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "7",
        "effectiveDateTime": time,
        "valueQuantity": {"value": value, "unit": "mg/dL"},
    }


def test_results_are_told_one_per_line_in_the_servers_order() -> None:
    text = observation(200, bundle(magnesium(2.4), magnesium(2.0, "2023-11-13T01:02:03+00:00")))
    assert text == "- 2023-11-13 08:15: 2.4 mg/dL\n- 2023-11-13 01:02: 2.0 mg/dL"


def test_an_empty_search_says_so() -> None:
    assert observation(200, json.dumps({"resourceType": "Bundle", "total": 0})) == "No results."


def test_a_count_is_told() -> None:
    assert observation(200, json.dumps({"resourceType": "Bundle", "total": 3})) == "3 results."


def test_further_pages_are_mentioned() -> None:
    text = observation(200, bundle(magnesium(2.4), link=[{"relation": "next", "url": "x"}]))
    assert text.endswith("more results on the next page")


def test_a_resource_without_a_value_is_named() -> None:
    assert observation(200, json.dumps({"resourceType": "Patient", "id": "S1"})) == "- Patient/S1"
    assert observation(200, bundle({"resourceType": "Observation", "id": "7"})) == "- Observation/7"


def test_an_error_tells_its_diagnostics_in_one_short_line() -> None:
    outcome = {"issue": [{"diagnostics": "HAPI-0524: Unknown\nsearch parameter " + "x" * 500}]}
    text = observation(400, json.dumps(outcome))
    assert text.startswith("Error 400: HAPI-0524: Unknown search parameter")
    assert len(text) == MAX_ERROR


@pytest.mark.parametrize(("status", "text"), [(404, "<!doctype html>"), (0, "no host"), (500, "")])
def test_an_answer_that_is_not_fhir_is_an_error(status: int, text: str) -> None:
    assert observation(status, text).startswith(f"Error {status}: ")


def test_a_long_result_is_cut() -> None:
    text = observation(200, bundle(*[magnesium(2.4)] * 200))
    assert len(text) == MAX_OBSERVATION


@pytest.mark.parametrize("text", ["", "None", "[2.4", "[No results]", "[" * 100_000])
def test_an_answer_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_answer(text)
