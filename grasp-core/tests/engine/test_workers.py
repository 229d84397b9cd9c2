"""Episodes on workers elsewhere, without Ray: nothing is lost, asked twice or told otherwise."""

from __future__ import annotations

import pickle
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp import TaskSpec, hookimpl
from grasp.agents.session import Session
from grasp.contracts import (
    Agent,
    AgentError,
    BudgetSpent,
    ConfigError,
    ContextLimitError,
    EndpointError,
    GraspError,
    ModelCall,
    Rollout,
    RunError,
    Sample,
    TaskError,
    Usage,
)
from grasp.engine import Engine, Job, ThreadExecutor
from grasp.engine.ray.standin import WORKERS_PER_EPISODE, Pool
from grasp.engine.ray.worker import portable, recipe
from grasp.plugins import load_task
from grasp.plugins.resolve import fresh

from ..toys import Model, Toy
from .workers import Asker, LocalCluster, Turns

SAMPLE: Sample = {"id": "dev-0", "question": "question 0"}


class Yes(Model):
    """Always says the same."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = lambda call: "yes"


def outcomes(task: Any, model: Any, executor: ThreadExecutor | None = None) -> list[Any]:
    engine = Engine(task, Session(model), executor or ThreadExecutor(4))
    samples = task.samples("dev")
    return engine.run([Job(s, f"e0/{s['id']}", "rollout", lambda a: a) for s in samples])


# -- the same as here -------------------------------------------------------------------------


def test_outcomes_are_those_of_the_task_itself() -> None:
    here, there = Model(noise=30), Model(noise=30)
    task = Toy(dev=24)
    assert outcomes(LocalCluster().place(task), there) == outcomes(task, here)
    assert sorted(c.scope for c in there.calls) == sorted(c.scope for c in here.calls)


def test_the_task_is_told_and_tells_the_same() -> None:
    here, there = Asker(), Asker()
    task = Turns()
    cluster = LocalCluster()
    placed = cluster.place(task)
    task.setup()
    assert placed.rollout(SAMPLE, there) == task.rollout(SAMPLE, here)
    assert there.asked == here.asked
    assert there.asked[0] == (("question 0",), [{"turn": 0}], {"stop": ("x",)})
    assert placed.rollout(SAMPLE, Asker()).raw == Usage(calls=3, prompt_tokens=6)
    assert placed.evaluate(SAMPLE, Rollout(answer="answer 3")) is True
    assert placed.failure_tags(SAMPLE, Rollout(answer="no")) == ["said-no"]
    assert placed.samples("dev") == task.samples("dev")
    assert placed.pass_threshold == 1.0


class Meeting(Yes):
    """Four episodes ask at the same time, or this breaks."""

    def __init__(self) -> None:
        super().__init__()
        met = threading.Barrier(4, timeout=10)
        self.fault = lambda call: met.wait() and None


def test_each_worker_sets_up_a_task_of_its_own_once_and_closes_it() -> None:
    cluster, task = LocalCluster(), Turns()
    assert not any(o.is_error for o in outcomes(cluster.place(task), Meeting()))
    tasks: list[Any] = [local.worker._task for local in cluster.started]
    assert [one.ready for one in tasks] == [1, 1]
    assert task.ready == 0
    for local in cluster.started:
        local.worker.close()
    assert [one.ready for one in tasks] == [0, 0]


def test_episodes_of_one_worker_do_not_wait_for_each_other() -> None:
    assert not any(o.is_error for o in outcomes(LocalCluster().place(Turns(), size=1), Meeting()))


# -- workers that die -------------------------------------------------------------------------


@pytest.mark.parametrize("death", range(1, 7))
def test_a_worker_that_dies_at_any_call_loses_nothing(death: int) -> None:
    """Calls: begin, three replies, evaluate, failure_tags."""
    cluster, agent, whole = LocalCluster(death), Asker(), Asker()
    placed, plain = cluster.place(Turns()), LocalCluster().place(Turns())
    got, wanted = placed.rollout(SAMPLE, agent), plain.rollout(SAMPLE, whole)
    assert got == wanted
    assert placed.evaluate(SAMPLE, got) is True
    assert placed.failure_tags(SAMPLE, got) == ["said-answer 3"]
    assert agent.asked == whole.asked
    assert agent.usage == whole.usage
    assert len(cluster.started) == 3


@given(st.lists(st.integers(1, 60), max_size=WORKERS_PER_EPISODE - 1, unique=True))
def test_a_run_over_dying_workers_asks_and_ends_alike(deaths: list[int]) -> None:
    here, there = Model(noise=30), Model(noise=30)
    task = Toy(dev=8)
    cluster = LocalCluster(*deaths)
    assert outcomes(cluster.place(task), there) == outcomes(task, here)
    assert sorted(c.scope for c in there.calls) == sorted(c.scope for c in here.calls)
    assert len(cluster.started) == 2 + len([d for d in deaths if d <= cluster.calls])


class Moody(Turns):
    """Asks something else the second time it is run."""

    moods = iter(())

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        mood = next(Moody.moods)
        asked = ("same", mood, f"{mood} again")
        said = [agent.inference([{"role": "user", "content": text}]) for text in asked]
        return Rollout(answer=", ".join(said))


def test_an_environment_that_takes_another_course_after_a_death_is_asked_anew() -> None:
    Moody.moods = iter(("blue", "red"))
    agent = Asker()
    assert LocalCluster(3).place(Moody()).rollout(SAMPLE, agent).answer == (
        "answer 1, answer 3, answer 4"
    )
    assert [asked[0][0] for asked in agent.asked] == ["same", "blue", "red", "red again"]


def test_an_episode_that_kills_its_workers_is_given_up() -> None:
    cluster, model = LocalCluster(*range(1, WORKERS_PER_EPISODE + 1)), Model()
    [outcome] = outcomes(cluster.place(Toy(dev=1)), model)
    assert outcome.is_error
    assert outcome.error == "rollout raised WorkerLost: 3 workers died, one after another"
    assert len(cluster.started) == 2 + WORKERS_PER_EPISODE


# -- what goes wrong --------------------------------------------------------------------------


class Odd(Exception):
    """Can't be read by another process: its text is not what it was made of."""

    def __init__(self, code: int, lock: Any = None) -> None:
        super().__init__(f"code {code}")
        self.lock = lock


