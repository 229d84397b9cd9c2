"""Policies instead of models, and users' own agents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp.agents.adapt import adapt
from grasp.agents.loader import load_backend
from grasp.agents.scripted import ScriptedBackend, smallest
from grasp.contracts import (
    Backend,
    Completion,
    ConfigError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    Usage,
)

RULES = [{"match": "never", "answer": "no"}, {"answer": "yes"}]


def shout(call: ModelCall) -> str:
    return str(call.messages[-1]["content"]).upper()


def answer(policy: Any, *texts: str, **options: Any) -> str:
    messages = tuple({"role": "system" if not i else "user", "content": t}
                     for i, t in enumerate(texts))  # fmt: skip
    return ScriptedBackend(policy).complete(ModelCall(messages, **options)).text


# -- scripted ----------------------------------------------------------------------------


def test_rules_are_tried_in_order() -> None:
    rules = {r"(\w+) and (?P<last>\w+)": r"\g<last> before \1 \2 \7 \g<other>", "cat": "meow"}
    assert answer(rules, "s", "dog and cat") == r"cat before dog cat \7 \g<other>"
    assert answer(rules, "s", "a cat") == "meow"
    assert answer(rules, "s", "a bird") == "ok"
    assert answer([("a", "x"), ["b", "y"]], "s", "b") == "y"


def test_rules_look_where_they_are_told() -> None:
    for where, texts, fits in [
        ("last", ("k", "x"), False),
        ("first", ("k", "x"), True),
        ("system", ("k", "x"), True),
        ("system", ("x", "k"), False),
        ("any", ("x", "k", "y"), True),
    ]:
        rule = {"match": "^k$", "answer": "hit", "where": where}
        assert (answer([rule], *texts) == "hit") is fits
    assert answer([{"match": "x", "answer": "hit"}]) == "ok"


def test_functions_completions_and_errors() -> None:
    assert answer(shout, "s", "loud") == "LOUD"
    done = Completion("t", Usage(calls=1, prompt_tokens=3))
    assert ScriptedBackend(lambda call: done).complete(ModelCall(())) is done
    assert answer(lambda call: None, "s") == "ok"

    def refuse(call: ModelCall) -> str:
        raise ContextLimitError("long")

    with pytest.raises(ContextLimitError):
        answer(refuse, "s")


def test_stop_and_usage() -> None:
    backend = ScriptedBackend([{"answer": "one two\nthree"}], stop=["t"])
    completion = backend.complete(ModelCall(({"role": "user", "content": "a b"},), stop=("\n",)))
    assert completion.text == "one "
    assert completion.usage == Usage(1, prompt_tokens=2, completion_tokens=1)


def test_the_default_answers_schemas() -> None:
    schema = {
        "type": "object",
        "properties": {
            "s": {"type": "string", "minLength": 2},
            "e": {"enum": ["b", "a"]},
            "c": {"const": 5},
            "n": {"type": ["integer", "null"], "minimum": 3},
            "l": {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
            "o": {"anyOf": [{"type": "number"}, {"type": "string"}]},
            "optional": {"type": "string"},
            "u": {},
        },
        "required": ["s", "e", "c", "n", "l", "o", "u"],
    }
    assert json.loads(answer(None, "s", schema=schema)) == {
        "s": "xx", "e": "b", "c": 5, "n": 3, "l": [False, False], "o": 0, "u": None,
    }  # fmt: skip
    assert smallest({"properties": {"a": {"type": "null"}}}) == {"a": None}
    assert smallest(True) is None
    assert smallest({"type": []}) is None


def test_policies_by_name_and_from_files(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "my_policies.py").write_text(
        "def ask(call):\n    return 'asked'\nRULES = [{'answer': 'ruled'}]\nTEXT = 'x'\n"
    )
    (tmp_path / "rules.yaml").write_text("- match: a\n  answer: found\n")
    (tmp_path / "empty.yaml").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert answer("my_policies:ask", "s") == "asked"
    assert answer("my_policies.RULES", "s") == "ruled"
    assert answer(str(tmp_path / "rules.yaml"), "a") == "found"
    assert answer(tmp_path / "empty.yaml", "a") == "ok"
    for bad in ("my_policies:TEXT", "my_policies:absent", "absent_module:x", "word"):
        with pytest.raises(ConfigError):
            answer(bad, "s")
    with pytest.raises(ConfigError, match="can't be read"):
        answer(str(tmp_path / "absent.yaml"), "s")


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (3, "not a policy"),
        (["x"], "rule 1 has no answer"),
        ([{"match": "x"}], "rule 1 has no answer"),
        ([{"answer": "a", "mach": "x"}], "unknown key 'mach'"),
        ([{"answer": "a", "where": "lst"}], "looks at 'lst'"),
        ([{"answer": "a", "match": "("}], "pattern of rule 1"),
    ],
)
def test_bad_policies(policy: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        ScriptedBackend(policy)


def test_the_preset_and_its_identity() -> None:
    backend = load_backend("scripted", environ={}, policy=RULES, max_tokens=3)
    assert isinstance(backend, Backend)
    assert backend.identity == {
        "backend": "scripted",
        "model": "scripted",
        "policy": [["never", "no", "last"], ["", "yes", "last"]],
        "parameters": {"temperature": 0.0, "max_tokens": 3},
    }
    assert "yes" in repr(backend)
    backend.close()
    assert ScriptedBackend(shout).identity["policy"].endswith(".shout")
    assert load_backend("scripted", environ={}).identity["policy"] == "default"


# -- adapt -------------------------------------------------------------------------------


class Plain:
    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.closed = False

    def inference(self, history: list[dict[str, Any]], tools: Any = None) -> str:
        self.seen.append((history, tools))
        return "one|two"

    def close(self) -> None:
        self.closed = True


class Full:
    identity: Mapping[str, Any] | str = {"backend": "mine", "model": "v2"}

    def inference(self, history: Any, tools: Any = None, **options: Any) -> Completion:
        return Completion(json.dumps(sorted(options)), Usage(calls=2))


CALL = ModelCall(
    ({"role": "agent", "content": "x"},), tools=({"t": 1},), stop=("|",), schema={}, max_tokens=4
)


def test_only_options_it_takes_are_passed() -> None:
    plain = Plain()
    backend = adapt(plain)
    assert isinstance(backend, Backend)
    assert backend.complete(CALL) == Completion("one", Usage(calls=1))
    assert plain.seen == [([{"role": "agent", "content": "x"}], [{"t": 1}])]
    adapt(plain).complete(ModelCall(()))
    assert plain.seen[1] == ([], None)
    backend.close()
    assert plain.closed
    full = adapt(Full()).complete(CALL)
    assert json.loads(full.text) == ["max_tokens", "schema", "stop"]
    assert full.usage.calls == 2


def test_functions_are_agents() -> None:
    assert adapt(lambda history: f"{len(history)}").complete(CALL).text == "1"
    assert adapt(lambda history, *, max_tokens: f"{max_tokens}").complete(CALL).text == "4"
    adapt(shout).close()


def test_callables_without_a_signature_get_the_history_only() -> None:
    class Odd:
        __signature__ = "none"

        def __call__(self, history: Any) -> str:
            return "x"

    assert adapt(Odd()).complete(CALL).text == "x"


def test_the_history_is_a_copy() -> None:
    def vandal(history: list[dict[str, Any]]) -> str:
        history[0]["content"] = "changed"
        history.clear()
        return "x"

    adapt(vandal).complete(CALL)
    assert CALL.messages == ({"role": "agent", "content": "x"},)


def test_identities() -> None:
    assert adapt(Full()).identity == {"backend": "mine", "model": "v2"}
    assert adapt(Plain()).identity["model"].endswith(".Plain")
    assert adapt(shout).identity["model"].endswith(".shout")
    named = Full()
    named.identity = "named"
    assert adapt(named).identity == {"backend": "custom", "model": "named"}
    assert "Plain" in repr(adapt(Plain()))


def test_backends_stay_what_they_are() -> None:
    backend = ScriptedBackend()
    assert adapt(backend) is backend


def test_what_is_not_an_agent() -> None:
    for bad in (3, Plain, None):
        with pytest.raises(ConfigError):
            adapt(bad)


def test_faults_of_an_agent_are_agent_errors() -> None:
    def broken(history: Any) -> str:
        raise ValueError("oops")

    def silent(history: Any) -> None: ...

    def honest(history: Any) -> str:
        raise ContextLimitError("long")

    with pytest.raises(EndpointError, match="raised ValueError: oops") as caught:
        adapt(broken).complete(CALL)
    assert caught.value.kind == "agent"
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(EndpointError, match="returned NoneType"):
        adapt(silent).complete(CALL)
    with pytest.raises(ContextLimitError):
        adapt(honest).complete(CALL)
