"""Tasks whose graders ask a model: what the judge sees, what is kept, what its faults mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import (
    Agent,
    AgentSetupError,
    Backend,
    Completion,
    EndpointError,
    ModelCall,
    Rollout,
    Sample,
    Task,
    Usage,
)
from grasp.engine import Engine, Job, ThreadExecutor, run_rollout
from grasp.methods.harness import brief, score
from grasp.runs.callstore import CallStore
from grasp.skills import Skill, SkillAgent, SkillLibrary


class Judged(Task):
    """Answers are judged by a model; those that begin with ``rule`` need none."""

    def samples(self, split: str) -> Sequence[Sample]:
        return []

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        answer = agent.inference([{"role": "user", "content": sample["question"]}])
        return Rollout([{"role": "agent", "content": answer}], [], answer)

    def judge(self, sample: Sample, rollout: Rollout, model: Agent) -> bool | None:
        if (rollout.answer or "").startswith("rule"):
            return None
        return model.inference([{"role": "user", "content": f"JUDGE {rollout.answer}"}]) == "1"

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        return rollout.answer == "rule right"


class Model:
    """Repeats a question's end; as a judge it accepts what ends with ``good``."""

    def __init__(self, name: str = "m", fault: Exception | None = None) -> None:
        self.identity: Mapping[str, Any] = {"backend": name}
        self.fault = fault
        self.calls: list[ModelCall] = []

    @property
    def judged(self) -> list[str]:
        texts = (str(c.messages[-1]["content"]) for c in self.calls)
        return [t for t in texts if t.startswith("JUDGE")]

    def complete(self, call: ModelCall) -> Completion:
        self.calls.append(call)
        text = str(call.messages[-1]["content"])
        if text.startswith("JUDGE"):
            if self.fault is not None:
                raise self.fault
            return Completion("1" if text.endswith("good") else "0", Usage(calls=1))
        return Completion(text.rpartition(": ")[2], Usage(calls=1))

    def close(self) -> None: ...


def job(question: str, number: int = 0) -> Job:
    skill = Skill("s", "Says something.", "SECRET SKILL")
    library = SkillLibrary((skill,))
    return Job(
        {"id": number, "question": question},
        f"x/{number}",
        "rollout",
        lambda agent: SkillAgent(agent, library, Judged()),
    )


def test_the_judge_decides_and_sees_no_skill() -> None:
    model = Model()
    session = Session(model)
    assert run_rollout(Judged(), session, job("say: good")).correct
    assert not run_rollout(Judged(), session, job("say: bad", 1)).correct
    assert len(model.judged) == 2
    asked = [str(c.messages) for c in model.calls]
    assert sum("SECRET SKILL" in text for text in asked) == 2
    assert not any("SECRET SKILL" in text for text in asked if "JUDGE" in text)


def test_none_leaves_it_to_evaluate() -> None:
    model = Model()
    assert run_rollout(Judged(), Session(model), job("say: rule right")).correct
    assert not run_rollout(Judged(), Session(model), job("say: rule wrong")).correct
    assert model.judged == []


def test_a_judge_of_its_own_is_asked_and_counted_apart() -> None:
    actor, judge = Model(), Model("judge")
    session = Session(actor, judge=judge)
    assert run_rollout(Judged(), session, job("say: good")).correct
    assert actor.judged == []
    assert judge.judged == ["JUDGE good"]
    assert session.ledger.summary()["calls"]["by_kind"] == {"judge": 1, "rollout": 1}


def test_equal_questions_are_asked_once_in_a_run(tmp_path: Path) -> None:
    model = Model()
    with _store(tmp_path) as store:
        session = Session(model, store)
        engine = Engine(Judged(), session, ThreadExecutor(8))
        outcomes = engine.run([job("say: good", n) for n in range(12)])
        assert all(o.correct for o in outcomes)
        assert model.judged == ["JUDGE good"]
    with _store(tmp_path) as store:  # And never again in a run that goes on.
        again = Model("m", EndpointError("nobody should ask"))
        assert run_rollout(Judged(), Session(again, store), job("say: good", 99)).correct


def test_a_judge_that_fails_leaves_the_episode_missing_and_is_asked_again(tmp_path: Path) -> None:
    model = Model(fault=EndpointError("it is gone"))
    with _store(tmp_path) as store:
        outcome = run_rollout(Judged(), Session(model, store), job("say: good"))
    assert outcome.is_error
    assert outcome.error == "the judge failed: connection: it is gone"
    with _store(tmp_path) as store:
        assert run_rollout(Judged(), Session(Model(), store), job("say: good")).correct


def test_a_judge_that_can_never_answer_stops_the_run() -> None:
    fault = AgentSetupError("wrong key")
    with pytest.raises(AgentSetupError):
        run_rollout(Judged(), Session(Model(fault=fault)), job("say: good"))


def test_asking_the_same_twice_in_one_episode_is_two_calls(tmp_path: Path) -> None:
    model = Model()
    with _store(tmp_path) as store:
        for _ in range(2):
            judge = Session(model, store).judging.agent()
            for _ in range(2):
                judge.inference([{"role": "user", "content": "JUDGE it"}])
            assert judge.usage.calls == 2
    assert len(model.judged) == 2


class _store:
    def __init__(self, folder: Path) -> None:
        self._store = CallStore(folder / "calls.sqlite")

    def __enter__(self) -> CallStore:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


class Measured(Judged):
    """Tells how long answers are, where they are short."""

    def metrics(self, sample: Sample, rollout: Rollout) -> dict[str, float]:
        length = len(rollout.answer or "")
        return {"length": length} if length < 6 else {}


def test_further_measures_are_averaged_over_the_episodes_that_have_them() -> None:
    engine = Engine(Measured(), Session(Model()), ThreadExecutor(1))
    texts = ["say: good", "say: go", "say: long answer"]
    outcomes = engine.run([job(text, n) for n, text in enumerate(texts)])
    assert [o.metrics for o in outcomes] == [{"length": 4}, {"length": 2}, {}]
    assert score(outcomes).to_json()["metrics"] == {"length": 3}
    assert [row.get("metrics") for row in brief(outcomes)] == [{"length": 4}, {"length": 2}, None]


def test_models_are_backends() -> None:
    assert isinstance(Model(), Backend)
