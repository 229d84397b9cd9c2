"""The whole loop on a toy: what it learns, what it refuses, and what every switch changes."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp import Method, run_method
from grasp.contracts import (
    Agent,
    Completion,
    EndpointError,
    ModelCall,
    Rollout,
    Sample,
    TaskError,
)
from grasp.methods import Batch, Context
from grasp.skills import Skill, SkillAgent, SkillLibrary, load_library
from grasp.skills.skill import Provenance

from ..toys import EASY, KINDS, Model, Toy, add, events, journal, run_toy


def test_it_learns_and_keeps_the_best(tmp_path: Path) -> None:
    result, log = run_toy(tmp_path / "r", Model())
    summary = result.summary()
    assert (summary["baseline_val"], summary["val_curve"]) == (pytest.approx(1 / 3), [1.0, 1.0])
    assert summary["test"] == {"learned": 1.0, "no_skills": pytest.approx(1 / 3)}
    assert summary["ood"] == {"learned": 1.0, "no_skills": pytest.approx(1 / 3)}
    assert sorted(summary["skills"]) == ["rule-blue", "rule-red"]
    assert result.learning is not None
    assert result.learning.best_epoch == 0  # equal scores later do not replace it
    learned = load_library(tmp_path / "r" / "skills" / "final")
    assert learned == load_library(tmp_path / "r" / "skills" / "best")
    first = events(log, "update")[0]
    skill = next(s for s in learned if s.name == first["accepted"].removeprefix("ADD "))
    counts = first["candidates"][0]["counts"]
    origin = skill.provenance
    assert isinstance(origin, Provenance)
    assert (origin.epoch, origin.cycle, origin.action) == (0, 0, "ADD")
    assert (origin.probe_score, origin.fixes) == (counts["adjusted"], counts["fixes"])
    kind = skill.name.removeprefix("rule-")
    assert origin.samples
    assert all(i in {f["id"] for f in first["failures"]} for i in origin.samples)
    assert all(
        f["label"] == f"lacks_{kind}_rule" for f in first["failures"] if f["id"] in origin.samples
    )


def test_the_same_run_again_is_the_same_to_the_byte_of_its_decisions(tmp_path: Path) -> None:
    logs = []
    for name, concurrency in (("a", 1), ("b", 7)):
        _, log = run_toy(tmp_path / name, Model(noise=20), concurrency=concurrency)
        logs.append([{k: v for k, v in e.items() if k != "time"} for e in log])
    assert logs[0] == logs[1]


class _Meeting(Toy):
    """The last episode of a validation waits until one of the batch after it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.met: list[bool] = []
        self._dev_began = threading.Event()

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        if str(sample["id"]).startswith("dev"):
            self._dev_began.set()
        elif sample["id"] == "val-4":
            self._dev_began.clear()
        elif sample["id"] == "val-5":
            self.met.append(self._dev_began.wait(0.5))
        return super().rollout(sample, agent)


def test_the_next_batch_does_not_wait_for_a_validation(tmp_path: Path) -> None:
    task = _Meeting()
    _, log = run_toy(tmp_path / "r", Model(), task, concurrency=4)
    assert task.met == [True, True, False]  # Nothing follows the last one.
    order = [e["event"] for e in log]
    assert order.index("validation") < order.index("batch")


def test_labels_and_diagnoses_are_asked_for_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=10)

    class Together(Model):
        def complete(self, call: ModelCall) -> Completion:
            if call.scope.split("#")[0].endswith(("/classify", "/diagnose")):
                both.wait()
            return super().complete(call)

    _, log = run_toy(tmp_path / "r", Together(), epochs=1)
    assert events(log, "update")


def test_another_seed_shuffles_otherwise(tmp_path: Path) -> None:
    orders = set()
    for seed in (1, 2):
        _, log = run_toy(tmp_path / str(seed), Model(), seed=seed, epochs=1)
        orders.add(tuple(s["id"] for b in events(log, "batch") for s in b["samples"]))
    assert len(orders) == 2
    assert len({tuple(sorted(o)) for o in orders}) == 1


def test_the_sealed_splits_are_run_once_at_the_end(tmp_path: Path) -> None:
    task, model = Toy(), Model()
    run_toy(tmp_path / "r", model, task)
    sealed = [i for i in task.rolled if i.startswith(("test", "ood"))]
    assert sorted(sealed) == sorted(
        [f"test-{n}" for n in range(6)] * 2 + [f"ood-{n}" for n in range(3)] * 2
    )
    assert task.rolled[-len(sealed) :] == sealed
    # No writer ever saw anything of them, nor of the validation split.
    for call in model.calls:
        if call.schema is not None:
            assert not re.search(r"\b(test|ood|val)-?\s?\d", json.dumps(call.messages))


def test_nothing_learned_means_one_test_run(tmp_path: Path) -> None:
    task = Toy()
    result, log = run_toy(tmp_path / "r", Model(lambda p, c: []), task, epochs=1)
    assert [e["arm"] for e in events(log, "test")] == ["no_skills", "no_skills"]
    assert result.summary()["test"] == {
        "learned": pytest.approx(1 / 3), "no_skills": pytest.approx(1 / 3),
    }  # fmt: skip
    assert sum(i.startswith("test") for i in task.rolled) == 6
    assert list((tmp_path / "r" / "skills" / "final").iterdir()) == []


