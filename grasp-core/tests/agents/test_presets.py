"""Presets: what they need, where they are found, how they are overridden."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grasp.agents.loader import load_backend
from grasp.agents.presets import NAMES, available_presets, find_preset, read_preset
from grasp.agents.pricing import FREE, price_of
from grasp.agents.settings import FIELDS
from grasp.contracts import AgentSetupError, Backend, ConfigError, Usage

REQUIRED = {
    "local": set(),
    "gptoss": {"OSS_API_BASE"},
    "deepseek": {"DEEPSEEK_API_BASE"},
    "gemini": {"GOOGLE_CLOUD_PROJECT"},
    "gpt4": {"AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION"},
    "gpt5": {"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_BASE_URL"},
    "llamacpp": {"GRASP_GGUF"},
    "recorded": {"GRASP_RECORD"},
    "scripted": set(),
}


def settings(name: str, environ: dict[str, str] | None = None, **overrides: object) -> object:
    filled = {v: f"http://{v.lower()}" for v in REQUIRED[name]}
    return find_preset(name, environ={}).settings({**filled, **(environ or {})}, overrides)


def test_the_shipped_presets() -> None:
    assert tuple(available_presets(environ={})) == NAMES
    for name in NAMES:
        preset = find_preset(name, environ={})
        assert preset.variables()[0] == REQUIRED[name]
        assert preset.summary


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("local", ("http://localhost:8000/v1", "EMPTY", "local-model", 0.0, 8192)),
        ("gptoss", ("http://oss_api_base", "EMPTY", "gpt-oss-120b", 0.0, 8192)),
        ("deepseek", ("http://deepseek_api_base", "EMPTY", "deepseek-v4-flash", 0.0, 8192)),
        ("gpt4", ("http://azure_api_base", "http://azure_api_key", "gpt-4.1", 0.0, 32768)),
        ("gpt5", ("http://azure_openai_base_url", "http://azure_openai_api_key", "gpt-5.4",
                  None, 32768)),
        ("gemini", ("", "", "gemini-3.1-flash-lite", 0.0, 32768)),
    ],
)  # fmt: skip
def test_defaults_of_the_specification(name: str, expected: tuple[object, ...]) -> None:
    s = settings(name)
    assert (s.base_url, s.api_key, s.model, s.temperature, s.max_tokens) == expected


def test_timeouts_of_the_specification() -> None:
    assert (settings("gpt4").timeout, settings("gpt5").timeout) == (120, 300)
    assert settings("gemini").location == "us-central1"


def test_local_takes_the_older_names() -> None:
    older = {"LOCAL_API_BASE": "http://a/v1", "LOCAL_API_KEY": "k1", "LOCAL_MODEL": "m1"}
    s = settings("local", older)
    assert (s.base_url, s.api_key, s.model) == ("http://a/v1", "k1", "m1")
    newer = {"OPENAI_BASE_URL": "http://b/v1", "OPENAI_API_KEY": "k2", "GRASP_MODEL": "m2"}
    s = settings("local", {**older, **newer})
    assert (s.base_url, s.api_key, s.model) == ("http://b/v1", "k2", "m2")


def test_a_key_goes_only_to_the_endpoint_it_was_set_for() -> None:
    s = settings("local", {"LOCAL_API_BASE": "http://lab/v1", "OPENAI_API_KEY": "sk-real"})
    assert s.api_key == "EMPTY"


def test_missing_variables_are_named_with_the_export_line() -> None:
    with pytest.raises(AgentSetupError) as caught:
        load_backend("gpt5", environ={"AZURE_OPENAI_API_KEY": ""})
    assert "gpt5" in caught.value.message
    assert "AZURE_OPENAI_API_KEY and AZURE_OPENAI_BASE_URL" in caught.value.message
    assert "export AZURE_OPENAI_BASE_URL=" in caught.value.hint
    assert caught.value.fatal
    with pytest.raises(AgentSetupError, match="needs OSS_API_BASE, which is not set"):
        load_backend("gptoss", environ={})


def test_an_override_replaces_a_required_variable() -> None:
    model = load_backend("gptoss", environ={}, base_url="http://h/v1", model="m")
    assert isinstance(model, Backend)
    assert model.identity["endpoint"] == "http://h/v1"
    model.close()


def test_unknown_presets_and_overrides_get_a_did_you_mean() -> None:
    with pytest.raises(AgentSetupError, match="unknown agent preset 'gpt-4'") as unknown:
        load_backend("gpt-4")
    assert "did you mean 'gpt4'" in unknown.value.hint
    assert "deepseek" in unknown.value.hint
    with pytest.raises(ConfigError, match="no option 'temprature'") as option:
        load_backend("local", temprature=1)
    assert "did you mean 'temperature'" in option.value.hint
    with pytest.raises(AgentSetupError) as nothing:
        load_backend("zzz")
    assert nothing.value.hint.startswith("there are: ")


@pytest.mark.parametrize(
    "overrides",
    [
        {"temperature": "hot"},
        {"temperature": -1},
        {"temperature": True},
        {"max_tokens": 1.5},
        {"timeout": 0},
        {"max_retries": -1},
        {"stop": [1]},
        {"stop": 3},
        {"extra": "x"},
        {"model": {"a": 1}},
        {"max_tokens": float("inf")},
    ],
)
def test_values_of_a_wrong_type(overrides: dict[str, object]) -> None:
    (name,) = overrides
    with pytest.raises(ConfigError, match=f"{name} of preset 'local' must be"):
        load_backend("local", environ={}, **overrides)


def test_a_bad_key_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        load_backend("local", environ={}, api_key=["sk-0123456789"])
    assert "sk-" not in str(caught.value)


def test_values_are_read_from_texts_and_none_overrides_nothing() -> None:
    s = settings("local", temperature="0.5", max_tokens="12", stop="x", timeout=None, model=None)
    assert (s.temperature, s.max_tokens, s.stop, s.timeout) == (0.5, 12, ("x",), 120)
    assert s.model == "local-model"


def test_every_preset_takes_the_overrides_of_a_run() -> None:
    for name in NAMES:
        settings(name, temperature=0.3, max_tokens=5, timeout=9, max_retries=0, model="m")
    assert settings("gpt5", temperature=0.3).temperature is None


def test_an_empty_required_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("api: chat\nmodel: m\n")
    with pytest.raises(ConfigError, match="has no base_url"):
        load_backend("mine", directories=[tmp_path], environ={})


def test_own_presets_come_first(tmp_path: Path) -> None:
    beside, mine = tmp_path / "agents", tmp_path / "mine"
    for folder, model in ((beside, "beside"), (mine, "mine")):
        folder.mkdir()
        text = f"api: chat\nmodel: {model}\nbase_url: http://h/v1\nextra: {{top_k: 1}}\n"
        (folder / "local.yaml").write_text(text)
    (mine / "other.yml").write_text("summary: s\napi: scripted\n")
    (mine / "notes.txt").write_text("no preset")
    environ = {"GRASP_PRESETS": os.pathsep.join([str(tmp_path / "absent"), str(mine)])}

    def model(directories: list[Path]) -> object:
        backend = load_backend("local", directories=directories, environ=environ)
        backend.close()
        return backend.identity["model"]

    assert model([]) == "mine"
    assert model([beside]) == "beside"
    assert list(available_presets([beside], environ))[-1] == "other"
    assert load_backend(str(mine / "other.yml"), environ={}).identity["backend"] == "scripted"
    with pytest.raises(AgentSetupError):
        load_backend(str(mine / "absent.yaml"), environ={})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "not a mapping"),
        ("a: [", "can't be read"),
        ("model: m", "has no api"),
        ("api: chatt", "unknown api 'chatt'"),
        ("module: src.client.agents.HTTPAgent", "has no api"),
        ("api: chat\nmodell: m", "unknown field 'modell'"),
        ("api: chat\nvariants: [{model: x}]", "no if_set"),
        ("api: chat\nvariants: [x]", "not a mapping"),
        ("api: chat\nmodel: ${A", "not closed"),
    ],
)
def test_bad_preset_files(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_preset(path)


def test_a_missing_extra_names_the_command(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(AgentSetupError, match=r"needs the extra \[llamacpp\]") as caught:
        load_backend("llamacpp", model_path=str(tmp_path))
    assert caught.value.hint == "pip install 'grasp-core[llamacpp]'"


def test_fields_of_the_apis_exist() -> None:
    from grasp.agents.apis import APIS

    for api in APIS.values():
        assert (api.accepts | api.tolerates | set(api.requires)) <= FIELDS


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, grasp.agents, grasp.agents.loader, grasp.agents.adapt, grasp.agents.chat,"
        "grasp.agents.recorded, grasp.agents.scripted, grasp.agents.llamacpp, grasp.cli.doctor\n"
        "heavy = {'openai', 'httpx', 'httpx2', 'yaml', 'pydantic', 'xllamacpp', 'google.auth'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- prices ------------------------------------------------------------------------------


def test_prices_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("m: {prompt: 2, completion: 8}\ndefault: {prompt: 1}\n")
    usage = Usage(1, 1_000_000, 500_000, 1_000_000)
    assert price_of("m", path).charge(usage).cost == 10
    assert price_of("other", str(path)).charge(usage).cost == 1
    assert price_of("m", None) is FREE
    assert price_of("m", {"n": {}}) is FREE


def test_a_price_table_for_every_preset() -> None:
    assert settings("gptoss", {"GRASP_PRICES": "p.yaml"}).prices == "p.yaml"
    assert settings("gptoss", {"GRASP_PRICES": "p.yaml"}, prices={"m": {}}).prices == {"m": {}}
    assert settings("scripted", {"GRASP_PRICES": "p.yaml"}).prices is None


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ([1], "not a mapping"),
        ({"m": {"prompt": "x"}}, "not numbers"),
        ({"m": 3}, "not numbers"),
        ({"m": {"promt": 1}}, "unknown kind 'promt'"),
        ("/nowhere/prices.yaml", "can't be read"),
    ],
)
def test_bad_prices(table: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        price_of("m", table)


def test_identities_are_json(tmp_path: Path) -> None:
    for name, more in (("local", {}), ("scripted", {}), ("gpt4", {})):
        filled = {v: "http://x" for v in REQUIRED[name]}
        backend = load_backend(name, environ=filled, **more)
        assert json.loads(json.dumps(backend.identity)) == backend.identity
        backend.close()
