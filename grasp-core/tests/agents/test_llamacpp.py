"""GGUF models in process: with a stand-in for the library, and once with a real model."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from grasp.agents.llamacpp import LlamaCppBackend, fingerprint, seed
from grasp.agents.loader import load_backend
from grasp.agents.presets import find_preset
from grasp.contracts import (
    AgentSetupError,
    Backend,
    Cancelled,
    ContextLimitError,
    EndpointError,
    ModelCall,
    Usage,
)

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def answer(text: Any, reason: str = "stop") -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": reason}
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {}}
    return {"choices": [choice], "usage": usage}


class Server:
    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    def handle_chat_completions(self, request: dict[str, Any]) -> Any:
        self.requests.append(request)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-model.gguf"
    path.write_bytes(b"GGUF" + bytes(2_000_000))
    return path


def build(gguf: Path, *answers: Any, **overrides: Any) -> tuple[Any, Server]:
    settings = find_preset("llamacpp", environ={}).settings({"GRASP_GGUF": str(gguf)}, overrides)
    server = Server(*answers)
    return LlamaCppBackend(settings, server), server


def test_sends_a_chat_request(gguf, ask) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    backend, server = build(gguf, answer("one\ntwo"), stop="END", extra={"top_k": 1})
    call = ModelCall(({"role": "agent", "content": "x"},), (tool,), ("\n",), SCHEMA, 9, "s#0")
    completion = backend.complete(call)
    assert completion.text == "one"
    assert completion.usage == Usage(1, prompt_tokens=7, completion_tokens=2)
    (request,) = server.requests
    assert request.pop("response_format")["json_schema"]["schema"] == SCHEMA
    assert request == {
        "messages": [{"role": "assistant", "content": "x"}],
        "seed": seed("s#0"),
        "cache_prompt": True,
        "top_k": 1,
        "temperature": 0.0,
        "max_tokens": 9,
        "tools": [tool],
        "stop": ["\n", "END"],
    }


def test_identity_knows_the_file_not_its_place(gguf, tmp_path) -> None:
    backend, _ = build(gguf)
    assert isinstance(backend, Backend)
    assert backend.identity == {
        "backend": "llamacpp",
        "model": "tiny-model",
        "endpoint": f"gguf:{fingerprint(gguf)}",
        "parameters": {"temperature": 0.0, "max_tokens": 2048, "context": 8192},
    }
    elsewhere = tmp_path / "other" / gguf.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(gguf.read_bytes())
    assert build(elsewhere)[0].identity == backend.identity
    elsewhere.write_bytes(gguf.read_bytes()[:-1] + b"x")
    assert build(elsewhere)[0].identity != backend.identity
    elsewhere.write_bytes(b"")
    assert len(fingerprint(elsewhere)) == 32
    assert str(tmp_path) not in f"{backend.identity} {backend!r}"


def test_seeds_differ_by_scope_and_fit_31_bits() -> None:
    seeds = {seed(f"e0/b{i}#0") for i in range(500)}
    assert len(seeds) == 500
    assert all(0 <= s < 2**31 for s in seeds)
    assert seed("e0/b0#0") == seed("e0/b0#0")


def test_faults(gguf, ask) -> None:
    too_long = {"error": {"code": 400, "message": "request (9 tokens) exceeds the available "
                "context size", "type": "exceed_context_size_error"}}  # fmt: skip
    backend, _ = build(
        gguf, too_long, {"error": {"code": 500, "message": "m"}}, {"error": "odd"}, {}, answer(""),
        answer(None, "length"), RuntimeError("bad\nthing"), answer(""),
    )  # fmt: skip
    with pytest.raises(ContextLimitError):
        backend.complete(ask())
    for says in ("HTTP 500: m", "odd", "no message", "empty", "empty", "bad thing"):
        with pytest.raises(EndpointError, match=says):
            backend.complete(ask())
    assert backend.complete(ask(stop=("\n",))).text == ""


def test_a_schema_without_a_grammar_is_left_out(gguf, ask) -> None:
    backend, server = build(gguf, ValueError("JSON schema error"), answer("plain"))
    assert backend.complete(ask(schema={"type": "odd"})).text == "plain"
    assert ["response_format" in r for r in server.requests] == [True, False]


def test_calls_take_turns(gguf) -> None:
    running, most = [0], [0]

    class Slow(Server):
        def handle_chat_completions(self, request: dict[str, Any]) -> Any:
            running[0] += 1
            most[0] = max(most[0], running[0])
            threading.Event().wait(0.005)
            running[0] -= 1
            return answer("x")

    backend, _ = build(gguf)
    backend._engine._server = Slow()
    call = ModelCall(({"role": "user", "content": "x"},))
    threads = [threading.Thread(target=backend.complete, args=(call,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for xllamacpp."""
    found = SimpleNamespace(started=[], error=None)

    class Parameters(SimpleNamespace):
        def __init__(self) -> None:
            super().__init__(
                model=SimpleNamespace(), cpuparams=SimpleNamespace(),
                cpuparams_batch=SimpleNamespace(),
            )  # fmt: skip

    def start(parameters: Any) -> Server:
        if found.error:
            raise found.error
        found.started.append(parameters)
        return Server(*[answer("hi")] * 9)

    module = ModuleType("xllamacpp")
    module.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    module.CommonParams = Parameters  # type: ignore[attr-defined]
    module.Server = start  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "xllamacpp", module)
    return found


def test_two_temperatures_share_one_model(gguf, ask, library) -> None:
    environ = {"GRASP_GGUF": str(gguf)}
    actor = load_backend("llamacpp", environ=environ, threads=2, context=512, parallel=2)
    writer = load_backend(
        "llamacpp", environ=environ, threads=2, context=512, parallel=2, temperature=0.8
    )
    assert not library.started
    assert actor.complete(ask()).text == writer.complete(ask()).text == "hi"
    (parameters,) = library.started
    assert (parameters.model.path, parameters.n_ctx) == (str(gguf), 1024)
    assert parameters.cpuparams.n_threads == parameters.cpuparams_batch.n_threads == 2
    assert len(parameters.api_keys[0]) > 20
    actor.close()
    actor.close()
    with pytest.raises(Cancelled):
        actor.complete(ask())
    assert writer.complete(ask()).text == "hi"
    writer.close()
    again = load_backend("llamacpp", environ=environ, context="default")
    again.complete(ask())
    assert len(library.started) == 2
    assert not hasattr(library.started[1], "n_ctx")
    again.close()


def test_a_model_that_does_not_load(gguf, ask, library) -> None:
    library.error = RuntimeError("no\nmemory")
    backend = load_backend("llamacpp", environ={}, model_path=str(gguf))
    with pytest.raises(AgentSetupError, match="can't be loaded: no memory"):
        backend.complete(ask())
    backend.close()


def test_no_such_file(library) -> None:
    with pytest.raises(AgentSetupError, match="no model file") as caught:
        load_backend("llamacpp", environ={"GRASP_GGUF": "/nowhere/x.gguf"})
    assert "GRASP_GGUF" in caught.value.hint


@pytest.mark.real_model
@pytest.mark.slow
@pytest.mark.skipif("GRASP_GGUF" not in os.environ, reason="GRASP_GGUF is not set")
def test_a_real_model(ask) -> None:
    pytest.importorskip("xllamacpp")
    backend = load_backend("llamacpp", context=1024)
    try:
        text = backend.complete(ask("Give a city.", schema=SCHEMA, max_tokens=40)).text
        assert text.lstrip().startswith("{")
        with pytest.raises(ContextLimitError):
            backend.complete(ask("word " * 3000))
    finally:
        backend.close()
