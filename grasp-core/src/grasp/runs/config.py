"""The run configuration: YAML in, validated values out."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from grasp.contracts import ConfigError
from grasp.methods.settings import CycleSettings

#: Environment variable that names the agent, between the command line and the file.
BACKEND_VARIABLE = "GRASP_BACKEND"

_SECRET = re.compile(r"keys?$|token$|secret|passw|credential|authorization|cookie", re.IGNORECASE)
#: In ``scheme://user:password@host``.
_PASSWORD = re.compile(r"(?<=://)(?P<user>[^/@:\s]*):[^/@\s]*(?=@)")


class SkillsSection(BaseModel):
    """Where a run's skills start from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_dir: str | None = Field(
        None, description="Accepted for the original's files; the template ships with GRASP."
    )


class BudgetSection(BaseModel):
    """Most a run may spend; unset = no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int | None = Field(None, ge=0, description="Calls to the endpoint, over all sessions.")
    tokens: int | None = Field(None, ge=0, description="Prompt and completion tokens, likewise.")
    cost: float | None = Field(
        None, ge=0, description="Cost by the price table agent_params.prices, likewise."
    )
    seconds: float | None = Field(None, ge=0, description="Time of one session.")


class RunConfig(BaseModel):
    """Everything that decides what a run does. The original's key names are aliases."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    task: str | None = Field(None, description="Name of a registered task.")
    task_params: dict[str, Any] = Field(default_factory=dict, description="Its parameters.")
    method: str = Field("grasp", description="Name of a registered method.")
    method_params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of the method, if it has its own."
    )
    agent: str | None = Field(
        None,
        validation_alias=AliasChoices("agent", "agent_preset"),
        description="Preset of the acting model.",
    )
    agent_params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of the agent, over the preset's."
    )
    agent_temperature: float | None = Field(
        None, ge=0, le=2, description="Temperature of the acting model, over the preset's."
    )
    writer: str | None = Field(None, description="Preset of the skill writer; unset = the agent.")
    writer_params: dict[str, Any] = Field(
        default_factory=dict,
        description="Parameters of the writer, over its preset's, or over the agent's.",
    )
    judge: str | None = Field(
        None, description="Preset of the model judge of tasks that have one; unset = the agent."
    )
    judge_params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of the judge, over its preset's."
    )
    deterministic: bool = Field(
        False,
        description="The endpoint always answers a prompt alike: answer repeats from the store.",
    )
    executor: str = Field("threads", description="Name of a registered executor.")
    output_dir: str = Field("runs", description="Folder that new run folders are made in.")
    cycle: CycleSettings = CycleSettings()
    skills: SkillsSection = SkillsSection()
    budget: BudgetSection = BudgetSection()

    def to_yaml_data(self) -> dict[str, Any]:
        """Return the configuration as plain data without secrets."""
        data: dict[str, Any] = redact(self.model_dump(mode="json"))
        return data


def redact(data: Any) -> Any:
    """Return data without values of secret-looking keys and without passwords in addresses."""
    if isinstance(data, dict):
        return {k: redact(v) for k, v in data.items() if not _SECRET.search(str(k))}
    if isinstance(data, list):
        return [redact(v) for v in data]
    return _PASSWORD.sub(r"\g<user>", data) if isinstance(data, str) else data


def load_config(
    source: str | Path | Mapping[str, Any] | None = None, overrides: Iterable[str] = ()
) -> RunConfig:
    """Read and validate a configuration.

    Args:
        source: YAML file, plain data, or nothing for the defaults.
        overrides: ``a.b=value`` with YAML values; later ones win.

    Raises:
        ConfigError: Missing file, malformed YAML, unknown key (with the nearest known
            one) or a value out of range.
    """
    data = _plain(source if isinstance(source, Mapping) else read_yaml(source) if source else {})
    data = _normalised(data)
    for override in overrides:
        _set(data, override)
    _check_keys(data, RunConfig, "")
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_first_problem(error), "'grasp schema' says what it may be") from None


