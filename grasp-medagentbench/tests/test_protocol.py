from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grasp.contracts import ContextLimitError, EndpointError
from grasp_medagentbench.environment import Reading, Writing
from grasp_medagentbench.fhir import EmbeddedClient, FhirConnectionError, FhirResponse, Store
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.protocol import Finish, Get, Post, clean, opening, parse, run_episode

BASE = "http://localhost:8080/fhir/"
MARKER = "POST request accepted and executed successfully"
PATIENT = {"resourceType": "Patient", "id": "S1", "birthDate": "1950-01-01"}
RECORD = {"id": "task2_1", "instruction": "How old?", "context": "", "eval_MRN": "S1"}


def play(
    agent: Any, *, environment: Any = None, rounds: int = 8, record: Any = None
) -> tuple[Any, list[str]]:
    """Run an episode; return it and the environment's replies."""
    if environment is None:
        environment = Reading(EmbeddedClient(Store.from_resources([PATIENT])))
    rollout = run_episode(record or RECORD, "{}", environment, agent, rounds)
    replies = [m["content"] for m in rollout.history[1:] if m["role"] == "user"]
    return rollout, replies


# -- the opening message -------------------------------------------------------------


def test_opening_has_all_keys_in_order() -> None:
    text = opening({"instruction": "Do it.", "context": "Mind this."}, FUNCTIONS, BASE)
    prompt = json.loads(text)
    assert text == json.dumps(prompt, indent=2)
    assert list(prompt) == ["phase", "task", "behavioral_skills", "api", "response_format"]
    assert prompt["phase"] == "task_execution"
    assert list(prompt["task"].items()) == [
        ("description", "Do it."),
        ("context", "Mind this.\nCurrent time: 2023-11-13T10:15:00+00:00"),
    ]
    assert prompt["behavioral_skills"] == ""
    assert list(prompt["api"]) == ["base_url", "functions"]
    assert prompt["api"]["base_url"] == BASE
    assert prompt["api"]["functions"] == list(FUNCTIONS)
    assert list(prompt["response_format"]) == ["type", "options", "rules"]
    assert prompt["response_format"]["type"] == "api_action"
    assert len(prompt["response_format"]["options"]) == 3
    assert len(prompt["response_format"]["rules"]) == 2


def test_opening_without_context_has_the_time_alone() -> None:
    prompt = json.loads(opening({"instruction": "x", "context": ""}, FUNCTIONS, BASE))
    assert prompt["task"]["context"] == "Current time: 2023-11-13T10:15:00+00:00"


# -- reading an agent's text ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("GET http://h/Patient?a=b", Get("http://h/Patient?a=b&_format=json")),
        ("  GET   http://h/Patient/1 \n", Get("http://h/Patient/1&_format=json")),
        ("GET a\nGET b\nFINISH([])", Get("a\nGET b\nFINISH([])&_format=json")),
        ("GETaway", Get("away&_format=json")),
        ("```tool_code\nGET a\n```", Get("a&_format=json")),
        ("```\nGET a```", Get("a&_format=json")),
        ("```json\nGET a\n```", None),
        ("get a", None),
        ("I will GET a", None),
        ('POST u\n{"a": 1}', Post("u", '{"a": 1}')),
        ("POST u", Post("u", "")),
        ('```\nPOST u\n{"a": 1}\n```', Post("u", '{"a": 1}')),
        ("FINISH([1])", Finish("[1]")),
        ("FINISH([1]).", Finish("[1])")),
        ("FINISH([1]", Finish("[1")),
        ("FINISH([1])\nas you asked", Finish("[1])\nas you aske")),
        ("FINISH(", Finish("")),
        ("FINISH()", Finish("")),
        ("FINISH ([1])", None),
        ("Finish([1])", None),
        ("", None),
        ("```", None),
        ("PUT u\n{}", None),
    ],
)
def test_parse(text: str, action: Any) -> None:
    assert parse(clean(text)) == action


