"""The commands as a user meets them: what they print, write, return and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grasp.cli.run import duration

from ..toys import Model
from .conftest import SMALL, Command


def learn(grasp: Command, *more: str) -> None:
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL, *more)
    assert ran.code == 0, ran.err


def test_run_tells_the_story_and_ends_with_json(grasp: Command) -> None:
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL, "--json")
    assert ran.code == 0
    summary = json.loads(ran.out.splitlines()[-1])
    assert summary["run_dir"] == "r"
    assert summary["baseline_val"] == pytest.approx(1 / 3)
    assert summary["best_val"] == max(summary["val_curve"]) > summary["baseline_val"]
    assert set(summary) >= {
        "run_dir", "baseline_val", "best_val", "val_curve", "test", "ood", "skills",
        "gate_decisions", "calls", "tokens", "wall_s",
    }  # fmt: skip
    assert set(summary["calls"]) >= {"total", "by_kind", "cached"}
    assert summary["calls"]["total"] == sum(summary["calls"]["by_kind"].values())
    assert len(ran.out.splitlines()) == 1, "with --json only the object goes to stdout"
    for told in ("Validation accuracy", "no skills", "accepted ADD rule-", "Learned skill: rule-"):
        assert told in ran.err


def test_show_tells_the_same_story_later(grasp: Command) -> None:
    learn(grasp)
    shown = grasp("show", "r")
    assert shown.code == 0
    assert "accepted ADD rule-" in shown.out
    facts = json.loads(grasp("show", "r", "--json").out)
    assert facts["finished"] is True
    assert facts["scores"]["val_curve"] == [e["accuracy"] for e in facts["events"]
                                            if e["event"] == "validation"][1:]  # fmt: skip


def test_a_run_of_the_first_samples(grasp: Command) -> None:
    ran = grasp(
        "run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL, "--limit", "2", "--json"
    )
    assert ran.code == 0, ran.err
    events = json.loads(grasp("show", "r", "--json").out)["events"]
    assert {e["total"] for e in events if e["event"] == "validation"} == {2}
    assert len(next(e for e in events if e["event"] == "batch")["samples"]) == 2
    again = grasp("run", "toy", "--run-dir", "r", "--resume", "--limit", "3")
    assert "cycle.limit" in again.err
    assert grasp("run", "toy", "--agent", "toy-model", "--limit", "0").code == 2


def test_a_run_is_not_overwritten(grasp: Command) -> None:
    learn(grasp)
    again = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL)
    assert again.code != 0
    assert "--resume" in again.err
    assert "--force" in again.err
    assert Path("r/scores.json").exists()


def test_resume_pays_nothing_and_needs_no_settings(grasp: Command) -> None:
    learn(grasp)
    before = Path("r/journal.jsonl").read_bytes()
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", "--resume", "--json")
    assert ran.code == 0, ran.err
    calls = json.loads(ran.out)["calls"]
    assert calls["cached"] == calls["total"] > 0
    assert Path("r/journal.jsonl").read_bytes() == before


def test_resume_with_other_settings_is_refused(grasp: Command) -> None:
    learn(grasp)
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", "--resume", *SMALL,
                "--set", "seed=2")  # fmt: skip
    assert ran.code != 0
    assert "cycle.seed" in ran.err


def test_force_starts_anew(grasp: Command) -> None:
    learn(grasp)
    Path("r/notes.txt").write_text("mine")
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL, "--force", "--json")
    calls = json.loads(ran.out)["calls"]
    assert calls["cached"] == 0
    assert Path("r/notes.txt").read_text() == "mine"


def test_resume_without_a_folder_takes_the_newest_run(grasp: Command) -> None:
    assert grasp("run", "toy", "--agent", "toy-model", *SMALL).code == 0
    (made,) = Path("runs").iterdir()
    ran = grasp("run", "toy", "--agent", "toy-model", "--resume", "--json")
    assert json.loads(ran.out)["run_dir"] == str(made)


def test_replay_comes_to_the_same_end(grasp: Command) -> None:
    learn(grasp)
    ran = grasp("replay", "r", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert (facts["same_library"], facts["same_scores"]) == (True, True)


def test_replay_notices_another_end(grasp: Command) -> None:
    learn(grasp)
    scores = json.loads(Path("r/scores.json").read_text())
    Path("r/scores.json").write_text(json.dumps({**scores, "best_val": 0.0}))
    ran = grasp("replay", "r")
    assert ran.code == 1
    assert "another end" in ran.err


def test_replay_of_an_unfinished_run_is_refused(grasp: Command) -> None:
    learn(grasp)
    Path("r/scores.json").unlink()
    assert "not finished" in grasp("replay", "r").err


def test_eval_with_and_without_the_learned_skills(grasp: Command) -> None:
    learn(grasp)
    plain = json.loads(grasp("eval", "toy", "--agent", "toy-model", "--json").out)
    skilled = json.loads(
        grasp("eval", "toy", "--agent", "toy-model", "--skills", "r/skills/final", "--json").out
    )
    assert plain["accuracy"] == pytest.approx(1 / 3)
    assert skilled["accuracy"] > plain["accuracy"]
    assert skilled["skills"]
    assert sum(t["correct"] for t in skilled["by_type"].values()) == skilled["correct"]


def test_eval_keeps_answers(grasp: Command) -> None:
    args = ("eval", "toy", "--agent", "toy-model", "--store", "answers.sqlite", "--json")
    first, second = (json.loads(grasp(*args).out) for _ in range(2))
    assert first["calls"]["cached"] == 0
    assert second["calls"]["cached"] == second["calls"]["total"] == first["calls"]["total"]


def test_eval_takes_some_of_each_type(grasp: Command) -> None:
    ran = grasp(
        "eval", "toy", "--agent", "toy-model", "--split", "dev", "--per-type", "2", "--json"
    )
    by_type = json.loads(ran.out)["by_type"]
    assert {t: s["total"] for t, s in by_type.items()} == {"red": 2, "blue": 2, "green": 2}


def test_eval_prints_a_table(grasp: Command) -> None:
    ran = grasp("eval", "toy", "--agent", "toy-model", "--split", "test", "--limit", "3")
    assert "test: 33.3% (1/3)" in ran.out
    assert "green" in ran.out


@pytest.mark.parametrize(
    ("args", "says", "hint"),
    [
        (("run", "toyy", "--agent", "toy-model"), "unknown task 'toyy'", "did you mean toy?"),
        (("run", "toy"), "no agent is named", "GRASP_BACKEND"),
        (("run", "toy", "--agent", "toy-modle"), "unknown agent", "did you mean toy-model?"),
        (("run", "toy", "--agent", "toy-model", "--method", "gras"), "unknown method", "grasp"),
        (("run", "toy", "--agent", "toy-model", "--config", "none.yaml"), "none.yaml", ""),
        (("run", "toy", "--agent", "toy-model", "--set", "cycle.epoch=1"), "cycle.epoch", "epochs"),
        (("run", "toy", "--agent", "toy-model", "--resume", "--run-dir", "no"), "no run", ""),
        (("eval", "toy", "--agent", "toy-model", "--split", "vall"), "'vall'", "val"),
        (("eval", "toy", "--agent", "toy-model", "--skills", "nowhere"), "nowhere", ""),
        (("show", "nowhere"), "no run in nowhere", ""),
        (("replay", "nowhere"), "no run in nowhere", ""),
        (("skills", "list", "nowhere"), "nowhere", ""),
    ],
)
def test_bad_input_is_one_line_and_a_remedy(
    grasp: Command, args: tuple[str, ...], says: str, hint: str
) -> None:
    ran = grasp(*args)
    assert ran.code not in (0, None)
    assert "Traceback" not in ran.err
    error = next(line for line in ran.err.splitlines() if line.startswith("Error"))
    assert says in error
    assert hint in ran.err


def test_malformed_yaml_names_the_line(grasp: Command) -> None:
    Path("c.yaml").write_text("cycle:\n  epochs: [1\n")
    ran = grasp("run", "toy", "--agent", "toy-model", "--config", "c.yaml")
    assert ran.code == 2
    assert "line 3" in ran.err


def test_an_empty_split_is_named(grasp: Command) -> None:
    ran = grasp("run", "toy", "--agent", "toy-model", "-P", "val=0")
    assert ran.code != 0
    assert "'val'" in ran.err


def test_an_endpoint_that_is_down_costs_no_wait_and_leaves_no_folder(
    grasp: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    ran = grasp("run", "toy", "--agent", "local", "--run-dir", "r")
    assert ran.code != 0
    assert "127.0.0.1:9" in ran.err
    assert not Path("r").exists()


def test_an_interrupt_says_how_to_go_on(grasp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Model] = []

    def interrupted(temperature: float | None = None) -> Model:
        model = Model()
        made.append(model)
        return model

    from grasp.engine import threads

    calls = 0
    original = threads.queue.SimpleQueue.get

    class Interrupting(threads.queue.SimpleQueue):  # type: ignore[type-arg]
        def get(self, *args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == 10:
                raise KeyboardInterrupt
            return original(self, *args, **kwargs)

    monkeypatch.setattr(threads.queue, "SimpleQueue", Interrupting)
    ran = grasp("run", "toy", "--agent", "toy-model", "--run-dir", "r", *SMALL)
    assert ran.code == 130
    assert "--resume" in ran.err
    monkeypatch.undo()


def test_skills_are_listed_shown_exported_and_imported(grasp: Command) -> None:
    learn(grasp)
    listed = json.loads(grasp("skills", "list", "r", "--json").out)
    name = listed[0]["name"]
    assert name in grasp("skills", "list", "r/skills/final").out
    assert grasp("skills", "show", "r", name).out.startswith("---\nname: " + name)
    assert grasp("skills", "export", "r", "flat", "--format", "flat").code == 0
    assert Path(f"flat/{name}.md").is_file()
    assert grasp("skills", "import", "flat", "back").code == 0
    assert Path(f"back/{name}/SKILL.md").is_file()
    again = json.loads(grasp("skills", "list", "back", "--json").out)
    assert [(s["name"], s["body"]) for s in again] == [(s["name"], s["body"]) for s in listed]
    assert grasp("skills", "export", "r", "flat").code != 0, "a full folder is not overwritten"
    missing = grasp("skills", "show", "r", name + "x")
    assert f"did you mean {name}?" in missing.err


def test_the_baseline_method_learns_nothing(grasp: Command) -> None:
    ran = grasp(
        "run", "toy", "--agent", "toy-model", "--method", "no-skills", "--json", "--run-dir", "n"
    )
    summary = json.loads(ran.out)
    assert summary["skills"] == []
    assert summary["best_val"] == summary["baseline_val"] == pytest.approx(1 / 3)
    assert summary["test"]["learned"] == summary["test"]["no_skills"]


def test_a_preset_beside_the_configuration_is_found(
    grasp: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    Path("agents").mkdir()
    Path("agents/mine.yaml").write_text(
        "api: chat\nmodel: m\nbase_url: http://127.0.0.1:9/v1\napi_key: EMPTY\n"
    )
    Path("c.yaml").write_text("agent_preset: mine\n")
    ran = grasp("run", "toy", "--config", "c.yaml")
    assert "no answer from the endpoint http://127.0.0.1:9" in ran.err


# -- budgets -----------------------------------------------------------------------------------


def test_a_budget_stops_the_run_and_says_how_to_go_on(grasp: Command) -> None:
    arguments = ("run", "toy", "--agent", "toy-model", "--run-dir", "r")
    ran = grasp(*arguments, *SMALL, "--max-calls", "45", "--json")
    assert ran.code == 3
    summary = json.loads(ran.out.splitlines()[-1])
    assert summary["stopped"] == "the budget of 45 calls is spent"
    assert summary["baseline_val"] == pytest.approx(1 / 3)
    assert summary["calls"]["total"] == 45
    assert "--resume and a larger limit" in ran.err
    assert "Traceback" not in ran.err
    on = grasp(*arguments, "--resume", "--max-calls", "1000", "--json")
    assert on.code == 0, on.err
    assert "stopped" not in json.loads(on.out.splitlines()[-1])


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2H", 7200)])
def test_times(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1s", "nan", "inf", "m"])
def test_no_times(grasp: Command, text: str) -> None:
    ran = grasp("run", "toy", "--max-time", text)
    assert ran.code == 2
    assert "90s, 30m or 2h" in ran.err


def test_a_dry_run_asks_and_writes_nothing(grasp: Command) -> None:
    ran = grasp("run", "toy", "--agent", "toy-model", *SMALL, "--dry-run")
    assert ran.code == 0, ran.err
    assert "episodes: probe" in ran.out
    assert "no limit" in ran.out
    assert not list(Path().iterdir())
    facts = json.loads(grasp("run", "toy", "--agent", "toy-model", "--dry-run", "--json").out)
    assert facts["expected"]["calls"] > 0
    other = grasp("run", "toy", "--agent", "toy-model", "--method", "no-skills", "--dry-run")
    assert other.code == 2
    assert "--max-calls" in other.err


def test_doctor_measures_noise_and_recommends_a_gate(grasp: Command) -> None:
    ran = grasp("doctor", "toy", "--noise", "9", "--agent", "toy-model")
    assert ran.code == 0, ran.err
    assert "0 of 9 samples changed their verdict" in ran.out
    assert "'gate: paper' and 'deterministic: true'" in ran.out
    facts = json.loads(grasp("doctor", "toy", "--noise", "3", "--agent", "toy-model", "--json").out)
    assert facts["samples"] == 3
    assert facts["calls"]["total"] == 6
    nameless = grasp("doctor", "toy", "--noise", "3")
    assert nameless.code == 2
    assert "--agent" in nameless.err


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"calls": {}}', "\udcff"])
@pytest.mark.parametrize("command", ["show r --json", "replay r", "report r"])
def test_a_damaged_summary_is_told_and_made_again(
    grasp: Command, command: str, damage: str
) -> None:
    learn(grasp)
    whole = json.loads(Path("r/scores.json").read_bytes())
    Path("r/scores.json").write_text(damage, errors="surrogateescape")
    told = grasp(*command.split())
    assert told.code == 1
    assert "can't read r/scores.json" in told.err
    assert "--run-dir r --resume" in told.err
    learn(grasp, "--resume")
    again = json.loads(Path("r/scores.json").read_bytes())
    assert again["val_curve"] == whole["val_curve"]
    assert grasp(*command.split()).code == 0