def _plain(data: Any) -> Any:
    """Copy mappings and lists, so that the caller's are never changed."""
    if isinstance(data, Mapping):
        return {str(k): _plain(v) for k, v in data.items()}
    return [_plain(v) for v in data] if isinstance(data, list) else data


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: Missing or unreadable file, malformed YAML, or no mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        remedy = "look at the path" if isinstance(error, OSError) else "save it as UTF-8 text"
        raise ConfigError(f"can't read the configuration {path}: {reason}", remedy) from None
    try:
        data = yaml.safe_load(text)
        _plain(data)  # An alias may make it hold itself.
    # A date or a number that can't be one, and brackets without end, are no YAMLErrors.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "malformed"
        raise ConfigError(
            f"{path}{where}: not valid YAML ({problem})",
            "write lines like 'method: grasp'; quote texts that hold a colon or a bracket",
        ) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} is not a mapping of settings", "write lines like 'method: grasp'"
        )
    return data


def choose_agent(argument: str | None, config: RunConfig) -> str:
    """Return the agent's name: argument, then ``GRASP_BACKEND``, then the configuration.

    Raises:
        ConfigError: None of them names one.
    """
    name = argument or os.environ.get(BACKEND_VARIABLE) or config.agent
    if not name:
        raise ConfigError(
            "no agent is named",
            f"pass --agent NAME, set {BACKEND_VARIABLE}, or write 'agent: NAME' in the "
            "configuration; 'grasp doctor' lists them",
        )
    return name


def _normalised(data: Mapping[str, Any]) -> dict[str, Any]:
    """Move loop settings written at top level into ``cycle``."""
    top = {str(k): v for k, v in data.items()}
    if top.get("cycle") is None:
        top.pop("cycle", None)
    of_loop = setting_names(CycleSettings) - setting_names(RunConfig)
    loose = {k: top.pop(k) for k in list(top) if k in of_loop}
    if loose:
        cycle = top.get("cycle", {})
        if not isinstance(cycle, Mapping):
            raise _no_mapping("cycle")
        top["cycle"] = {**loose, **cycle}
    return top


def _no_mapping(name: str) -> ConfigError:
    return ConfigError(f"{name} is not a mapping of settings", f"write '{name}: {{NAME: VALUE}}'")


def _set(data: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    keys = [k.strip() for k in path.split(".")]
    if not equals or not all(keys):
        raise ConfigError(
            f"--set {override!r} is not of the form key=value", "e.g. --set cycle.epochs=2"
        )
    if len(keys) == 1 and keys[0] in setting_names(CycleSettings) - setting_names(RunConfig):
        keys.insert(0, "cycle")
    try:
        value = yaml.safe_load(text) if text.strip() else None
    except yaml.YAMLError:
        value = text
    target = data
    for key in keys[:-1]:
        child = target.setdefault(key, {})
        if not isinstance(child, dict):
            raise ConfigError(f"--set {override!r}: {key} is a value, not a section")
        target = child
    model = CycleSettings if keys[0] == "cycle" and len(keys) == 2 else RunConfig
    for alias in _aliases(model, keys[-1]):
        target.pop(alias, None)
    target[keys[-1]] = value


def _aliases(model: type[BaseModel], key: str) -> set[str]:
    """Return every name of the setting that ``key`` names."""
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        names = (
            {name, *(str(c) for c in alias.choices)} if isinstance(alias, AliasChoices) else {name}
        )
        if key in names:
            return names
    return set()


def setting_names(model: type[BaseModel]) -> set[str]:
    """Return the names of a section's settings, the original's included."""
    return {alias for name in model.model_fields for alias in _aliases(model, name)}


def _check_keys(data: Mapping[str, Any], model: type[BaseModel], where: str) -> None:
    known = setting_names(model)
    for key, value in data.items():
        if key not in known:
            also = setting_names(CycleSettings) if not where else set()
            near = difflib.get_close_matches(key, sorted(known | also), 1)
            raise ConfigError(
                f"unknown setting {where}{key}",
                f"did you mean {where}{near[0]}?" if near else f"known: {', '.join(sorted(known))}",
            )
        field = model.model_fields.get(key)
        section = field.annotation if field else None
        if isinstance(section, type) and issubclass(section, BaseModel):
            if not isinstance(value, Mapping):
                raise _no_mapping(f"{where}{key}")
            _check_keys(value, section, f"{where}{key}.")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    given = problem.get("input")
    return f"{where}: {problem['msg'].lower()} (it is {given!r})"
