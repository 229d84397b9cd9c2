"""The configuration: every name the original uses, every mistake a clear line, no secret kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from grasp.contracts import ConfigError
from grasp.methods.settings import CycleSettings
from grasp.runs.config import RunConfig, choose_agent, load_config, redact

#: method.md, section 1: ours, the original's key, the default.
NAMES = [
    ("epochs", "epochs", 5),
    ("batch_size", "update_every", 48),
    ("candidates", "grpo_k", 4),
    ("probe_size", "grpo_eval_n", 36),
    ("invalid_action_penalty", "invalid_action_penalty", 2),
    ("max_skills", "max_learned_skills", 10),
    ("max_edits_per_proposal", "max_proposals", 1),
    ("proposal_temperature", "proposal_temperature", None),
    ("concurrency", "batch_concurrency", 5),
    ("no_skills_baseline", "run_baseline", True),
    ("seed", "seed", 1),
    ("no_gate", "no_gate", False),
    ("regression_gate", "regression_gate", True),
    ("fixes_only", "fixes_only_scoring", False),
    ("append_only", "append_only", False),
    ("cluster", "cluster_failures", True),
    ("blind_select", "blind_select", None),
]


def other(default: Any) -> Any:
    if isinstance(default, bool):
        return not default
    return {None: 0.5}.get(default, (default or 0) + 3)


@pytest.mark.parametrize(("name", "original", "default"), NAMES)
def test_every_setting_answers_to_both_names_everywhere(
    name: str, original: str, default: Any
) -> None:
    assert getattr(CycleSettings(), name) == default
    value = "random" if name == "blind_select" else other(default)
    for key in {name, original}:
        for given in ({"cycle": {key: value}}, {key: value}):
            assert getattr(load_config(given).cycle, name) == value
        for override in (f"cycle.{key}={value}", f"{key}={value}"):
            assert getattr(load_config(None, [override]).cycle, name) == value
            # It overrides whichever name the file uses.
            for old in {name, original}:
                changed = load_config({"cycle": {old: default}}, [override])
                assert getattr(changed.cycle, name) == value


def test_the_originals_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "agent_preset: local\nagent_temperature: 0.0\noutput_dir: outputs\n"
        "skills:\n  base_dir: skills/base\n"
        "cycle:\n  epochs: 3\n  update_every: 16\n  batch_concurrency: 8\n  max_proposals: 1\n"
        "  max_learned_skills: 10\n  grpo_k: 4\n  grpo_eval_n: 12\n  run_baseline: true\n"
        "  proposal_temperature: 0.7\n  seed: 42\n"
    )
    for source in (path, str(path), yaml.safe_load(path.read_text())):
        config = load_config(source)
        assert (config.agent, config.agent_temperature, config.output_dir) == (
            "local",
            0,
            "outputs",
        )
        assert config.skills.base_dir == "skills/base"
        cycle = config.cycle
        assert (cycle.epochs, cycle.batch_size, cycle.concurrency) == (3, 16, 8)
        assert (cycle.candidates, cycle.probe_size, cycle.seed) == (4, 12, 42)
    assert load_config(None) == load_config({}) == RunConfig()


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"cycle": {"epoch": 1}}, "unknown setting cycle.epoch", "did you mean cycle.epochs?"),
        ({"cycle": {"grpo_kk": 1}}, "unknown setting cycle.grpo_kk", "did you mean cycle.grpo_k?"),
        ({"agnet": "x"}, "unknown setting agnet", "did you mean agent?"),
        ({"zzzzzz": 1}, "unknown setting zzzzzz", "known: agent"),
        ({"cycle": {1: 2}}, "unknown setting cycle.1", "known:"),
        ({1: 2}, "unknown setting 1", "known:"),
        ({"skills": {"dir": 1}}, "unknown setting skills.dir", "known: base_dir"),
        ({"cycle": 3}, "cycle is not a mapping", "write 'cycle: {NAME: VALUE}'"),
        ({"skills": []}, "skills is not a mapping", ""),
        ({"cycle": {"epochs": "many"}}, "cycle.epochs: ", ""),
        ({"cycle": {"epochs": -1}}, "cycle.epochs: ", ""),
        ({"cycle": {"candidates": 0}}, "cycle.candidates: ", ""),
        ({"cycle": {"grpo_k": 2, "candidates": 3}}, "grpo_k", ""),
        ({"agent_temperature": 3}, "agent_temperature: ", ""),
        ({"cycle": {"blind_select": "luck"}}, "cycle.blind_select: ", ""),
        ({"epochs": 2, "cycle": 7}, "cycle is not a mapping", ""),
    ],
)
def test_mistakes(given: Any, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(given)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cycle: [1, 2", "line 1, column"),
        ("a: b: c\n", "line 1, column 5"),
        ("\tx: 1\n", "not valid YAML"),
        ("- a\n- b\n", "not a mapping"),
        ("just text", "not a mapping"),
        ("!!python/object:os.system x", "not valid YAML"),
        ("a: 2020-99-99", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("task_params: &a {a: *a}", "not valid YAML"),
    ],
)
def test_malformed_yaml_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(path)
    assert "\n" not in caught.value.message
    assert "c.yaml" in caught.value.message
    assert caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file") as caught:
        load_config(tmp_path / "missing.yaml")
    assert caught.value.hint == "look at the path"
    with pytest.raises(ConfigError, match="directory"):
        load_config(tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="can't read") as caught:
        load_config(tmp_path / "b.yaml")
    assert caught.value.hint == "save it as UTF-8 text"
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load_config(tmp_path / "empty.yaml") == RunConfig()
    (tmp_path / "cycle.yaml").write_text("cycle:\n")
    assert load_config(tmp_path / "cycle.yaml") == RunConfig()


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("cycle.epochs=2", ("cycle", "epochs"), 2),
        (" cycle . epochs = 2 ", ("cycle", "epochs"), 2),
        ("agent_preset=x", ("agent",), "x"),
        ("agent_temperature=", ("agent_temperature",), None),
        ("task_params.seed=3", ("task_params", "seed"), 3),
        ("task_params.a.b=[1, 2]", ("task_params", "a", "b"), [1, 2]),
        ("task_params.url=http://h:1/x?a=b", ("task_params", "url"), "http://h:1/x?a=b"),
        ("task_params.odd=[a", ("task_params", "odd"), "[a"),
        ("deterministic=true", ("deterministic",), True),
        ("cycle.gate_params.alpha=0.05", ("cycle", "gate_params", "alpha"), 0.05),
    ],
)
def test_set(override: str, path: tuple[str, ...], value: Any) -> None:
    found: Any = load_config({"agent_preset": "a", "task_params": {"z": 1}}, [override])
    for key in path:
        found = found[key] if isinstance(found, dict) else getattr(found, key)
    assert found == value


@pytest.mark.parametrize("override", ["epochs", "=3", "cycle..x=1", "", "method.x=1", "nope=1"])
def test_set_mistakes(override: str) -> None:
    with pytest.raises(ConfigError):
        load_config({"method": "grasp"}, [override])


def test_the_last_set_wins_and_the_given_data_is_never_changed() -> None:
    given: dict[str, Any] = {"cycle": {"grpo_k": 4}, "task_params": {"a": [1]}}
    config = load_config(given, ["cycle.candidates=2", "grpo_k=3", "task_params.b=1"])
    assert config.cycle.candidates == 3
    assert given == {"cycle": {"grpo_k": 4}, "task_params": {"a": [1]}}


def test_the_section_wins_over_the_top_level() -> None:
    assert load_config({"epochs": 3, "cycle": {"epochs": 4}}).cycle.epochs == 4


def test_choosing_an_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRASP_BACKEND", raising=False)
    config = load_config({"agent": "from-file"})
    assert choose_agent(None, config) == "from-file"
    monkeypatch.setenv("GRASP_BACKEND", "from-env")
    assert choose_agent(None, config) == "from-env"
    assert choose_agent("argument", config) == "argument"
    monkeypatch.delenv("GRASP_BACKEND")
    with pytest.raises(ConfigError, match="no agent is named"):
        choose_agent(None, RunConfig())


def test_no_secret_is_written_and_no_setting_is_taken_for_one() -> None:
    config = load_config(
        {
            "agent_params": {
                "api_key": "SECRET", "Authorization": "SECRET", "max_tokens": 5,
                "extra_headers": {"X-Api-Key": "SECRET", "X-Other": "kept"},
                "list": [{"password": "SECRET", "n": 1}], "token_parameter": "max_tokens",
                "access_token": "SECRET", "client_secret": "SECRET", "api_keys": ["SECRET"],
                "max_completion_tokens": 7,
            },
            "writer_params": {"credentials": "SECRET"},
            "task_params": {"db_password": "SECRET", "keyword": "kept"},
            "cycle": {"writer_max_tokens": 300},
        }
    )  # fmt: skip
    data = config.to_yaml_data()
    text = yaml.safe_dump(data)
    assert "SECRET" not in text
    assert text.count("kept") == 2
    assert data["agent_params"]["max_tokens"] == 5
    assert data["agent_params"]["max_completion_tokens"] == 7
    assert data["agent_params"]["token_parameter"] == "max_tokens"
    # Every setting of the loop survives, so that a run can be resumed and replayed.
    assert set(data["cycle"]) == set(CycleSettings.model_fields)
    assert set(data) == set(RunConfig.model_fields)
    assert load_config({**RunConfig().to_yaml_data()}) == RunConfig()
    assert load_config(data).cycle == config.cycle
    assert redact("x") == "x"


def test_passwords_in_addresses_are_not_kept() -> None:
    data = {"a": ["mysql://me:p%40ss@host:3306/x", "http://host:80/x@y"], "b": "x://:p@h"}
    assert redact(data) == {"a": ["mysql://me@host:3306/x", "http://host:80/x@y"], "b": "x://@h"}
