"""``grasp new-plugin``: what it writes works at once, and it writes over nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.contracts import ConfigError
from grasp.scaffold import KINDS, names_for, render, write

from ..testing.installing import write_metadata

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORE = Path(__file__).parents[2]
RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent))


def generate(folder: Path, kind: str) -> Path:
    """Write the plugin ``my-<kind>``."""
    assert root._guarded(["new-plugin", f"my-{kind}", f"--{kind}", "--dir", str(folder)]) == 0
    return folder / f"my-{kind}"


def run(plugin: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python beside a plugin, as if an installer had put it there editable."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GRASP_", "PYTEST"))}
    path = os.pathsep.join([str(plugin / "src"), str(site)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=plugin,
        env={**environment, "PYTHONPATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )


def found(plugin: Path) -> Path:
    """Return a folder whose metadata lets GRASP find a plugin."""
    project = tomllib.loads((plugin / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = project["dependencies"]
    site = plugin.parent / "site"
    write_metadata(site, project["name"], project["entry-points"], requirement)
    return site


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_passes_its_own_tests(kind: str, tmp_path: Path) -> None:
    plugin = generate(tmp_path, kind)
    tested = run(plugin, found(plugin), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_command_of_its_readme_learns(tmp_path: Path) -> None:
    plugin = generate(tmp_path, "task")
    readme = (plugin / "README.md").read_text(encoding="utf-8")
    command = next(line for line in readme.splitlines() if line.startswith("grasp run"))
    assert command.startswith("grasp run my-task --agent scripted")
    ran = run(plugin, found(plugin), "-m", *command.split(), "--run-dir", "runs/one", "--json")
    assert ran.returncode == 0, ran.stderr
    summary = json.loads(ran.stdout.splitlines()[-1])
    assert (summary["baseline_val"], summary["best_val"]) == (0.5, 1.0)
    assert summary["skills"] == ["prices-are-in-cents"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_in_a_new_environment(kind: str, tmp_path: Path) -> None:
    plugin, venv = generate(tmp_path, kind), tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GRASP_"))}

    def step(*arguments: str) -> str:
        done = subprocess.run(
            [str(python), "-m", *arguments],
            cwd=plugin, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    step("pip", "install", "-q", str(CORE), "-e", ".[test]")
    step("pytest", "-q")
    assert "all passed" in step("grasp", "check", f"my-{kind}", "--strict")
    assert f"my-{kind}" in step("grasp", "list-plugins", "--strict")
    told = step("grasp", "run", names_for(f"my-{kind}", kind).task, "--config", "quickstart.yaml")
    assert "100" in told


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_tidy(kind: str, tmp_path: Path) -> None:
    names = names_for("a-plugin-with-a-long-name" if kind == "task" else f"my-{kind}", kind)
    files = render(names, kind)
    assert {"README.md", "pyproject.toml", ".github/workflows/tests.yml"} <= files.keys()
    for path, text in files.items():
        assert "{{" not in text.replace("${{", "") or "{%" in text, path
        assert "__module__" not in path
        assert not text.startswith("\n"), path
        assert not text.endswith("\n\n"), path
        for line in text.splitlines():
            assert line == line.rstrip(), path
            assert len(line) <= 100 or "://" in line, path
        if path.endswith(".py"):
            compile(text, path, "exec")


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_keeps_to_the_house_style(kind: str, tmp_path: Path) -> None:
    write(render(names_for(f"my-{kind}", kind), kind), tmp_path / "p")
    rules = ["--select", "E,F,W,I,B,UP,SIM,RUF,PT", "--no-cache"]
    for command in (["check", *rules], ["format", "--check"]):
        done = subprocess.run(
            [str(RUFF), *command, "--isolated", "--line-length=100", "--target-version=py310"],
            cwd=tmp_path / "p", capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = generate(tmp_path, "task")
    before = {p: p.read_bytes() for p in plugin.rglob("*") if p.is_file()}
    capsys.readouterr()
    code = root._guarded(["new-plugin", "my-task", "--gate", "--dir", str(tmp_path)])
    error = capsys.readouterr().err
    assert code == 2
    assert f"{plugin} is there already" in error.replace("\n", " ")
    assert "choose another name or --dir" in error
    assert {p: p.read_bytes() for p in plugin.rglob("*") if p.is_file()} == before


def test_a_folder_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't write"):
        write({"README.md": ""}, tmp_path / "file" / "my-task")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("My Task!", "such as my-task"),
        ("my_task", "such as my-task"),
        ("-x", "such as x"),
        ("1st", "such as st"),
        ("", "such as my-task"),
        ("ä", "such as my-task"),
        ("../up", "such as up"),
        ("a" * 60, "such as aaa"),
        ("class", "such as my-class"),
        ("json", "such as my-json"),
        ("grasp", "such as my-grasp"),
        ("tests", "such as my-tests"),
    ],
)
def test_names_that_can_not_be_one_get_a_remedy(name: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        names_for(name, "task")
    assert remedy in refused.value.hint


def test_a_name_that_is_registered_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert root._guarded(["new-plugin", "paper", "--gate", "--dir", str(tmp_path)]) == 2
    assert "grasp-core registers the gate 'paper' already" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