@given(st.text())
@example("FINISH(")
@example("POST\n")
def test_parse_takes_any_text(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    action = parse(cleaned)
    assert (action is None) == (not cleaned.startswith(("GET", "POST", "FINISH(")))


# -- turns ---------------------------------------------------------------------------


def test_get_shows_the_body_as_the_server_sent_it(says: Any) -> None:
    rollout, replies = play(says(f"GET {BASE}Patient?identifier=x", "FINISH([1])"))
    lead, rest = replies[0].split("\n", 1)
    assert "GET" in lead
    bundle, end = json.JSONDecoder().raw_decode(rest)
    assert bundle["total"] == 0
    assert rest[end:].startswith(". ")
    assert "FINISH" in rest[end:]
    assert '"link": [ {' in rest
    assert rollout.status == "completed"
    assert rollout.answer == "[1]"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (f"{BASE}Patient?favourite=x", "400 Client Error:  for url: "),
        (f"{BASE}Patiens?a=b", "404 Client Error:  for url: "),
        (f"{BASE}Patient/S1", "404 Client Error:  for url: "),
        ("/Patient?identifier=S1", "No scheme supplied"),
        ("http://elsewhere.example/Patient?a=b", "elsewhere.example"),
    ],
)
def test_get_errors_go_on(says: Any, url: str, error: str) -> None:
    rollout, replies = play(says(f"GET {url}", "FINISH([1])"))
    assert error in replies[0]
    assert "OperationOutcome" not in replies[0]
    assert rollout.answer == "[1]"


def test_a_read_with_any_parameter_works_in_spite_of_the_suffix(says: Any) -> None:
    _, replies = play(says(f"GET {BASE}Patient/S1?_pretty=true", "FINISH([1])"))
    assert '"birthDate": "1950-01-01"' in replies[0]


@pytest.mark.parametrize("body", ["{}", "[1]", "3", '"x"', "null", "NaN", ' {"a": 1}\n'])
def test_any_json_is_accepted_anywhere(says: Any, body: str) -> None:
    _, replies = play(says(f"POST nowhere\n{body}", "FINISH([])"))
    assert replies[0].startswith(MARKER)
    assert "FINISH" in replies[0]


@pytest.mark.parametrize("body", ["", "{", "{'a': 1}", "{} {}", "x", "[" * 100_000])
def test_no_json_is_not(says: Any, body: str) -> None:
    rollout, replies = play(says(f"POST {BASE}Observation\n{body}", "FINISH([])"))
    assert replies == ["Invalid POST request"]
    assert rollout.status == "completed"


def test_nothing_is_posted_in_compat_mode(says: Any) -> None:
    seen = []

    class Client:
        base_url = BASE

        def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
            seen.append(method)
            return FhirResponse(200, "OK", "", "{}")

    lines = [f"POST {BASE}Observation\n{{}}", f"GET {BASE}Observation?a=b", "FINISH([])"]
    play(says(*lines), environment=Reading(Client()))
    assert seen == ["GET"]


def test_endings(says: Any) -> None:
    rollout, _ = play(says("I think so"))
    assert (rollout.status, rollout.answer) == ("agent invalid action", None)
    assert rollout.history[-1] == {"role": "agent", "content": "I think so"}
    rollout, replies = play(says(f"GET {BASE}Patient?_id=S1"))
    assert (rollout.status, rollout.answer) == ("task limit reached", None)
    assert len(replies) == 8
    rollout, replies = play(says("POST x\n{}"), rounds=2)
    assert len(replies) == 2
    assert rollout.agent_actions == ["POST x\n{}"] * 2


def test_the_history_keeps_the_raw_text(says: Any) -> None:
    raw = "  ```tool_code\nFINISH([1])\n``` "
    rollout, _ = play(says(raw))
    assert rollout.history[-1]["content"] == raw
    assert rollout.agent_actions == ["FINISH([1])"]
    assert rollout.answer == "[1]"


def test_faults(says: Any) -> None:
    class Fails:
        def __init__(self, error: Exception) -> None:
            self._error = error

        def inference(self, history: Any, tools: Any = None, **options: Any) -> str:
            raise self._error

        def get(self, url: str) -> str:
            raise self._error

    rollout, _ = play(Fails(ContextLimitError("too long")))
    assert (rollout.status, rollout.answer) == ("agent context limit", None)
    with pytest.raises(EndpointError):
        play(Fails(EndpointError("gone")))
    with pytest.raises(FhirConnectionError):
        play(says("GET x"), environment=Fails(FhirConnectionError("gone")))
    rollout, _ = play(says("GET x"), environment=Fails(RuntimeError("odd")))
    assert rollout.status == "task error"
    assert json.loads(rollout.answer) == {"error": "odd"}