class Remote404(OSError):
    """As ``Odd``, of the environment."""

    def __init__(self, where: str) -> None:
        super().__init__(f"404 at {where}")


ERRORS = [
    ValueError("bad"),
    KeyError("key"),
    OSError(2, "no such file"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    Odd(5),
    Odd(5, threading.Lock()),
    Remote404("here"),
    TaskError("no data", "fetch it"),
    RunError("can't write", "free disk space"),
    ContextLimitError("too long"),
    EndpointError("gone", "mend it", kind="timeout"),
    BudgetSpent("all spent", "--resume"),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_errors_keep_class_text_and_remedy_on_their_way(error: BaseException) -> None:
    sent = pickle.loads(pickle.dumps(portable(error)))
    assert type(sent).__name__ == type(error).__name__
    assert str(sent) == str(error)
    for kind in (AgentError, OSError, GraspError):
        assert isinstance(sent, kind) == isinstance(error, kind)
    for name in ("hint", "kind", "fatal"):
        assert getattr(sent, name, None) == getattr(error, name, None)


class Failing(Turns):
    """Does with an error of the model, or one of its own, what ``how`` says."""

    def __init__(self, how: str, error: BaseException | None = None) -> None:
        super().__init__()
        self.how, self.error = how, error

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        if self.how == "raise":
            assert self.error is not None
            raise self.error
        try:
            said = agent.inference([{"role": "user", "content": "?"}])
        except Exception as error:
            if self.how == "swallow":
                return Rollout(answer="none")
            if self.how == "wrap":
                raise ValueError(f"episode failed: {error}") from error
            if self.how == "again":
                said = agent.inference([{"role": "user", "content": "again?"}])
            else:
                raise
        return Rollout(answer=said)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        if self.how == "grade":
            raise Odd(3)
        return True


class Refusing(Yes):
    """Refuses a call of every episode with an error."""

    def __init__(self, error: Exception, turn: int = 0) -> None:
        super().__init__()
        self.error = error

        def fault(call: ModelCall) -> None:
            if call.scope.endswith(f"#{turn}"):
                raise error

        self.fault = fault


@pytest.mark.parametrize("how", ["pass", "swallow", "wrap", "again", "grade"])
@pytest.mark.parametrize("error", [EndpointError("gone", kind="timeout"), ContextLimitError("x")])
def test_an_error_of_the_model_ends_an_episode_as_it_would_here(how: str, error: Exception) -> None:
    task = Failing(how)
    here, there = Refusing(error), Refusing(error)
    samples = [Job(s, f"e0/{s['id']}", "rollout", lambda a: a) for s in task.samples("dev")[:1]]
    placed = LocalCluster().place(task)
    [got] = Engine(placed, Session(there), ThreadExecutor(1)).run(samples)
    [wanted] = Engine(task, Session(here), ThreadExecutor(1)).run(samples)
    assert got == wanted
    assert [c.scope for c in there.calls] == [c.scope for c in here.calls]


@pytest.mark.parametrize("how", ["pass", "swallow", "wrap"])
@pytest.mark.parametrize("error", [BudgetSpent("all spent"), RunError("disk is full")])
def test_what_stops_a_run_reaches_it_unchanged(how: str, error: GraspError) -> None:
    with pytest.raises(type(error)) as caught:
        outcomes(LocalCluster().place(Failing(how)), Refusing(error))
    assert caught.value is error


@pytest.mark.parametrize("death", [1, 2])
def test_an_error_of_the_model_survives_a_death(death: int) -> None:
    error = EndpointError("gone")
    placed = LocalCluster(death).place(Failing("pass"))
    with pytest.raises(EndpointError) as caught:
        placed.rollout(SAMPLE, Session(Refusing(error)).agent("rollout", "s"))
    assert caught.value is error


@pytest.mark.parametrize("error", [ValueError("bad"), Odd(5), Remote404("x")], ids=repr)
def test_an_error_of_the_task_ends_an_episode_as_it_would_here(error: Exception) -> None:
    task = Failing("raise", error)
    [job] = [Job(SAMPLE, "e0/dev-0", "rollout", lambda a: a)]
    got = Engine(task_elsewhere(task), Session(Yes()), ThreadExecutor(1)).run([job])
    assert got == Engine(task, Session(Yes()), ThreadExecutor(1)).run([job])
    assert type(error).__name__ in got[0].error


def task_elsewhere(task: Any) -> Any:
    """Place a task whose error can't be pickled: it is made anew by its name."""
    placed = LocalCluster().place(Turns())
    for local in placed._pool.workers:
        local.worker._task = task
    return placed


class Unready(Turns):
    """Can't be set up, except in the process that made it."""

    def setup(self) -> None:
        raise TaskError("no chart", "fetch the charts")


class Broken(Turns):
    """As ``Unready``, without a remedy of its own."""

    def setup(self) -> None:
        raise ModuleNotFoundError("No module named 'chart'")


@pytest.mark.parametrize(
    ("task", "message", "hint"),
    [
        (Unready(), "no chart", "fetch the charts"),
        (Broken(), "ModuleNotFoundError: No module named 'chart'", "install the same"),
    ],
)
def test_a_worker_without_its_task_stops_the_run(task: Turns, message: str, hint: str) -> None:
    with pytest.raises(RunError, match=f"can't set up the task: {message}") as caught:
        outcomes(LocalCluster().place(task), Yes())
    assert hint in caught.value.hint


# -- how a worker gets the task ---------------------------------------------------------------


class Locked(Turns):
    """Can't be pickled."""

    def __init__(self, word: str = "locked") -> None:
        super().__init__(word)
        self.lock = threading.Lock()


def test_a_worker_has_a_copy_of_the_task_as_it_is() -> None:
    task = Turns()
    task.name = "changed"
    task.origin = ("toy-that-is-not-registered", {})
    made = recipe(task).task()
    assert made is not task
    assert made.name == "changed"


def test_a_registered_task_that_can_not_be_pickled_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("locked_plugin")
    module.Locked = Locked  # type: ignore[attr-defined]

    @hookimpl
    def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
        register(TaskSpec("locked", "locked_plugin:Locked"))

    module.grasp_register_tasks = grasp_register_tasks  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "locked_plugin", module)
    with fresh(modules=["locked_plugin"]):
        made = recipe(load_task("locked", word="mine"))
    with fresh():  # A worker begins without the run's plugins.
        task = made.task()
    assert (type(task).__name__, task.name) == ("Locked", "mine")


def test_a_task_that_can_not_be_sent_says_so_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"the task can't be sent to workers: .*lock") as caught:
        recipe(Locked())
    assert "setup()" in caught.value.hint
    assert "executor=threads" in caught.value.hint


# -- the pool ---------------------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(1, 12), st.lists(st.integers(0, 11), max_size=60))
def test_no_worker_has_more_than_an_even_share(size: int, users: int, turns: list[int]) -> None:
    """Users take and give back in any order; ``RayExecutor`` gives workers room for a share."""
    pool: Pool[Any] = Pool(object, size)  # type: ignore[arg-type]
    held: dict[int, tuple[ExitStack, Any]] = {}
    for user in (turn % users for turn in turns):
        if user in held:
            held.pop(user)[0].close()
            continue
        stack = ExitStack()
        held[user] = stack, stack.enter_context(pool.worker())
        busy = Counter(id(worker) for _, worker in held.values())
        assert max(busy.values()) <= -(-users // size)
