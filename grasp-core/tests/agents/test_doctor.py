"""``grasp doctor``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.agents.diagnosis import diagnose, measure_noise
from grasp.agents.presets import NAMES, find_preset
from grasp.agents.scripted import ScriptedBackend
from grasp.cli.doctor import doctor
from grasp.contracts import AgentSetupError, TaskBackend

KEY = "sk-test-0123456789abcdef"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        for variable in set().union(*find_preset(name, environ={}).variables()):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("GRASP_PRESETS", raising=False)
    monkeypatch.setenv("COLUMNS", "100")


def run(*args: str) -> Any:
    return CliRunner().invoke(doctor, list(args), catch_exceptions=False)


def test_says_what_is_missing_and_how_to_mend_it() -> None:
    shown = run()
    assert shown.exit_code == 0
    assert "local     usable" in shown.output
    assert "gptoss: export OSS_API_BASE=…" in shown.output
    assert "gpt4: export AZURE_API_BASE=…; export AZURE_API_KEY=…" in shown.output


def test_json_has_every_fact_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSS_API_BASE", f"http://u:{KEY}@h/v1")
    monkeypatch.setenv("OSS_API_KEY", KEY)
    output = run("--json").output
    assert KEY not in output
    found = {b["name"]: b for b in json.loads(output)["backends"]}
    assert found["gptoss"]["state"] == "usable"
    assert found["gptoss"]["endpoint"] == "http://h/v1"
    assert (found["gptoss"]["key"], found["local"]["key"]) == ("set", "placeholder")
    assert found["deepseek"]["variables"] == ["DEEPSEEK_API_BASE"]
    assert found["deepseek"]["model"] == "deepseek-v4-flash"


def test_local_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("api: nothing")
    (tmp_path / "mine.yaml").write_text("summary: mine\napi: recorded\npath: /nowhere/r.jsonl\n")
    found = {f.name: f for f in diagnose([tmp_path], {"GRASP_RECORD": "/nowhere/r.jsonl"})}
    assert (found["recorded"].state, found["mine"].state) == ("missing", "missing")
    assert "can't be read" in found["recorded"].problem
    assert found["mine"].source == str(tmp_path / "mine.yaml")
    assert found["bad"].state == "broken"
    assert "unknown api" in found["bad"].problem


def test_problems_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRASP_RECORD", "/nowhere/r.jsonl")
    assert "# the record /nowhere/r.jsonl can't be read" in run().output


def test_a_missing_extra_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grasp.agents.loader._installed", lambda module: False)
    found = {f.name: f for f in diagnose([], {"GOOGLE_CLOUD_PROJECT": "p"})}
    assert found["gemini"].extras == ("gemini",)
    assert found["gemini"].remedy == "pip install 'grasp-core[gemini]'"


def test_probe_makes_one_call(endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.says("ready\n")
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    shown = run("--probe", "local")
    assert "local: local-model answered 'ready' in" in shown.output
    assert len(endpoint.requests) == 1
    facts = json.loads(run("--probe", "local", "--json").output)
    assert facts["probe"]["tokens"] == 14


def test_a_failing_probe_is_not_tried_again(endpoint, reply, monkeypatch) -> None:
    endpoint.says(reply(401, {"error": {"message": "no"}}))
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    with pytest.raises(AgentSetupError):
        run("--probe", "local")
    assert len(endpoint.requests) == 1


def test_backends_of_plugins_can_be_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grasp.plugins.load_agent", lambda name: lambda history: f"I am {name}")
    assert "answered 'I am theirs'" in run("--probe", "theirs").output


def test_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("--noise", "2", "--agent", "scripted")
    assert "0 of 6 repeats differed (flip rate 0.00)" in shown.output
    assert "deterministic" in shown.output
    noisy = ScriptedBackend(lambda call: "b" if call.scope.endswith("#2") else "a")
    noise = measure_noise(noisy, 2)
    assert (noise.repeats, noise.differing, noise.flip_rate) == (6, 3, 0.5)
    assert measure_noise(noisy, 0).flip_rate == 0


class Environment:
    """A task with two ways to run, one of which lacks something."""

    def __init__(self, **params: Any) -> None:
        self.params = params

    def backends(self) -> list[TaskBackend]:
        return [
            TaskBackend("jail", False, about="a real boundary", remedy="apt install jail"),
            TaskBackend("folder", True, self.params == {"backend": "folder"}, "no boundary"),
        ]


def test_a_task_says_which_of_its_backends_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grasp.plugins.load_task", lambda name, **params: Environment(**params))
    lines = run("shell", "-P", "backend=folder").output.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["jail", "not"], ["folder", "in"]]
    assert "  jail: apt install jail" in lines
    assert "folder   usable" in run("shell").output
    found = json.loads(run("shell", "--json").output)
    assert found["task"] == "shell"
    assert [b["usable"] for b in found["backends"]] == [False, True]


def test_a_task_without_backends_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment, "backends", lambda self: [])
    monkeypatch.setattr("grasp.plugins.load_task", lambda name, **params: Environment())
    assert "shell needs nothing beyond its package." in run("shell").output
