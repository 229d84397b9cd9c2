"""The run directory: one process at a time, and nobody else's files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import RunError
from grasp.runs import rundir
from grasp.runs.rundir import RunDirectory, latest_run, new_run_path, write_text


def started(path: Path) -> RunDirectory:
    made = RunDirectory(path)
    made.open(resume=False, force=False)
    made.write_config({"method": "grasp"})
    return made


def test_a_new_folder_is_made_and_held(tmp_path: Path) -> None:
    made = started(tmp_path / "deep" / "run")
    assert made.exists
    assert not made.finished
    assert made.read_config() == {"method": "grasp"}
    with pytest.raises(RunError, match="another process runs in"):
        RunDirectory(made.path).open(resume=True, force=False)
    made.close()
    made.close()
    again = RunDirectory(made.path)
    again.open(resume=True, force=False)
    again.close()


def test_another_process_can_not_take_a_held_folder(tmp_path: Path) -> None:
    made = started(tmp_path)
    script = (
        "import sys; from pathlib import Path; from grasp.runs.rundir import RunDirectory\n"
        "RunDirectory(Path(sys.argv[1])).open(resume=True, force=False)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    held = subprocess.run(command, capture_output=True, text=True)
    assert held.returncode != 0
    assert "another process runs in" in held.stderr
    made.close()
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_run_is_not_overwritten_by_accident(tmp_path: Path) -> None:
    made = started(tmp_path)
    made.close()
    with pytest.raises(RunError, match="unfinished run") as caught:
        RunDirectory(tmp_path).open(resume=False, force=False)
    assert "--resume" in caught.value.hint
    made.write_scores({})
    with pytest.raises(RunError, match="holds a finished run"):
        RunDirectory(tmp_path).open(resume=False, force=False)
    with pytest.raises(RunError, match="no run to resume"):
        RunDirectory(tmp_path / "none").open(resume=True, force=False)
    assert not (tmp_path / "none").exists()


def test_force_removes_its_own_files_and_nothing_else(tmp_path: Path) -> None:
    made = started(tmp_path)
    made.write_scores({})
    made.close()
    own = ["journal.jsonl", "journal.superseded.jsonl", "journal.tmp", "calls.sqlite",
           "calls.sqlite-wal", "calls.sqlite-shm", "report.html"]  # fmt: skip
    for name in own:
        (tmp_path / name).write_text("old")
    (tmp_path / "skills" / "final" / "old").mkdir(parents=True)
    mine = ["notes.txt", "journal.jsonl.bak", "data/config.yaml"]
    for name in mine:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    again = RunDirectory(tmp_path)
    again.open(resume=False, force=True)
    left = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert left == sorted([*mine, "lock"])
    assert not again.exists
    assert not (tmp_path / "skills").exists()
    again.close()


def test_force_does_not_follow_a_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    run = tmp_path / "run"
    started(run).close()
    (run / "skills").symlink_to(precious)
    made = RunDirectory(run)
    made.open(resume=False, force=True)
    made.close()
    assert (precious / "file").read_text() == "x"
    assert not (run / "skills").exists()


def test_a_held_folder_is_not_forced(tmp_path: Path) -> None:
    made = started(tmp_path)
    with pytest.raises(RunError, match="another process"):
        RunDirectory(tmp_path).open(resume=False, force=True)
    assert made.config_file.exists()
    made.close()


def test_a_place_that_can_not_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in ("file/run", "file"):
        with pytest.raises(RunError, match="can't create") as caught:
            RunDirectory(tmp_path / place).open(resume=False, force=False)
        assert "another folder" in caught.value.hint
    (tmp_path / "r" / "lock").mkdir(parents=True)
    with pytest.raises(RunError, match="can't write in") as caught:
        RunDirectory(tmp_path / "r").open(resume=False, force=False)
    assert "another folder" in caught.value.hint


@pytest.mark.parametrize(
    "text", [b"a: [", b"\xff\xfe", b"- 1", b"[[1, 2]]", b"3", b"a: 2020-99-99", b"[" * 5000]
)
def test_a_damaged_configuration_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(text)
    with pytest.raises(RunError, match=r"can't read .*config\.yaml") as caught:
        RunDirectory(tmp_path).read_config()
    assert "\n" not in caught.value.message
    assert "restore it" in caught.value.hint


def test_names_of_new_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rundir.time, "strftime", lambda _: "20260101-000000")
    first = new_run_path(tmp_path, "dist/task", "grasp")
    assert first == tmp_path / "dist-task-grasp-20260101-000000"
    first.mkdir()
    assert new_run_path(tmp_path, "dist/task", "grasp").name.endswith("-000000-2")


def test_the_newest_run_of_a_task_and_method(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run of t with m"):
        latest_run(tmp_path, "t", "m")
    for age, name in enumerate(
        ["t-m-20260101-000000", "t-m-20260102-000000", "t-m-x-20260103-000000", "tt-m-20260104-0"]
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text("")
        os.utime(tmp_path / name / "config.yaml", (1000 + age, 1000 + age))
    (tmp_path / "t-m-20260109-000000").mkdir()  # never started
    assert latest_run(tmp_path, "t", "m").name == "t-m-20260102-000000"
    assert latest_run(tmp_path, "t", "m-x").name == "t-m-x-20260103-000000"
    odd = tmp_path / "d-[t]-m-20260101-000000"
    odd.mkdir()
    (odd / "config.yaml").write_text("")
    assert latest_run(tmp_path, "d/[t]", "m") == odd


def test_files_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.json"
    write_text(path, "old")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="No space left") as caught:
        write_text(path, "new")
    assert "--resume" in caught.value.hint
    monkeypatch.undo()
    assert path.read_text() == "old"
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="directory") as caught:
        write_text(tmp_path / "folder", "new")
    assert caught.value.hint.startswith("make way for folder")
