"""``grasp gate``: a run's decisions under another gate, from its journal alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grasp.cli import main as root
from grasp.contracts import ConfigError, ModelCall, PluginError, RunError
from grasp.methods.settings import CycleSettings
from grasp.runs.gates import build_gate
from grasp.runs.regate import regate, summary

from ..toys import Model, Toy, add, events, run_toy
from .test_gate_learning import WORLD, lucky, noisy, world

#: Every gate, with parameters that make it ask for more than one round where it can.
GATES = [
    ("paper", {}),
    ("confirm", {"alpha": 0.2}),
    ("mcnemar", {"run_alpha": None}),
    ("evalue", {"rounds": 3}),
    ("replicate", {}),
]


def test_a_gate_is_built_as_the_run_s_settings_say() -> None:
    settings = CycleSettings(
        gate="confirm", gate_params={"alpha": 0.2}, invalid_action_penalty=3, regression_gate=False
    )
    own: Any = build_gate(settings)
    assert (own.spending.alpha, own.published.penalty) == (0.2, 3)
    assert own.published.regression_budget is False
    again: Any = build_gate(settings, "confirm", {"repeats": 5})
    assert (again.spending.alpha, again.repeats) == (0.2, 5)
    other: Any = build_gate(settings, "replicate")  # Which starts from its own defaults.
    assert (other.spending.alpha, other.penalty, other.regression_budget) == (0.05, 3, False)


def idle(prompt: str, call: ModelCall) -> Any:
    return [add("red", "Nothing.", name="idle")]


@pytest.mark.parametrize(("gate", "params"), GATES)
@pytest.mark.parametrize("per_cent", [0, 25])
def test_under_its_own_gate_a_run_decides_the_same(
    tmp_path: Path, gate: str, params: dict[str, Any], per_cent: int
) -> None:
    settings = {**WORLD, "epochs": 3, "gate": gate, "gate_params": params}
    _, log = run_toy(tmp_path / "r", noisy(per_cent), world(), **settings)
    found = regate(tmp_path / "r", gate)
    assert summary(found)["unknown"] == summary(found)["differ"] == 0
    recorded = [c for u in events(log, "update") for c in u.get("candidates", [])]
    again = [c for d in found if not d.revision for c in d.to_json()["candidates"]]
    assert len(again) == len(recorded) > 0
    for old, new in zip(recorded, again, strict=True):
        keys = ("title", "verdict", "reason", "statistics")
        assert {k: old[k] for k in keys} == {k: new[k] for k in keys}
        assert (old.get("p"), old.get("level")) == (new["p"], new["level"])


def test_a_revision_is_decided_again_too(tmp_path: Path) -> None:
    def propose(prompt: str, call: ModelCall) -> Any:
        wide = ["RULE red", "RULE blue", "POISON lime"]
        return [add("x", *(wide[:2] if "/revise" in call.scope else wide), name="wide")]

    task = Toy(("red", "blue", "red", "blue", "lime"), dev=20, val=5)
    run_toy(
        tmp_path / "r", Model(propose), task, gate="confirm", gate_params={"run_alpha": None},
        regression_gate=False, epochs=1, batch_size=20, probe_size=20, candidates=1,
    )  # fmt: skip
    found = regate(tmp_path / "r", "confirm")
    assert [d.revision for d in found] == [False, True]
    assert summary(found) == {"decisions": 2, "differ": 0, "unknown": 0, "curtailed": 0}
    # The settings of the loop hold for the other gate as well; its own start afresh.
    assert [d.differs for d in regate(tmp_path / "r", "paper")] == [False, False]
    # A winner that would not have won was not narrowed either.
    assert [d.revision for d in regate(tmp_path / "r", "mcnemar", {"alpha": 1e-9})] == [False]


def test_luck_is_seen_through_and_missing_evidence_is_said(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", lucky(idle), world(), **WORLD)
    confirm = regate(tmp_path / "r", "confirm")[0]
    assert (confirm.decision, confirm.differs) == (None, None)
    assert confirm.needs is not None
    assert confirm.needs.repeats == 3
    assert regate(tmp_path / "r", "mcnemar", {"alpha": 1e-6})[0].differs is True


def test_fresh_pairs_of_one_gate_serve_another(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", lucky(idle), world(), gate="confirm", **WORLD)
    found = regate(tmp_path / "r", "confirm", {"repeats": 2})[0]
    assert found.decision is not None
    assert found.differs is False
    assert regate(tmp_path / "r", "confirm", {"repeats": 4})[0].needs is not None


def test_a_probe_that_was_stopped_early_is_judged_by_what_there_is(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model(), world(), **WORLD)
    file = tmp_path / "r" / "journal.jsonl"
    events_of = [json.loads(line) for line in file.read_text().splitlines()]
    update = next(e for e in events_of if e["event"] == "update")
    for candidate in update["candidates"]:
        candidate["outcomes"] = dict(list(candidate["outcomes"].items())[:4])
    file.write_text("".join(json.dumps(e) + "\n" for e in events_of))
    found = regate(tmp_path / "r", "mcnemar")[0]
    assert found.curtailed == found.titles
    assert found.decision is not None
    assert {j.statistics.n for j in found.decision.judgements} == {4}


def command(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = root._guarded(["gate", *args])
    return (code, *capsys.readouterr())


def test_the_command_shows_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run_toy(tmp_path / "r", lucky(idle), world(), **WORLD)
    run = str(tmp_path / "r")
    code, out, _ = command(capsys, run, "--gate", "mcnemar", "--set", "alpha=0.000001")
    assert code == 0
    assert "ADD idle" in out
    assert "decisions differ under mcnemar" in out
    assert "underpowered" not in out  # reasons, not codes
    code, out, _ = command(capsys, run, "--gate", "replicate")
    assert code == 0
    assert "fresh episodes" in out
    assert "can't be told" in out
    code, out, _ = command(capsys, run, "--gate", "confirm", "--json")
    facts = json.loads(out)
    assert facts["decisions"][0]["needs"]["repeats"] == 3
    assert facts["unknown"] >= 1
    code, out, _ = command(capsys, run, "--gate", "paper", "--json")
    assert json.loads(out)["differ"] == 0


def test_mistakes_get_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_toy(tmp_path / "r", Model(), world(), **WORLD)
    run_toy(tmp_path / "none", Model(lambda p, c: []), world(), **WORLD)
    run = str(tmp_path / "r")
    for args, said in [
        ((str(tmp_path / "x"), "--gate", "confirm"), "no run in"),
        ((run, "--gate", "confrm"), "did you mean"),
        ((run, "--gate", "confirm", "--set", "alfa=1"), "alpha"),
        ((run, "--gate", "confirm", "--set", "alpha"), "key=value"),
        ((run, "--gate", "confirm", "--set", "alpha=much"), "its type is float"),
        ((run, "--gate", "confirm", "--set", "alpha=2"), "probability"),
        ((str(tmp_path / "none"), "--gate", "confirm"), "no gate decided"),
    ]:
        code, out, errors = command(capsys, *args)
        assert (code != 0, out) == (True, ""), args
        assert said in errors.lower(), args
        assert "Traceback" not in errors
    with pytest.raises(PluginError):
        regate(tmp_path / "r", "confrm")
    with pytest.raises(ConfigError):
        regate(tmp_path / "r", "confirm", {"alfa": 1})


def test_a_damaged_run_is_said_to_be_one(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model(), world(), **WORLD)
    file = tmp_path / "r" / "journal.jsonl"
    whole = file.read_text()
    file.write_text(whole.replace('"invalid_actions"', '"acts"'))
    with pytest.raises(RunError, match="can't be understood"):
        regate(tmp_path / "r", "paper")
    file.write_text(whole.replace('"event": "update"', '"kind": "update"'))
    with pytest.raises(RunError):
        regate(tmp_path / "r", "paper")
    file.unlink()
    with pytest.raises(RunError, match="no gate decided"):
        regate(tmp_path / "r", "paper")
    (tmp_path / "r" / "config.yaml").write_text("- a\n: {")
    with pytest.raises(RunError, match="can't be read"):
        regate(tmp_path / "r", "paper")