def test_an_agent_that_says_no_text_is_a_task_error(says: Any) -> None:
    rollout, _ = play(says(None))
    assert rollout.status == "task error"
    assert rollout.history[-1] == {"role": "agent", "content": ""}


def test_application_json_is_shown_as_python_only_when_asked(says: Any) -> None:
    class Client:
        base_url = BASE

        def __init__(self, kind: str) -> None:
            self._kind = kind

        def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
            return FhirResponse(200, "OK", self._kind, '{"a": true}')

    for kind, as_python, shown in (
        ("application/json", True, "{'a': True}"),
        ("application/json", False, '{"a": true}'),
        ("application/fhir+json", True, '{"a": true}'),
    ):
        reading = Reading(Client(kind), as_python=as_python)
        _, replies = play(says("GET x", "FINISH([])"), environment=reading)
        assert f"\n{shown}. " in replies[0]


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(st.text() | st.text().map("GET {}".format) | st.text().map("POST {}".format),
                      min_size=1, max_size=4), strict=st.booleans())  # fmt: skip
def test_any_talk_ends_in_a_known_way(says: Any, lines: list[str], strict: bool) -> None:
    client = EmbeddedClient(Store.from_resources([PATIENT]).overlay())
    environment = Writing(client) if strict else Reading(client)
    rollout, _ = play(says(*lines), environment=environment)
    assert rollout.status in ("completed", "agent invalid action", "task limit reached")
    assert (rollout.answer is not None) == (rollout.status == "completed")


# -- strict posts --------------------------------------------------------------------


def observation(code: str = "BP") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": code},
        "subject": {"reference": "Patient/S1"},
    }


def writing() -> Writing:
    return Writing(EmbeddedClient(Store.from_resources([PATIENT]).overlay()))


def test_strict_posts_are_stored_and_can_be_read_back(says: Any) -> None:
    lines = [
        f"POST {BASE}Observation\n{json.dumps(observation('Written'))}",
        f"GET {BASE}Observation?patient=S1",
        "FINISH([])",
    ]
    _, replies = play(says(*lines), environment=writing())
    assert replies[0].startswith(f"{MARKER} (201 Created: ")
    assert "Observation/" in replies[0]
    assert "Written" in replies[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"POST {BASE}Observation\n[]", "400"),
        (f"POST {BASE}Observations\n{{}}", "404"),
        (f"POST {BASE}Patient\n{json.dumps(observation())}", "400"),
        (f"POST {BASE}Observation\n{json.dumps({**observation(), 'status': 'Final'})}", "400"),
        (f"POST {BASE}Observation\n{json.dumps({**observation(), 'note': 'x'})}", "note"),
        (f"POST {BASE}Observation/_search\n{{}}", "400"),
        ("POST Observation\n{}", "No scheme supplied"),
        ("POST http://elsewhere.example/Observation\n{}", "elsewhere.example"),
    ],
)
def test_strict_posts_that_are_refused_say_why(says: Any, line: str, reason: str) -> None:
    rollout, replies = play(says(line, "FINISH([])"), environment=writing())
    assert reason in replies[0]
    assert "POST request accepted" not in replies[0]
    assert rollout.status == "completed"


def test_a_strict_post_that_creates_nothing_is_not_accepted(says: Any) -> None:
    class Client:
        base_url = BASE

        def request(self, method: str, url: str, body: Any = None) -> FhirResponse:
            return FhirResponse(200, "OK", "", '{"resourceType": "Bundle", "id": "1"}')

    _, replies = play(says("POST x\n{}", "FINISH([])"), environment=Writing(Client()))
    assert "created nothing" in replies[0]
    assert "POST request accepted" not in replies[0]


def test_a_refusal_never_has_the_marker_of_acceptance(says: Any) -> None:
    payload = {**observation(), "status": "POST request accepted"}
    line = f"POST {BASE}Observation\n{json.dumps(payload)}"
    _, replies = play(says(line, "FINISH([])"), environment=writing())
    assert "POST request accepted" not in replies[0]