def test_the_best_checkpoint_wins_over_a_later_worse_one(tmp_path: Path) -> None:
    """Without a gate a poisonous edit gets in; validation must bring the better library back."""
    poison = add("all", *(f"POISON {k}" for k in KINDS), name="poison")

    def propose(prompt: str, call: ModelCall) -> Any:
        return {"e0/b0": [add("red")], "e1/b0": [poison]}.get(call.scope[:5], [])

    result, log = run_toy(tmp_path / "r", Model(propose), no_gate=True)
    summary = result.summary()
    assert summary["val_curve"] == [pytest.approx(2 / 3), 0.0]
    assert [e["best"] for e in events(log, "validation")[1:]] == [True, False]
    assert (summary["best_val"], summary["skills"]) == (pytest.approx(2 / 3), ["rule-red"])
    assert summary["test"]["learned"] == pytest.approx(2 / 3)
    for folder in ("best", "final"):
        assert load_library(tmp_path / "r" / "skills" / folder).names == ("rule-red",)


def test_at_most_ten_triggering_samples_are_kept(tmp_path: Path) -> None:
    _, log = run_toy(
        tmp_path / "r", Model(), Toy(("red",), dev=15), epochs=1, batch_size=15
    )  # fmt: skip
    update = events(log, "update")[0]
    assert len(update["failures"]) == 15
    kept = update["library"][0]["provenance"]["samples"]
    assert kept == [f["id"] for f in update["failures"]][:10]


def test_no_epoch_above_zero_keeps_the_last_library(tmp_path: Path) -> None:
    result, _ = run_toy(
        tmp_path / "r",
        Model(lambda p, c: [add("x", "Nothing.", name="idle")]),
        Toy(("red", "blue")),
        no_gate=True,
        epochs=1,
    )
    assert result.learning is not None
    assert result.learning.best_epoch is None
    assert result.summary()["best_val"] == 0.0


# -- the gate in the loop -----------------------------------------------------------------

