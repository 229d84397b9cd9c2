"""``grasp sweep``: every combination, one budget, one table; the same command goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.runs.sweep import COLUMNS, paid_calls
from grasp.runs.sweepfile import combinations, read_sweep

FILE = """\
tasks: [medagentbench-magnesium]
methods: [no-skills, batch-memory]
agents: [scripted]
seeds: [1, 2]
config: {cycle: {epochs: 1, concurrency: 2}}
method_params: {batch-memory: {max_bullets: 5}}
"""


def _config(setting: str) -> str:
    """Return the file with other settings."""
    return FILE.replace("config: {cycle: {epochs: 1, concurrency: 2}}", f"config: {{{setting}}}")


def sweep(folder: Path, text: str, *more: str) -> int:
    file = folder / "sweep.yaml"
    file.write_text(text)
    return root._guarded(["sweep", str(file), "--out", str(folder / "out"), *more])


def test_a_sweep_and_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, FILE, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(r["method"], r["seed"]) for r in rows} == {
        (m, s) for m in ("no-skills", "batch-memory") for s in (1, 2)
    }
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == len(rows)
    assert all(0 <= float(r["accuracy"]) <= 1 for r in table)
    config = (tmp_path / "out" / rows[-1]["run"] / "config.yaml").read_text()
    assert "max_bullets: 5" in config
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("calls.sqlite")}
    assert sweep(tmp_path, FILE) == 0  # Nothing is left to do.
    assert capsys.readouterr().out.count("finished") == 4
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_one_budget_for_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = combinations(read_sweep(_written(tmp_path)))
    limit = 40
    assert sweep(tmp_path, f"{FILE}budget: {{calls: {limit}}}\n") == 3
    assert "budget.calls" in capsys.readouterr().err
    assert sum(paid_calls(tmp_path / "out" / r.folder) for r in runs) == limit
    assert sweep(tmp_path, f"{FILE}budget: {{calls: 100000}}\n") == 0
    once = sum(paid_calls(tmp_path / "out" / r.folder) for r in runs)
    other = tmp_path / "other"
    other.mkdir()
    assert sweep(other, FILE) == 0
    assert once == sum(paid_calls(other / "out" / r.folder) for r in runs)


def test_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, FILE, "--plan") == 0
    assert capsys.readouterr().out.count("to do") == 4
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks: []\nagents: [scripted]\n", "tasks"),
        (FILE + "sedes: [1]\n", "sedes"),
        (FILE.replace("no-skills", "no-skil"), "no-skil"),
        (FILE.replace("magnesium", "magnesia"), "magnesia"),
        (FILE.replace("scripted", "scriptd"), "did you mean scripted"),
        (FILE + "budget: {tokens: 5}\n", "calls only"),
        (FILE + "budget: {cost: 0}\n", "calls only"),
        (FILE.replace("epochs: 1", "epoch: 1"), "config: unknown setting cycle.epoch"),
        # Parameters that a method, a task, an agent or a gate does not take.
        (FILE.replace("max_bullets", "max_bulets"), "max_bulets"),
        (FILE.replace("max_bullets: 5", "max_bullets: 0"), "max_bullets"),
        (FILE.replace("batch-memory: {", "no-skills: {"), "no-skills' has no parameter"),
        (FILE + "task_params: {medagentbench-magnesium: {sed: 1}}\n", "'sed'"),
        (FILE + "task_params: {medagentbench-magnesium: {name: 1}}\n", "'name'"),
        (_config("agent_params: {max_tokns: 1}"), "'max_tokns'"),
        (_config("cycle: {gate_params: {alpa: 1}}"), "'alpa'"),
        (_config("executor: thread"), "did you mean threads"),
        (_config("judge: scriptd"), "scriptd"),
        # What would be ignored, or counted twice.
        (FILE.replace("batch-memory: {", "batch-memry: {"), "did you mean batch-memory"),
        (FILE + "task_params: {medagentbench: {}}\n", "task_params has medagentbench"),
        (_config("cycle: {seed: 4}"), "name it in seeds"),
        (_config("seed: 4"), "name it in seeds"),
        (_config("method: expel"), "name it in methods"),
        (_config("method_params: {max_bullets: 1}"), "method_params of the sweep"),
        (_config("agent_preset: local"), "name it in agents"),
        (_config("output_dir: x"), "pass --out"),
        (FILE.replace("[1, 2]", "[1, 1]"), "seeds has 1 twice"),
        (FILE.replace("[scripted]", "[scripted, scripted]"), "agents has scripted twice"),
        (FILE.replace("[no-skills,", "[batch-memory,"), "methods has batch-memory twice"),
        (_config("cycle: 3"), "config: cycle is not a mapping"),
        (_config("3"), "config"),
        ("tasks: [", "not valid YAML"),
    ],
)
@pytest.mark.parametrize("how", [(), ("--plan",)])
def test_what_is_wrong_is_said_before_anything_runs(
    text: str, message: str, how: tuple[str, ...], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert sweep(tmp_path, text, *how) in (1, 2)
    said = capsys.readouterr().err
    assert message in said
    assert "--set" not in said
    assert [line.split(":")[0] for line in said.splitlines()] == ["Error", "Hint"]
    assert "this is a bug" not in said
    assert not (tmp_path / "out").exists()


def test_an_agent_that_can_not_be_used_here_is_named_before_another_is_paid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRASP_GGUF", raising=False)
    text = FILE.replace("[scripted]", "[scripted, llamacpp]")
    assert sweep(tmp_path, text, "--plan") == 0  # A plan needs no model.
    assert capsys.readouterr().out.count("to do") == 8
    assert sweep(tmp_path, text) == 1
    assert not list((tmp_path / "out").rglob("calls.sqlite"))


def test_a_place_that_can_not_be_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").touch()
    file = _written(tmp_path)
    for place in (tmp_path / "out" / "in", Path("/proc/nope")):
        assert root._guarded(["sweep", str(file), "--out", str(place)]) == 1
        said = capsys.readouterr().err
        assert "can't create" in said
        assert "Hint: choose another folder" in said


# -- runs that are there already ----------------------------------------------------------------

ONE = """\
tasks: [medagentbench-magnesium]
methods: [batch-memory]
agents: [scripted]
config: {cycle: {epochs: 1, concurrency: 2}}
method_params: {batch-memory: {max_bullets: 5}}
"""


@pytest.mark.parametrize("scores", [b"", b"{", b"[]", b"{}", b'{"details": 5}', b"\xff", None])
def test_a_damaged_summary_is_made_again_from_the_stored_answers(
    scores: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(tmp_path, ONE, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    (file,) = (tmp_path / "out").rglob("scores.json")
    paid = paid_calls(file.parent)
    if scores is None:
        file.unlink()
    else:
        file.write_bytes(scores)
    assert sweep(tmp_path, ONE, "--plan") == 0
    assert "begun" in capsys.readouterr().out
    assert sweep(tmp_path, ONE, "--json") == 0
    assert json.loads(capsys.readouterr().out) == rows
    assert paid_calls(file.parent) == paid


def test_a_summary_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, ONE) == 0
    (file,) = (tmp_path / "out").rglob("scores.json")
    file.unlink()
    file.mkdir()
    assert sweep(tmp_path, ONE) == 1
    said = capsys.readouterr().err
    assert str(file) in said
    assert "Hint: remove it" in said


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        (ONE.replace("epochs: 1", "epochs: 2"), "cycle.epochs was 1, is 2"),
        (ONE.replace("bullets: 5", "bullets: 6"), "method_params.max_bullets was 5, is 6"),
        (ONE + "task_params: {medagentbench-magnesium: {cohort_seed: 1}}\n", "cohort_seed"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("how", [(), ("--plan",)])
def test_a_run_of_other_settings_is_not_taken_for_this_one(
    text: str, setting: str, finished: bool, how: tuple[str, ...], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    budget = "" if finished else "budget: {calls: 5}\n"
    assert sweep(tmp_path, ONE + budget) == (0 if finished else 3)
    capsys.readouterr()
    assert sweep(tmp_path, text, *how) == 2
    said = capsys.readouterr().err
    assert setting in said
    assert "Hint: set them back" in said
    # What changes no answer may change.
    assert sweep(tmp_path, ONE.replace("concurrency: 2", "concurrency: 1")) == 0


def test_damaged_settings_and_answers_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(tmp_path, ONE) == 0
    (file,) = (tmp_path / "out").rglob("config.yaml")
    kept = file.read_text()
    file.write_text("a: [")
    assert sweep(tmp_path, ONE) == 1
    assert "Hint: restore it" in capsys.readouterr().err
    file.write_text(kept)
    (file.parent / "scores.json").unlink()
    for damage in (b"not a database" * 99, None):
        (file.parent / "calls.sqlite").unlink()
        if damage is None:
            (file.parent / "calls.sqlite").mkdir()
        else:
            (file.parent / "calls.sqlite").write_bytes(damage)
        for more in ("", "budget: {calls: 10000}\n"):
            assert sweep(tmp_path, ONE + more) == 1
            said = capsys.readouterr().err
            assert "calls.sqlite" in said
            assert "move it away" in said
            assert "--force" not in said


def test_a_run_killed_while_its_store_was_made_bars_no_budget(tmp_path: Path) -> None:
    assert sweep(tmp_path, ONE + "budget: {calls: 5}\n") == 3
    (run,) = (p.parent for p in (tmp_path / "out").rglob("config.yaml"))
    (run / "calls.sqlite").write_bytes(b"")
    (run / "calls.sqlite-journal").write_bytes(b"\0" * 512)
    (run / "journal.jsonl").unlink()
    assert paid_calls(run) == 0
    assert sweep(tmp_path, ONE + "budget: {calls: 10000}\n") == 0


def test_the_budget_that_is_spent_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(tmp_path, f"{FILE}budget: {{calls: 50}}\n") == 3
    found = capsys.readouterr()
    assert "the budget of 50 calls, of all runs together, is spent" in found.err
    assert "sweep.yaml" in found.err
    assert "the budget of" not in found.out  # A run's share is nobody's setting.
    # A limit of each run is kept beside it.
    own = ONE.replace("config: {", "config: {budget: {calls: 7}, ")
    other = tmp_path / "other"
    other.mkdir()
    assert sweep(other, f"{own}budget: {{calls: 50}}\n") == 3
    assert "seed-1: the budget of 7 calls is spent" in capsys.readouterr().err


def _written(folder: Path) -> Path:
    file = folder / "plan.yaml"
    file.write_text(FILE)
    return file
