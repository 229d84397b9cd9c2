"""Episodes that go wrong: what is counted as wrong, what as missing, what ends the run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import (
    Agent,
    AgentError,
    AgentSetupError,
    Completion,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    ModelCall,
    Rollout,
    RunError,
    Sample,
    Status,
    Task,
    Usage,
)
from grasp.engine import Engine, Job, ThreadExecutor, Wave, run_rollout
from grasp.engine.engine import FAILURES_IN_A_ROW


class Echo:
    """Answers with the last message; ``faults`` are raised for prompts that hold their key."""

    identity: Mapping[str, Any] = {"backend": "echo"}

    def __init__(self, faults: Mapping[str, BaseException] | None = None) -> None:
        self.faults = dict(faults or {})
        self.calls: list[str] = []

    def complete(self, call: ModelCall) -> Completion:
        text = str(call.messages[-1]["content"])
        self.calls.append(text)
        for key, fault in self.faults.items():
            if key in text:
                raise fault
        return Completion(text, Usage(calls=1, prompt_tokens=2, completion_tokens=3))

    def close(self) -> None: ...


class Puzzle(Task):
    """Right if the agent repeats the question."""

    updater_task_family = "puzzle"

    def __init__(self) -> None:
        self.swallow = False
        self.before: Callable[[Sample], None] = lambda sample: None
        self.grade: Callable[[Rollout], Any] = lambda rollout: rollout.answer == "q"
        self.returned: Any = None

    def samples(self, split: str) -> Sequence[Sample]:
        return []

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        self.before(sample)
        question = str(sample["question"])
        try:
            answer = agent.inference([{"role": "user", "content": question}])
        except Exception:
            if not self.swallow:
                raise
            answer = ""
        if self.returned is not None:
            return self.returned  # type: ignore[no-any-return]
        return Rollout([{"role": "agent", "content": answer}], ["say"], answer)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        return self.grade(rollout)  # type: ignore[no-any-return]

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        return ["b", "a", "b"]

    def report_group(self, sample: Sample) -> str:
        return "g"


def job(question: str = "q", number: int = 0) -> Job:
    sample = {"id": number, "question": question, "type": "t", "answer": "q"}
    return Job(sample, f"x/{number}", "rollout", lambda agent: agent, ("s1",))


def run(task: Task, backend: Any, question: str = "q") -> Any:
    return run_rollout(task, Session(backend), job(question))


def test_a_right_and_a_wrong_episode() -> None:
    right = run(Puzzle(), Echo())
    assert right.correct
    assert (right.score, right.status, right.answer, right.ground_truth) == (
        1,
        "completed",
        "q",
        "q",
    )
    assert (right.sample_id, right.sample_type, right.instruction) == ("0", "t", "q")
    assert (right.tags, right.skills, right.group) == ((), ("s1",), "g")
    assert right.agent_actions == ("say",)
    assert right.history == ({"role": "agent", "content": "q"},)
    wrong = run(Puzzle(), Echo(), "r")
    assert not wrong.correct
    assert not wrong.is_error
    assert wrong.tags == ("a", "b")


@pytest.mark.parametrize(
    ("score", "correct"), [(0.79, False), (0.8, True), (True, True), (0, False)]
)
def test_the_pass_threshold(score: float, correct: bool) -> None:
    task = Puzzle()
    task.pass_threshold = 0.8
    task.grade = lambda rollout: score
    outcome = run(task, Echo())
    assert outcome.correct is correct
    assert outcome.score == float(score)


@pytest.mark.parametrize("swallow", [False, True])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (EndpointError("gone", kind="server"), "server: gone"),
        (ContentFilterError("no"), "content_filter: no"),
        (AgentError("odd"), "error: odd"),
    ],
)
def test_a_failed_call_makes_the_episode_missing_even_if_the_task_swallows_it(
    fault: AgentError, message: str, swallow: bool
) -> None:
    task = Puzzle()
    task.swallow = swallow
    outcome = run(task, Echo({"q": fault}))
    assert outcome.is_error
    assert (outcome.error, outcome.correct, outcome.score) == (message, False, 0.0)
    assert (outcome.sample_type, outcome.group, outcome.skills) == ("t", "g", ("s1",))


@pytest.mark.parametrize("swallow", [False, True])
def test_a_fatal_fault_ends_the_run_even_if_the_task_swallows_it(swallow: bool) -> None:
    task = Puzzle()
    task.swallow = swallow
    with pytest.raises(AgentSetupError, match="wrong key"):
        run(task, Echo({"q": AgentSetupError("wrong key")}))


@pytest.mark.parametrize("own", [ValueError, ConnectionError])
def test_a_fatal_fault_ends_the_run_even_if_the_task_makes_it_its_own(own: type[Exception]) -> None:
    class Rewrap(Puzzle):
        def rollout(self, sample: Sample, agent: Agent) -> Rollout:
            try:
                return super().rollout(sample, agent)
            except Exception:
                raise own("mine") from None

    with pytest.raises(AgentSetupError, match="wrong key"):
        run(Rewrap(), Echo({"q": AgentSetupError("wrong key")}))


@pytest.mark.parametrize("swallow", [False, True])
def test_an_answer_that_cannot_be_stored_ends_the_run(swallow: bool) -> None:
    class Full:
        def get(self, key: str, scope: str) -> None:
            return None

        find = get

        def put(self, *_: Any) -> None:
            raise RunError("can't write: disk full", "free space")

        put_failure = put

    task = Puzzle()
    task.swallow = swallow
    with pytest.raises(RunError, match="disk full"):
        run_rollout(task, Session(Echo(), Full()), job())  # type: ignore[arg-type]

    class Rewrap(Puzzle):
        def rollout(self, sample: Sample, agent: Agent) -> Rollout:
            try:
                return super().rollout(sample, agent)
            except Exception:
                raise ValueError("mine") from None

    with pytest.raises(RunError, match="disk full"):
        run_rollout(Rewrap(), Session(Echo(), Full()), job())  # type: ignore[arg-type]


@pytest.mark.parametrize("swallow", [False, True])
def test_a_context_limit_is_the_agents_failure_not_a_fault(swallow: bool) -> None:
    task = Puzzle()
    task.swallow = swallow
    outcome = run(task, Echo({"q": ContextLimitError("too long")}))
    assert not outcome.is_error
    assert not outcome.correct
    if not swallow:
        assert outcome.status == Status.CONTEXT_LIMIT.value


def test_a_task_that_raises_is_missing() -> None:
    task = Puzzle()

    def broken(sample: Sample) -> None:
        raise ZeroDivisionError("a\nb")

    task.before = broken
    outcome = run(task, Echo())
    assert outcome.error == "rollout raised ZeroDivisionError: a b"


def test_an_environment_that_fails_once_is_tried_again() -> None:
    task, tries = Puzzle(), []

    def flaky(sample: Sample) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionResetError("reset")

    task.before = flaky
    assert run(task, Echo()).correct
    assert len(tries) == 2
    tries.clear()

    def dead(sample: Sample) -> None:
        tries.append(1)
        raise TimeoutError("never")

    task.before = dead
    assert run(task, Echo()).error == "environment: TimeoutError: never"
    assert len(tries) == 2


@pytest.mark.parametrize("what", ["grade", "tags", "score", "none", "group"])
def test_a_grader_that_fails_makes_the_episode_missing(what: str) -> None:
    task = Puzzle()
    if what == "grade":
        task.grade = lambda rollout: {}["x"]
    elif what == "score":
        task.grade = lambda rollout: "high"
    elif what == "none":
        task.returned = [1]
    else:

        def broken(*_: Any) -> Any:
            raise RuntimeError("bug")

        name = "failure_tags" if what == "tags" else "ground_truth"
        setattr(task, name, broken)
        task.grade = lambda rollout: False
    outcome = run(task, Echo())
    assert outcome.is_error
    assert outcome.error.startswith("grading raised ")


def test_a_status_of_the_task() -> None:
    task = Puzzle()
    task.returned = Rollout(status="error")
    assert run(task, Echo()).error == "the task reports an error"
    task.returned = Rollout(status=Status.ERROR)
    assert run(task, Echo()).is_error
    task.returned = Rollout(status=Status.INVALID_ACTION, answer=None)
    task.grade = lambda rollout: 0
    outcome = run(task, Echo())
    assert (outcome.status, outcome.answer) == ("agent invalid action", "")


def test_what_the_wrapper_injected_is_kept() -> None:
    class Wrapper:
        def __init__(self, inner: Agent) -> None:
            self.inference = inner.inference
            self.injected = {"b@2": None, "a@1": None}

    outcome = run_rollout(
        Puzzle(),
        Session(Echo()),
        Job({"id": 1, "question": "q"}, "s", "p", Wrapper),  # type: ignore[arg-type]
    )
    assert outcome.injected == ("a@1", "b@2")


# -- waves -------------------------------------------------------------------------------


def engine(task: Task, backend: Any, concurrency: int = 4, notify: Any = None) -> Engine:
    return Engine(task, Session(backend), ThreadExecutor(concurrency), notify)


def test_outcomes_come_in_the_order_of_the_jobs_whoever_finishes_first() -> None:
    """Later jobs are held back until earlier ones wait, then released in reverse."""
    task = Puzzle()
    gates = [threading.Event() for _ in range(4)]

    def hold(sample: Sample) -> None:
        number = int(sample["id"])
        if number + 1 < len(gates):
            gates[number + 1].wait(5)
        gates[number].set()

    task.before = hold
    seen: list[int] = []

    def notify(kind: str, **facts: Any) -> None:
        if kind == "rollout_finished":
            seen.append(int(facts["outcome"].sample_id))

    jobs = [job("q" if n % 2 else "r", n) for n in range(4)]
    outcomes = engine(task, Echo(), 4, notify).run(jobs, "w")
    assert [o.sample_id for o in outcomes] == ["0", "1", "2", "3"]
    assert [o.correct for o in outcomes] == [False, True, False, True]
    assert sorted(seen) == [0, 1, 2, 3]


def test_events_of_a_wave() -> None:
    events: list[tuple[str, Any]] = []
    engine(Puzzle(), Echo(), 1, lambda kind, **facts: events.append((kind, facts["label"]))).run(
        [job(), job("r", 1)], "e0/b0"
    )
    assert events == [
        ("wave_started", "e0/b0"),
        ("rollout_finished", "e0/b0"),
        ("rollout_finished", "e0/b0"),
        ("wave_finished", "e0/b0"),
    ]
    assert engine(Puzzle(), Echo()).run([]) == []


def test_waves_run_together_and_are_told_of_one_after_another() -> None:
    events: list[str] = []
    second_began = threading.Event()
    task = Puzzle()

    def before(sample: Sample) -> None:
        if int(sample["id"]) >= 10:
            second_began.set()
        elif sample["id"] == "1":
            assert second_began.wait(10)  # Would be never, were the first wave waited for.

    def notify(kind: str, /, **facts: Any) -> None:
        outcome = facts.get("outcome")
        events.append(f"{kind} {facts['label']}{' ' + outcome.sample_id if outcome else ''}")

    task.before = before
    waves = [Wave("a", (job("q", 0), job("r", 1))), Wave("b", (job("q", 10), job("q", 11)))]
    results = engine(task, Echo(), 2, notify).run_waves(
        waves, lambda number, outcomes: events.append(f"ended {number} {len(outcomes)}")
    )
    assert [[o.sample_id for o in wave] for wave in results] == [["0", "1"], ["10", "11"]]
    of_a = ["rollout_finished a 0", "rollout_finished a 1"]
    assert events[:5] == ["wave_started a", *of_a, "wave_finished a", "ended 0 2"]
    assert events[5] == "wave_started b"
    assert sorted(events[6:8]) == ["rollout_finished b 10", "rollout_finished b 11"]
    assert events[8:] == ["wave_finished b", "ended 1 2"]


@pytest.mark.parametrize("sizes", [(), (0,), (0, 2), (2, 0), (1, 0, 0, 1)])
def test_a_wave_may_be_empty(sizes: tuple[int, ...]) -> None:
    ended: list[tuple[int, int]] = []
    numbers = iter(range(9))
    waves = [
        Wave(str(n), tuple(job("q", next(numbers)) for _ in range(s))) for n, s in enumerate(sizes)
    ]
    results = engine(Puzzle(), Echo(), 2).run_waves(
        waves, lambda number, outcomes: ended.append((number, len(outcomes)))
    )
    assert tuple(map(len, results)) == sizes
    assert ended == list(enumerate(sizes))


def test_the_result_does_not_depend_on_concurrency() -> None:
    jobs = [job("q" if n % 3 else f"r{n}", n) for n in range(20)]
    results = [engine(Puzzle(), Echo(), c).run(jobs) for c in (1, 3, 20)]
    assert results[0] == results[1] == results[2]


def test_a_dead_endpoint_stops_the_wave_early() -> None:
    backend = Echo({"q": EndpointError("gone")})
    with pytest.raises(EndpointError, match=f"{FAILURES_IN_A_ROW} episodes in a row") as caught:
        engine(Puzzle(), backend, 1).run([job("q", n) for n in range(100)])
    assert len(backend.calls) == FAILURES_IN_A_ROW
    assert "connection: gone" in caught.value.message
    assert "--resume" in caught.value.hint


def test_a_small_wave_of_nothing_but_faults_stops_the_run_too() -> None:
    with pytest.raises(EndpointError, match="2 episodes in a row"):
        engine(Puzzle(), Echo({"q": EndpointError("x")})).run([job("q", n) for n in range(2)])
    single = engine(Puzzle(), Echo({"q": EndpointError("x")})).run([job()])
    assert [o.is_error for o in single] == [True]


def test_faults_count_across_waves() -> None:
    one_by_one = engine(Puzzle(), Echo({"bad": EndpointError("x")}))
    for n in range(FAILURES_IN_A_ROW - 1):
        assert one_by_one.run([job("bad", n)])[0].is_error
    with pytest.raises(EndpointError, match=f"{FAILURES_IN_A_ROW} episodes in a row"):
        one_by_one.run([job("bad", FAILURES_IN_A_ROW)])


def test_scattered_faults_do_not_stop_a_wave() -> None:
    backend = Echo({"bad": EndpointError("x")})
    jobs = [job("q" if n % FAILURES_IN_A_ROW == 0 else "bad", n) for n in range(40)]
    outcomes = engine(Puzzle(), backend, 1).run(jobs)
    assert sum(o.is_error for o in outcomes) == 35


def test_a_fatal_fault_stops_a_wave_at_once() -> None:
    backend = Echo({"q3": AgentSetupError("no such model")})
    with pytest.raises(AgentSetupError, match="no such model"):
        engine(Puzzle(), backend, 1).run([job(f"q{n}", n) for n in range(50)])
    assert len(backend.calls) == 4