rules = st.lists(
    st.tuples(st.sampled_from(["RULE", "POISON", "INVALID", "Say"]), st.sampled_from(KINDS)).map(
        " ".join
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25)
@given(st.lists(rules, min_size=4, max_size=4), st.integers(0, 5))
def test_a_harmful_edit_is_never_accepted_on_a_deterministic_endpoint(
    tmp_path_factory: pytest.TempPathFactory, several: list[list[str]], seed: int
) -> None:
    """Whatever is proposed: what gets in never lowers the solved share of its probe."""

    def propose(prompt: str, call: ModelCall) -> Any:
        number = int(call.scope.rsplit("/", 1)[1].split("#")[0])
        chosen = several[(number + len(call.scope)) % 4]
        return [add("red", *chosen, name=f"s-{call.scope[:5].replace('/', '-')}-{number}")]

    home = tmp_path_factory.mktemp("h")
    result, log = run_toy(home / "r", Model(propose), seed=seed, contrastive_revision=False)
    for update in events(log, "update"):
        if not update.get("accepted"):
            continue
        won = update["candidates"][update["winner"]]
        base = update["baseline"]
        assert sum(won["outcomes"].values()) > sum(base.values())
        lost = [i for i in base if base[i] and not won["outcomes"][i]]
        failing = set(update["probe"]["failing"])
        assert not [i for i in lost if i not in failing]
    curve = result.summary()["val_curve"]
    assert result.summary()["best_val"] == max(curve)


def test_a_no_op_candidate_is_rejected_without_a_paid_difference(tmp_path: Path) -> None:
    """MODIFY with the same text shows the model nothing new, so it has shown nothing."""
    state: dict[str, Any] = {}

    def propose(prompt: str, call: ModelCall) -> Any:
        if call.scope.startswith("e0/b0"):
            return [add("red")]
        return [{**add("red"), "action": "MODIFY"}]

    _, log = run_toy(tmp_path / "r", Model(propose, noise=40), epochs=1, candidates=1)
    state["later"] = [e for e in events(log, "update")[1:] if e.get("candidates")]
    accepted = events(log, "update")[0]["accepted"]
    for update in state["later"] if accepted else []:
        one = update["candidates"][0]
        assert not one["exposed"]
        assert one["verdict"] == "reject"
        assert "different skill" in one["reason"]


def test_a_skill_that_is_never_shown_is_not_accepted_even_under_noise(tmp_path: Path) -> None:
    """Three skills fill the prompt; a fourth that ranks lower is judged on noise alone."""

    class Fresh(Model):
        def complete(self, call: ModelCall) -> Any:
            made = super().complete(call)
            if call.schema is None and "probe/c" in call.scope:
                # Every candidate rollout is lucky: only exposure can tell.
                kind = re.findall(r"(\w+) item", str(call.messages[-1]["content"]))[-1]
                return type(made)(f"SAY {kind}-word", made.usage)
            return made

    model = Fresh()
    task = Toy()
    result, log = run_toy(tmp_path / "lucky", model, task, epochs=1, candidates=1)
    assert events(log, "update")[0]["accepted"]  # shown, so the luck counts

    class NoUser(Toy):
        def rollout(self, sample: Sample, agent: Any) -> Rollout:
            said = agent.inference([{"role": "system", "content": sample["instruction"]}])
            return Rollout([], [said], said[4:])

    result, log = run_toy(tmp_path / "hidden", Fresh(), NoUser(), epochs=1, candidates=1)
    assert result.summary()["skills"] == []
    for update in events(log, "update"):
        assert [c["verdict"] for c in update["candidates"]] == ["indecisive"]
        assert update["candidates"][0]["counts"]["adjusted"] > 0


def test_the_swap_is_probed_and_applied_as_a_pair(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        if "## old " not in prompt and "## rule-" not in prompt:
            return [add("red", "RULE red", name="old")]
        return [{"action": "REMOVE", "name": "old"}, add("both", "RULE red", "RULE blue")]

    result, log = run_toy(
        tmp_path / "r", Model(propose), max_skills=1, epochs=2, candidates=1, batch_size=12
    )
    assert result.summary()["skills"] == ["rule-both"]
    swap = events(log, "update")[1]
    assert swap["accepted"] == "REMOVE old + ADD rule-both"
    assert len(swap["candidates"]) == 1
    history = sorted(p.name for p in (tmp_path / "r" / "skills" / "history").iterdir())
    assert history == ["001-e0-b0", "002-e1-b0"]
    # As in the original: each edit a candidate of its own, so a full library can't swap.
    result, log = run_toy(
        tmp_path / "split", Model(propose), max_skills=1, epochs=2, candidates=1,
        batch_size=12, split_pairs=True,
    )  # fmt: skip
    assert [c["title"] for c in events(log, "update")[1]["candidates"]] == ["REMOVE old"]
    assert result.summary()["skills"] == ["old"]


# -- contrastive revision -----------------------------------------------------------------


def revising(narrowed: Any) -> Model:
    """Proposes a rule that harms green items at noise-free cost; ``narrowed`` is the revision."""

    def propose(prompt: str, call: ModelCall) -> Any:
        if "/revise" in call.scope:
            return narrowed
        return [add("red", "RULE red", "RULE blue", "POISON green", name="wide")]

    return Model(propose)


REVISE = {"epochs": 1, "batch_size": 12, "probe_size": 12, "candidates": 1}


def test_a_winner_that_breaks_something_is_narrowed(tmp_path: Path) -> None:
    model = revising([add("red", "RULE red", "RULE blue", name="wide")])
    result, log = run_toy(tmp_path / "r", model, regression_gate=False, **REVISE)
    update = events(log, "update")[0]
    assert update["candidates"][0]["verdict"] == "revise"
    assert update["candidates"][0]["counts"]["regressions"] == 4
    assert update["revision"]["accepted"] is True
    assert update["revision"]["counts"]["regressions"] == 0
    assert result.summary()["val_curve"] == [1.0]
    prompt = json.dumps(next(c for c in model.calls if "/revise" in c.scope).messages)
    assert "POISON green" in prompt
    regressed = {i for i, ok in update["candidates"][0]["outcomes"].items() if not ok}
    assert all(i in prompt for i in regressed)


def test_a_revision_over_the_budget_is_refused_even_if_it_scores_higher(tmp_path: Path) -> None:
    wide = ["RULE red", "RULE blue", "POISON green", "POISON lime"]

    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("x", *(wide[:3] if "/revise" in call.scope else wide), name="wide")]

    task = Toy(("red", "blue", "red", "green", "lime"), dev=10, val=5)
    _, log = run_toy(tmp_path / "r", Model(propose), task, regression_gate=False, **REVISE)
    update = events(log, "update")[0]
    before, after = update["candidates"][0]["counts"], update["revision"]["counts"]
    assert (before["adjusted"], after["adjusted"]) == (2, 4)
    assert (after["regressions"], after["baseline_regressions"]) == (2, 0)
    assert update["revision"]["accepted"] is False
    assert "POISON lime" in update["library"][0]["body"]


@pytest.mark.parametrize(
    ("narrowed", "problem"),
    [
        ([], None),
        ([add("red", "RULE red", "POISON green", name="wide")], None),  # no better
        ([add("red", "RULE red", name="other")], "another skill"),
        ([{"action": "REMOVE", "name": "wide"}], "another skill"),
        ([{**add("red", name="wide"), "content": ""}], "content is empty"),
    ],
)
def test_a_revision_that_is_no_better_leaves_the_winner(
    tmp_path: Path, narrowed: Any, problem: str | None
) -> None:
    result, log = run_toy(tmp_path / "r", revising(narrowed), regression_gate=False, **REVISE)
    update = events(log, "update")[0]
    assert update["revision"]["accepted"] is False
    assert "POISON green" in update["library"][0]["body"]
    assert result.summary()["skills"] == ["wide"]
    if problem:
        assert problem in " ".join(update["revision"]["problems"])


def test_a_revision_that_cannot_be_read_or_made_leaves_the_winner(tmp_path: Path) -> None:
    for number, text in enumerate(["no json here", None]):
        model = revising([])

        def answer(call: ModelCall, text: str | None = text) -> str | None:
            if "/revise" in call.scope:
                if text is None:
                    raise EndpointError("gone", kind="server")
                return text
            return None

        model.answer = answer
        _, log = run_toy(tmp_path / str(number), model, regression_gate=False, **REVISE)
        assert events(log, "update")[0]["accepted"] == "ADD wide"
        assert events(log, "update")[0]["revision"]["problems"]


def test_revision_can_be_switched_off(tmp_path: Path) -> None:
    model = revising([add("red", "RULE red", name="wide")])
    _, log = run_toy(
        tmp_path / "r", model, regression_gate=False, contrastive_revision=False, **REVISE
    )
    assert "revision" not in events(log, "update")[0]
    assert not model.scopes("/revise")


def test_a_swap_in_a_full_library_can_be_revised(tmp_path: Path) -> None:
    """The REMOVE that makes room belongs to the revision as well."""

    def propose(prompt: str, call: ModelCall) -> Any:
        if "/revise" in call.scope:
            return [add("both", "RULE red", "RULE blue")]
        if call.scope.startswith("e0"):
            return [add("red", "RULE red", name="old")]
        swap = add("both", "RULE red", "RULE blue", "POISON green")
        return [{"action": "REMOVE", "name": "old"}, swap]

    task = Toy(("red", "blue", "blue", "blue", "green"), dev=20, val=5)
    result, log = run_toy(
        tmp_path / "r", Model(propose), task, max_skills=1, candidates=1, batch_size=20,
        probe_size=20, regression_gate=False,
    )  # fmt: skip
    update = events(log, "update")[1]
    assert update["revision"]["problems"] == []
    assert update["revision"]["accepted"] is True
    assert update["accepted"] == "REMOVE old + ADD rule-both"
    assert result.summary()["skills"] == ["rule-both"]
    assert result.summary()["val_curve"][-1] == 1.0


# -- collapse ------------------------------------------------------------------------------


def collapsing(prompt: str, call: ModelCall) -> Any:
    poison = add("all", *(f"POISON {k}" for k in KINDS), name="poison")
    return [add("red", name="good")] if call.scope.startswith("e0/b0") else [poison]


def test_a_collapse_removes_the_newest_skill(tmp_path: Path) -> None:
    _, log = run_toy(tmp_path / "r", Model(collapsing), no_gate=True, epochs=3)
    recovered = events(log, "collapse")
    assert recovered[0]["skill"] == "poison"
    assert recovered[0]["accepted"] is True
    assert recovered[0]["counts"]["adjusted"] > 0
    assert recovered[0]["epoch"] == 1  # never in the first epoch
    after = next(e for e in events(log, "validation") if e["epoch"] == 1)
    assert [s["name"] for s in after["skills"]] == ["good"]
    kept = next((tmp_path / "r" / "skills" / "history").glob("*-e1-collapse"))
    assert [f.name for f in kept.iterdir()] == ["good.md"]


def test_a_collapse_that_removing_does_not_mend_keeps_the_skill(tmp_path: Path) -> None:
    task = Toy(("red", "blue"))
    model = Model(lambda p, c: [add("x", "Nothing.", name="idle")] if c.scope < "e0/b1" else [])
    _, log = run_toy(tmp_path / "r", model, task, no_gate=True, epochs=2)
    assert [(e["skill"], e["accepted"]) for e in events(log, "collapse")] == [("idle", False)]


def test_the_collapse_threshold(tmp_path: Path) -> None:
    _, log = run_toy(
        tmp_path / "r", Model(collapsing), no_gate=True, epochs=3, collapse_threshold=0
    )
    assert events(log, "collapse") == []


# -- switches of section 1 ------------------------------------------------------------------


@pytest.mark.parametrize("candidates", [1, 4])
def test_no_gate_applies_the_first_valid_proposal_unprobed(tmp_path: Path, candidates: int) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        number = call.scope.rsplit("/", 1)[1].split("#")[0]
        return (
            []
            if number == "0" and candidates > 1
            else [add("x", "POISON green", name=f"n-{number}")]
        )

    model = Model(propose)
    result, log = run_toy(tmp_path / "r", model, no_gate=True, epochs=1, candidates=candidates)
    assert not model.scopes("/probe/")
    expected = "n-1" if candidates > 1 else "n-0"
    assert events(log, "update")[0]["accepted"] == f"ADD {expected}"
    assert "probe" not in events(log, "update")[0]
    assert result.learning is not None
    first = events(log, "update")[0]["library"][0]
    assert first["provenance"]["probe_score"] is None


def test_blind_select_by_the_proposer_model(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("x", name=f"n-{call.scope.rsplit('/', 1)[1].split('#')[0]}")]

    for number, (answer, expected) in enumerate(
        [
            ('{"choice": 2}', "n-2"),
            ('{"choice": 9}', "n-0"),
            ("none", "n-0"),
            ('{"choice": "x"}', "n-0"),
        ]
    ):
        model = Model(propose)
        model.answer = lambda c, answer=answer: (  # type: ignore[misc]
            answer if c.schema and "choice" in c.schema["properties"] else None
        )
        _, log = run_toy(
            tmp_path / str(number), model, blind_select="proposer", epochs=1, candidates=3
        )
        assert events(log, "update")[0]["accepted"] == f"ADD {expected}"
        assert not model.scopes("/probe/")
        assert len(model.asked("choice")) == 2
        shown = str(model.asked("choice")[0].messages)
        assert all(f"ADD n-{n}" in shown for n in range(3))


def test_blind_select_at_random_depends_on_the_seed_alone(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("x", name=f"n-{call.scope.rsplit('/', 1)[1].split('#')[0]}")]

    chosen = {}
    for run in range(2):
        for seed in range(6):
            model = Model(propose)
            _, log = run_toy(
                tmp_path / f"{run}-{seed}", model, blind_select="random", epochs=1,
                candidates=3, seed=seed,
            )  # fmt: skip
            assert not model.scopes("/probe/")
            title = events(log, "update")[0]["accepted"]
            assert chosen.setdefault(seed, title) == title
    assert len(set(chosen.values())) > 1


def test_fixes_only_and_no_reggate_reach_the_gate(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("red", "RULE red", "POISON green")]

    options = {"epochs": 1, "batch_size": 12, "probe_size": 12, "candidates": 1,
               "contrastive_revision": False, "curtail": False}  # fmt: skip
    scores = {}
    for name, switches in {
        "paper": {},
        "fixes_only": {"fixes_only": True},
        "no_reggate": {"regression_gate": False},
        "both": {"regression_gate": False, "fixes_only_scoring": True},
    }.items():
        _, log = run_toy(tmp_path / name, Model(propose), **{**options, **switches})
        update = events(log, "update")[0]
        scores[name] = (update["candidates"][0]["counts"]["adjusted"], update["accepted"])
    failing = 3  # red items in a probe of 6 failing ones, 3 of each kind
    assert scores["paper"] == (failing - 4, None)
    assert scores["fixes_only"] == (failing, None)  # the budget holds
    assert scores["no_reggate"] == (failing - 4, None)
    assert scores["both"] == (failing, "ADD rule-red")


def test_the_penalty_reaches_the_gate(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("red", "INVALID green")]

    for penalty in (1, 2, 4):
        _, log = run_toy(
            tmp_path / str(penalty), Model(propose), epochs=1, batch_size=12, probe_size=12,
            candidates=1, invalid_action_penalty=penalty, curtail=False,
        )  # fmt: skip
        counts = events(log, "update")[0]["candidates"][0]["counts"]
        assert counts["invalid_action_regressions"] == 4
        assert counts["adjusted"] == -4 * penalty
        assert len(events(log, "update")[0]["candidates"][0]["invalid_actions"]) == 4


def test_append_only(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        if call.scope.startswith("e0/b0"):
            return [add("red")]
        return [{"action": "REMOVE", "name": "rule-red"}]

    model = Model(propose)
    _, log = run_toy(tmp_path / "r", model, append_only=True, epochs=1, candidates=1)
    update = events(log, "update")[1]
    assert update["candidates"] == []
    assert "only ADD" in " ".join(update["proposals"][0]["problems"])
    schema = model.asked("edits")[-1].schema
    assert schema is not None
    assert schema["properties"]["edits"]["items"]["properties"]["action"]["enum"] == ["ADD"]


def test_without_clustering_every_proposal_sees_the_whole_batch(tmp_path: Path) -> None:
    for cluster in (True, False):
        model = Model()
        run_toy(tmp_path / str(cluster), model, cluster_failures=cluster, epochs=1, batch_size=12)
        prompts = [str(c.messages[0]["content"]) for c in model.asked("edits")]
        groups = {re.search(r'failure group "(\w+)"', p).group(1) for p in prompts}  # type: ignore[union-attr]
        assert groups == ({"lacks_red_rule", "lacks_blue_rule"} if cluster else {"unknown"})
        for prompt in prompts:
            own = set(re.findall(r"### (dev-\d+) \(WRONG", prompt))
            others = set(re.findall(r"^- (dev-\d+) \[", prompt, re.MULTILINE))
            assert len(own | others) == 8
            assert not own & others
            assert len(others) == (4 if cluster else 0)


def test_proposal_k_is_about_group_k_modulo_groups(tmp_path: Path) -> None:
    model = Model()
    run_toy(tmp_path / "r", model, Toy(("red", "red", "blue", "green")), epochs=1, batch_size=12,
            candidates=5)  # fmt: skip
    found = {
        c.scope: re.search(r'failure group "(\w+)"', str(c.messages[0]["content"])).group(1)  # type: ignore[union-attr]
        for c in model.asked("edits")
    }
    expected = ["lacks_red_rule", "lacks_blue_rule"]  # the larger group first
    assert found == {f"e0/b0/propose/{k}#0": expected[k % 2] for k in range(5)}
    update = events(journal(tmp_path / "r"), "update")[0]
    assert [p["group"] for p in update["proposals"]] == [expected[k % 2] for k in range(5)]


def test_without_a_baseline_there_is_none(tmp_path: Path) -> None:
    task = Toy()
    result, log = run_toy(tmp_path / "r", Model(), task, run_baseline=False)
    summary = result.summary()
    assert summary["baseline_val"] is None
    assert summary["test"] == {"learned": 1.0}
    assert not [e for e in events(log, "validation") if e["epoch"] == "baseline"]


def test_no_epochs(tmp_path: Path) -> None:
    result, log = run_toy(tmp_path / "r", Model(), epochs=0)
    assert result.summary()["val_curve"] == []
    assert result.summary()["best_val"] is None
    assert [e["event"] for e in log] == ["run", "validation", "test", "test", "finished"]


def test_the_probe_comes_from_where_the_method_says(tmp_path: Path) -> None:
    model = Model(lambda p, c: [])
    _, log = run_toy(tmp_path / "r", model, epochs=2)
    updates = events(log, "update")
    assert [u["probe"]["source"] for u in updates] == [
        "same_batch", "earlier_batches", "previous_epoch", "earlier_batches",
    ]  # fmt: skip
    batches = [{s["id"] for s in b["samples"]} for b in events(log, "batch")]
    sources = [batches[0], batches[0], batches[0] | batches[1], batches[2]]
    for update, source in zip(updates, sources, strict=True):
        assert set(update["probe"]["samples"]) <= source
    # Nothing was proposed, so nothing was probed.
    assert not model.scopes("/probe/")


def test_the_holdout_probe(tmp_path: Path) -> None:
    task, model = Toy(probe=9), Model()
    _, log = run_toy(tmp_path / "r", model, task, probe_source="holdout", epochs=1)
    for update in events(log, "update"):
        assert update["probe"]["source"] == "holdout"
        assert all(i.startswith("probe-") for i in update["probe"]["samples"])
    assert len(model.scopes("e0/b0/probe/labels")) == 9
    with pytest.raises(TaskError, match="no split 'probe'"):
        run_toy(tmp_path / "none", Model(), Toy(), probe_source="holdout")


def test_the_updates_baseline_is_run_afresh(tmp_path: Path) -> None:
    """method.md, section 5: the labelling rollout is never the baseline on a noisy endpoint."""
    model = Model()
    run_toy(tmp_path / "r", model, epochs=1)
    assert model.scopes("e0/b0/probe/baseline/")
    repeated = {str(c.messages) for c in model.calls if "/b0/dev/" in c.scope} & {
        str(c.messages) for c in model.calls if "/b0/probe/baseline/" in c.scope
    }
    assert repeated  # the same prompt, paid again
    memoised = Model()
    result, _ = run_toy(tmp_path / "m", memoised, epochs=1, run={"config": {"deterministic": True}})
    assert result.summary()["calls"]["memoised"] > 0
    prompts = [(str(c.messages), str(c.schema)) for c in memoised.calls]
    assert len(set(prompts)) == len(prompts)


# -- the writer ----------------------------------------------------------------------------


def test_no_update_where_nothing_failed(tmp_path: Path) -> None:
    model = Model()
    _, log = run_toy(tmp_path / "r", model, Toy(EASY), epochs=1)
    assert [u["skipped"] for u in events(log, "update")] == ["nothing failed"] * 2
    assert not [c for c in model.calls if c.schema]


def test_classification_is_retried_once_with_short_actions(tmp_path: Path) -> None:
    class Wordy(Toy):
        def rollout(self, sample: Sample, agent: Any) -> Rollout:
            rollout = super().rollout(sample, agent)
            rollout.agent_actions = ["A" * 400]
            return rollout

    model = Model()
    model.answer = lambda c: (
        "sorry"
        if c.schema and "labels" in c.schema["properties"] and c.scope.endswith("#0")
        else None
    )
    _, log = run_toy(tmp_path / "r", model, Wordy(), epochs=1)
    first, second = model.asked("labels")[:2]
    assert (first.scope, second.scope) == ("e0/b0/classify#0", "e0/b0/classify#1")
    assert "A" * 400 in str(first.messages)
    assert "A" * 159 + "…" in str(second.messages)
    assert "A" * 160 not in str(second.messages)
    assert {f["label"] for f in events(log, "update")[0]["failures"]} <= {
        "lacks_red_rule",
        "lacks_blue_rule",
    }


@pytest.mark.parametrize("how", ["text", "fault"])
def test_without_labels_and_diagnoses_it_goes_on(tmp_path: Path, how: str) -> None:
    model = Model()

    def answer(call: ModelCall) -> str | None:
        if call.schema and {"labels", "diagnoses"} & set(call.schema["properties"]):
            if how == "fault":
                raise EndpointError("gone", kind="server")
            return "I can't."
        return None

    model.answer = answer
    result, log = run_toy(tmp_path / "r", model)
    assert len(model.asked("labels")) == 2 * len([u for u in events(log, "update") if "probe" in u])
    update = events(log, "update")[0]
    assert {(f["label"], f["diagnosis"]) for f in update["failures"]} == {("", "")}
    assert {p["group"] for p in update["proposals"]} == {"unknown"}
    assert result.summary()["best_val"] == 1.0


def test_classify_and_diagnose_can_be_switched_off(tmp_path: Path) -> None:
    model = Model()
    run_toy(tmp_path / "r", model, classify=False, diagnose=False)
    assert not model.asked("labels")
    assert not model.asked("diagnoses")


def test_known_labels_are_offered_again(tmp_path: Path) -> None:
    model = Model(lambda p, c: [])
    run_toy(tmp_path / "r", model, epochs=2)
    first, *_, last = model.asked("labels")
    assert "Labels already in use" not in str(first.messages)
    assert "- lacks_red_rule: " in str(last.messages)
    assert "forgot_the_rule" in str(first.messages)


def test_unusable_proposals_are_journaled_and_others_still_count(tmp_path: Path) -> None:
    model = Model()

    def answer(call: ModelCall) -> str | None:
        if "/propose/0" in call.scope:
            return "I would rather not."
        if "/propose/1" in call.scope:
            raise EndpointError("busy", kind="rate_limit")
        if "/propose/2" in call.scope:
            return json.dumps(
                [{"action": "BURN", "name": "x"}, {"action": "MODIFY", "name": "none"}]
            )
        return None

    model.answer = answer
    _, log = run_toy(tmp_path / "r", model, epochs=1, candidates=4, batch_size=12)
    update = events(log, "update")[0]
    problems = [" | ".join(p["problems"]) for p in update["proposals"]]
    assert "no JSON" in problems[0]
    assert problems[1] == "rate_limit: busy"
    assert "unknown action 'BURN'" in problems[2]
    assert problems[3] == ""
    assert len(update["candidates"]) == 1
    assert update["candidates"][0]["proposal"] == 3


def test_equal_proposals_are_one_candidate(tmp_path: Path) -> None:
    model = Model(lambda p, c: [{**add("red"), "reason": c.scope}])
    _, log = run_toy(tmp_path / "r", model, epochs=1, candidates=4)
    assert len(events(log, "update")[0]["candidates"]) == 1


def test_rejected_edits_are_shown_to_the_writer(tmp_path: Path) -> None:
    model = Model(lambda p, c: [add("red", "POISON green", name="harm")])
    _, log = run_toy(tmp_path / "r", model, epochs=1, candidates=1)
    assert events(log, "update")[0]["accepted"] is None
    first, second = model.asked("edits")
    assert "tried and rejected" not in str(first.messages)
    assert "ADD harm (it " in str(second.messages)


def test_a_fatal_writer_error_ends_the_run(tmp_path: Path) -> None:
    from grasp.contracts import AgentSetupError

    for number, part in enumerate(["/classify", "/diagnose", "/propose/", "/select", "/revise"]):
        model = revising([]) if part == "/revise" else Model()

        def fault(call: ModelCall, part: str = part) -> None:
            if part in call.scope:
                raise AgentSetupError("no such model")

        model.fault = fault
        switches: dict[str, Any] = {"blind_select": "proposer"} if part == "/select" else {}
        if part == "/revise":
            switches = {**REVISE, "regression_gate": False}
        with pytest.raises(AgentSetupError, match="no such model"):
            run_toy(tmp_path / str(number), model, **switches)


# -- faults --------------------------------------------------------------------------------


def test_faults_are_counted_openly_and_are_no_evidence(tmp_path: Path) -> None:
    model = Model()

    def fault(call: ModelCall) -> None:
        if "/dev-4#" in call.scope or "/val-1#" in call.scope or "/probe/c0/dev-5#" in call.scope:
            raise EndpointError("busy", kind="server")

    model.fault = fault
    result, log = run_toy(tmp_path / "r", model)
    for batch in events(log, "batch"):
        lost = [s for s in batch["samples"] if s["status"] == "error"]
        assert batch["errors"] == len(lost)
        assert all(s["error"] == "server: busy" and s["id"] == "dev-4" for s in lost)
    for validation in events(log, "validation"):
        assert validation["errors"] == 1
        assert validation["total"] == 6
    assert result.summary()["val_curve"][-1] == pytest.approx(5 / 6)
    for update in events(log, "update"):
        if "probe" in update:
            assert "dev-4" not in update["probe"]["samples"]
            assert "dev-4" not in [f["id"] for f in update["failures"]]
    prompts = str([c.messages for c in model.calls if c.schema])
    assert "dev-4 " not in prompts
    assert "busy" not in prompts


def test_an_empty_split_is_one_clear_error(tmp_path: Path) -> None:
    for split in ("dev", "val"):
        with pytest.raises(TaskError, match=f"no samples in the split '{split}'"):
            run_toy(tmp_path / split, Model(), Toy(KINDS, **{split: 0}))


def test_no_skills_evaluates_once(tmp_path: Path) -> None:
    task = Toy()
    result, _ = run_toy(tmp_path / "r", Model(), task, run={"config": {"method": "no-skills"}})
    assert not [i for i in task.rolled if i.startswith("dev")]
    assert result.summary()["baseline_val"] == result.summary()["best_val"] == pytest.approx(1 / 3)
    assert len(task.rolled) == 6 + 6 + 3


class Counter(Method):
    """Counts what it saw, which no agent is shown."""

    name = "counter"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seen = 0

    def learn(self, batch: Batch, context: Context) -> None:
        self.seen += 1

    def state(self) -> int:
        return self.seen

    def load(self, state: Any) -> None:
        self.seen = state


class Unseen(Counter):
    def is_bare(self, empty: Any) -> bool:
        return True


class Headed(Counter):
    def wrap(self, agent: Agent) -> Agent:
        return SkillAgent(agent, SkillLibrary((Skill("s", "d", "HEADER"),)), self.task)

    def bare(self, agent: Agent) -> Agent:
        return agent


@pytest.mark.parametrize(
    ("method", "arms", "headed"),
    [
        (Counter, ["learned", "no_skills"], False),
        (Unseen, ["no_skills"], False),
        (Headed, ["learned", "no_skills"], True),
    ],
)
def test_a_method_says_whether_what_it_learned_is_seen(
    method: type[Method], arms: list[str], headed: bool, tmp_path: Path
) -> None:
    model = Model()
    config = {"cycle": {"epochs": 1}}
    result = run_method(method, Toy(), config, agent=model, run_dir=tmp_path / "r")
    tests = events(journal(tmp_path / "r"), "test")
    assert [e["arm"] for e in tests] == arms * 2
    assert set(result.summary()["test"]) == {"learned", "no_skills"}
    for arm in arms:
        calls = [c for c in model.calls if c.scope.startswith(f"test/{arm}/")]
        assert any("HEADER" in str(c.messages) for c in calls) == (headed and arm == "learned")


def test_without_any_sample_that_ran_there_is_no_probe(tmp_path: Path) -> None:
    """Batches of one: the first can't be run, so the second has nothing to be probed on."""
    model = Model()
    first: list[str] = []

    def fault(call: ModelCall) -> None:
        if call.scope.startswith("e0/b0/dev/"):
            first.append(call.scope)
            raise EndpointError("busy")

    model.fault = fault
    _, log = run_toy(tmp_path / "r", model, Toy(("red", "blue"), dev=3), epochs=1, batch_size=1)
    assert len(first) == 1
    assert [u.get("skipped") for u in events(log, "update")] == [
        "nothing failed", "no samples to probe on", None,
    ]  # fmt: skip
    assert not [c for c in model.asked("labels") if c.scope.startswith(("e0/b0", "e0/b1"))]


def test_a_collapse_of_faults_alone_removes_nothing(tmp_path: Path) -> None:
    model = Model()

    def fault(call: ModelCall) -> None:
        if call.scope.startswith(("e1/b0/dev", "e1/b1/dev")):
            raise EndpointError("busy")

    model.fault = fault
    _, log = run_toy(
        tmp_path / "r", model, Toy(("red",), dev=2), epochs=2, batch_size=1, no_gate=True
    )
    assert events(log, "collapse")[0]["accepted"] is False
    assert [s["name"] for s in events(log, "validation")[-1]["skills"]] == ["rule-red"]


def test_accuracy_of_a_subset_is_reported_apart(tmp_path: Path) -> None:
    class Grouped(Toy):
        def report_group(self, sample: Sample) -> str:
            return "easy" if sample["type"] in EASY else ""

    result, log = run_toy(tmp_path / "r", Model(), Grouped())
    assert events(log, "validation")[0]["groups"] == {
        "easy": {"accuracy": 1.0, "correct": 2, "total": 2}
    }
    assert result.scores()["details"]["baseline_val"]["groups"]["easy"]["total"] == 2


def test_failure_tags_reach_the_journal_and_the_writer(tmp_path: Path) -> None:
    class Tagged(Toy):
        def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
            return ["said_nothing"]

    model = Model()
    _, log = run_toy(tmp_path / "r", model, Tagged(), epochs=1)
    for sample in events(log, "batch")[0]["samples"]:
        assert sample.get("tags") == (None if sample["correct"] else ["said_nothing"])
    assert "Tags: said_nothing" in str(model.asked("edits")[0].messages)
    assert "Tags: said_nothing" in str(model.asked("labels")[0].messages)


def test_more_edits_than_allowed_are_dropped_openly(tmp_path: Path) -> None:
    model = Model(lambda p, c: [add("red"), add("blue"), add("x", "Nothing.", name="idle")])
    _, log = run_toy(tmp_path / "r", model, epochs=1, candidates=1)
    update = events(log, "update")[0]
    assert [c["title"] for c in update["candidates"]] == ["ADD rule-red"]
    assert update["proposals"][0]["problems"] == ["2 edits over the limit of 1 dropped"]


def test_a_blind_choice_that_can_not_be_asked_picks_the_first(tmp_path: Path) -> None:
    model = Model()

    def fault(call: ModelCall) -> None:
        if "/select" in call.scope:
            raise EndpointError("busy", kind="server")

    model.fault = fault
    _, log = run_toy(tmp_path / "r", model, blind_select="proposer", epochs=1, batch_size=12)
    assert events(log, "update")[0]["accepted"] == "ADD rule-blue"


def test_blind_select_without_candidates(tmp_path: Path) -> None:
    model = Model(lambda p, c: [])
    _, log = run_toy(tmp_path / "r", model, blind_select="random", epochs=1)
    assert [u["accepted"] for u in events(log, "update")] == [None, None]


@pytest.mark.parametrize(("temperature", "asked"), [(0.8, 2), (0, 1)])
def test_proposals_drawn_at_a_temperature_are_never_memoised(
    tmp_path: Path, temperature: float, asked: int
) -> None:
    model = Model()
    run_toy(
        tmp_path / "r",
        model,
        Toy(("red",)),
        epochs=1,
        batch_size=12,
        candidates=2,
        proposal_temperature=temperature,
        run={"config": {"deterministic": True}},
    )
    prompts = [str(c.messages) for c in model.asked("edits")]
    assert len(prompts) == asked
    assert len(set(prompts)) == 1


def test_an_edit_that_only_lost_to_a_better_one_is_not_held_against_it(tmp_path: Path) -> None:
    """Two good rules in one update: the loser must not be called useless afterwards."""

    def propose(prompt: str, call: ModelCall) -> Any:
        return [add("red")] if call.scope.split("/")[-1].startswith("0") else [add("blue")]

    model = Model(propose)
    sizes = {"epochs": 1, "batch_size": 12, "probe_size": 12}
    _, log = run_toy(tmp_path / "r", model, Toy(dev=24), cluster=False, **sizes)
    first = next(u for u in events(log, "update") if "candidates" in u)
    assert sorted(c["verdict"] for c in first["candidates"]) == ["accept", "reject"]
    later = [c for c in model.asked("edits") if c.scope.startswith("e0/b1")]
    assert later
    assert not any("tried and rejected" in str(c.messages) for c in later)
