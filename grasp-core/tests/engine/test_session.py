"""Sessions: what is paid, what is served, and how a call is addressed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grasp.agents.calls import completion_from_json, completion_to_json, content_key
from grasp.agents.ledger import Ledger
from grasp.agents.session import Session
from grasp.contracts import (
    AgentError,
    AgentSetupError,
    Cancelled,
    Completion,
    EndpointError,
    ModelCall,
    Usage,
)
from grasp.runs.callstore import CallStore


class Counter:
    """A new answer for every call; waits for ``gate`` if there is one."""

    identity: Mapping[str, Any] = {"backend": "counter"}

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.calls: list[ModelCall] = []
        self.gate = gate
        self.entered = threading.Event()
        self.fault: BaseException | None = None

    def complete(self, call: ModelCall) -> Completion:
        self.calls.append(call)
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        if self.fault is not None:
            raise self.fault
        return Completion(str(len(self.calls)), Usage(calls=1, prompt_tokens=10, cost=0.5))

    def close(self) -> None: ...


def call(text: str = "q", scope: str = "s#0") -> ModelCall:
    return ModelCall(({"role": "user", "content": text},), scope=scope)


@pytest.fixture
def store(tmp_path: Any) -> Any:
    made = CallStore(tmp_path / "calls.sqlite")
    yield made
    made.close()


def test_the_same_call_is_paid_once_and_another_scope_is_another_call(store: CallStore) -> None:
    backend = Counter()
    session = Session(backend, store)
    answers = [session.complete("rollout", call(scope=s)).text for s in ("a", "a", "b", "a")]
    assert answers == ["1", "1", "2", "1"]
    summary = session.ledger.summary()
    assert summary["calls"] == {
        "total": 4, "by_kind": {"rollout": 4}, "cached": 2, "memoised": 0,
    }  # fmt: skip
    assert summary["tokens"]["prompt"] == 40  # served calls count as the run's usage
    assert summary["cost"] == 2.0
    assert session.ledger.paid == 2
    assert session.ledger.total == 4


def test_without_a_store_every_call_is_paid() -> None:
    backend = Counter()
    session = Session(backend)
    assert [session.complete("p", call()).text for _ in range(2)] == ["1", "2"]


def test_memoising_answers_equal_content_from_anywhere(store: CallStore) -> None:
    for kept in (store, None):
        backend = Counter()
        session = Session(backend, kept, memoise=True)
        first = session.complete("rollout", call(scope="a"))
        again = session.complete("probe", call(scope="b"))
        assert first == again
        session.complete("probe", call("other", scope="b"))
        assert len(backend.calls) == 2
        assert session.ledger.summary()["calls"]["memoised"] == 1
        assert session.ledger.total_usage.prompt_tokens == 20


@pytest.mark.parametrize("kept", [True, False])
def test_concurrent_equal_prompts_pay_one_call(store: CallStore, kept: bool) -> None:
    gate = threading.Event()
    backend = Counter(gate)
    session = Session(backend, store if kept else None, memoise=True)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(session.complete, "p", call(scope=f"s{n}")) for n in range(8)]
        assert backend.entered.wait(5)
        gate.set()
        answers = {f.result().text for f in futures}
    assert answers == {"1"}
    assert len(backend.calls) == 1
    assert session.ledger.summary()["calls"]["total"] == 8


def test_concurrent_equal_prompts_share_a_failure_and_each_place_remembers_it(
    store: CallStore,
) -> None:
    """On resuming, every place must fail again as the journal says, the waiting ones too."""
    gate = threading.Event()
    backend = Counter(gate)
    backend.fault = EndpointError("gone", kind="server")
    session = Session(backend, store, memoise=True)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(session.complete, "p", call(scope=f"s{n}")) for n in range(4)]
        assert backend.entered.wait(5)
        while len(session._pending) < 1:  # pragma: no cover
            pass
        gate.set()
        errors = [f.exception() for f in futures]
    assert all(isinstance(e, EndpointError) for e in errors)
    store.settle()
    backend.fault, paid = None, len(backend.calls)
    for n in range(4):
        with pytest.raises(EndpointError, match="gone"):
            session.complete("p", call(scope=f"s{n}"))
    assert len(backend.calls) == paid


def test_a_failed_call_may_succeed_later_under_memoising() -> None:
    backend = Counter()
    session = Session(backend, memoise=True)
    backend.fault = EndpointError("gone")
    with pytest.raises(EndpointError):
        session.complete("p", call())
    backend.fault = None
    assert session.complete("p", call()).text == "2"


def test_settled_failures_fail_again_without_a_call_and_fatal_ones_do_not(
    store: CallStore,
) -> None:
    backend = Counter()
    session = Session(backend, store)
    backend.fault = AgentSetupError("wrong key")
    with pytest.raises(AgentSetupError):
        session.complete("p", call(scope="a"))
    backend.fault = EndpointError("busy", kind="rate_limit")
    with pytest.raises(EndpointError):
        session.complete("p", call(scope="b"))
    store.settle()
    backend.fault = None
    assert session.complete("p", call(scope="a")).text == "3"
    with pytest.raises(EndpointError) as caught:
        session.complete("p", call(scope="b"))
    assert caught.value.kind == "rate_limit"
    assert len(backend.calls) == 3


def test_a_cancelled_session_serves_what_it_knows_and_pays_nothing_more(store: CallStore) -> None:
    backend = Counter()
    session = Session(backend, store)
    session.complete("p", call(scope="a"))
    session.cancelled.set()
    assert session.complete("p", call(scope="a")).text == "1"
    with pytest.raises(Cancelled) as caught:
        session.complete("p", call(scope="b"))
    assert caught.value.fatal
    assert len(backend.calls) == 1


# -- the agent a task holds --------------------------------------------------------------


def test_turns_of_a_conversation_are_different_calls() -> None:
    backend = Counter()
    ledger = Ledger()
    agent = Session(backend, ledger=ledger).agent("probe", "e0/x")
    history = [{"role": "user", "content": "q"}]
    assert [agent.inference(history) for _ in range(3)] == ["1", "2", "3"]
    assert [c.scope for c in backend.calls] == ["e0/x#0", "e0/x#1", "e0/x#2"]
    assert agent.usage == Usage(calls=3, prompt_tokens=30, cost=1.5)
    assert agent.completion is not None
    assert agent.completion.text == "3"
    history[0]["content"] = "changed"
    assert backend.calls[0].messages[0]["content"] == "q"
    assert ledger.calls == {"probe": 3}


def test_options_reach_the_call_and_unknown_ones_are_an_error() -> None:
    backend = Counter()
    agent = Session(backend).agent("p", "s")
    tool = {"type": "function", "function": {"name": "f"}}
    schema = {"type": "object"}
    agent.inference([], [tool], stop=["\n"], schema=schema, max_tokens=5)
    made = backend.calls[0]
    assert (made.tools, made.stop, made.schema, made.max_tokens) == ((tool,), ("\n",), schema, 5)
    with pytest.raises(TypeError):
        agent.inference([], temperature=1)


def test_the_agent_keeps_its_last_fault() -> None:
    backend = Counter()
    agent = Session(backend).agent("p", "s")
    assert agent.fault is None
    backend.fault = AgentError("x")
    with pytest.raises(AgentError):
        agent.inference([])
    assert agent.fault is backend.fault


# -- addresses ---------------------------------------------------------------------------


def test_the_address_is_the_content_and_the_identity_not_the_place() -> None:
    base = content_key({"model": "m"}, call())
    assert len(base) == 64
    assert base == content_key({"model": "m"}, call(scope="elsewhere"))
    message = {"role": "user", "content": "q"}
    others = [
        content_key({"model": "n"}, call()),
        content_key({"model": "m"}, call("r")),
        content_key({"model": "m"}, ModelCall((message,), tools=())),
        content_key({"model": "m"}, ModelCall((message,), stop=("x",))),
        content_key({"model": "m"}, ModelCall((message,), schema={})),
        content_key({"model": "m"}, ModelCall((message,), max_tokens=1)),
        content_key({"model": "m"}, ModelCall((message, message))),
        content_key({"model": "m"}, call("\ud83d")),
    ]
    assert len({base, *others}) == 9
    swapped = ModelCall(({"content": "q", "role": "user"},))
    assert content_key({"a": 1, "b": 2}, call()) == content_key({"b": 2, "a": 1}, swapped)


def test_completions_come_back_from_json() -> None:
    full = Completion("t\ud83d", Usage(1, 2, 3, 4, 5, 0.5), ({"id": "1"},), "length")
    assert completion_from_json(completion_to_json(full)) == full
    assert completion_from_json({"text": "x"}) == Completion("x")


# -- interrupts --------------------------------------------------------------------------------


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_during_a_writers_call_keeps_the_answer(store: CallStore) -> None:
    asked = threading.Event()
    stopped: list[bool] = []

    class Slow(Counter):
        def complete(self, call: ModelCall) -> Completion:
            asked.set()
            assert session.cancelled.wait(10)  # Told of the interrupt while in flight.
            return super().complete(call)

        def stop_retrying(self) -> None:
            stopped.append(True)

    backend = Slow()
    session = Session(backend, store)

    def interrupt() -> None:
        asked.wait(10)
        time.sleep(0.05)  # Let the main thread wait.
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.get_ident()
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        session.agent("diagnose", "e0/b0/diagnose").inference([{"role": "user", "content": "q"}])
    assert stopped == [True]

    again = Session(Counter(), store)
    text = again.agent("diagnose", "e0/b0/diagnose").inference([{"role": "user", "content": "q"}])
    assert text == "1"
    assert again.ledger.paid == 0


def test_nothing_is_sent_after_an_interrupt(store: CallStore) -> None:
    backend = Counter()
    session = Session(backend, store)
    session.cancel()
    with pytest.raises(Cancelled):
        session.complete("rollout", call())
    assert backend.calls == []
