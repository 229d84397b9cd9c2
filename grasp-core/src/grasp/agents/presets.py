"""Presets: YAML data that names a backend and its values (spec: backends, presets).

They are looked for in the directories a caller gives (``agents/`` beside a
configuration file), then in those of ``GRASP_PRESETS``, then among the shipped ones::

    summary: our gateway               # one line for people
    api: chat                          # a key of grasp.agents.apis.APIS
    base_url: ${GATEWAY_URL}           # required: an error names it where it is not set
    api_key: ${GATEWAY_KEY:-EMPTY}     # optional, with a default
    model: our-model
    temperature: 0                     # and any other field of Settings
    extra: {top_p: 0.9}                # further fields of the request
    variants:                          # the first whose variable is set replaces values
      - if_set: OLD_GATEWAY_URL
        base_url: ${OLD_GATEWAY_URL}

``GRASP_PRICES`` may name a price table for all of them (``grasp.agents.pricing``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.apis import APIS, Api
from grasp.agents.expand import expand, expand_all, variables
from grasp.agents.settings import FIELDS, Settings, read_field
from grasp.agents.suggest import did_you_mean
from grasp.contracts import AgentSetupError, ConfigError

SHIPPED = Path(__file__).parent / "presets"

#: Names of the shipped presets.
NAMES = (
    "local",
    "gptoss",
    "deepseek",
    "gemini",
    "gpt4",
    "gpt5",
    "llamacpp",
    "recorded",
    "scripted",
)

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Preset:
    """A preset as written: placeholders are not expanded.

    Attributes:
        name: File name without suffix.
        api: A key of ``grasp.agents.apis.APIS``.
        values: Fields of ``Settings``.
        variants: Replacements, each with ``if_set``; the first whose variable is set holds.
        summary: One line for people.
        source: File it was read from.
    """

    name: str
    api: str
    values: Mapping[str, Any]
    variants: tuple[Mapping[str, Any], ...] = ()
    summary: str = ""
    source: Path | None = None

    @property
    def kind(self) -> Api:
        """What its API accepts and needs."""
        return APIS[self.api]

    def chosen(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Return the values with the variant that the environment selects."""
        for variant in self.variants:
            if environ.get(variant["if_set"]):
                return {**self.values, **{k: v for k, v in variant.items() if k != "if_set"}}
        return dict(self.values)

    def variables(self) -> tuple[set[str], set[str]]:
        """Return the environment variables it requires, and the others it reads."""
        required, optional = variables(dict(self.values))
        for variant in self.variants:
            needed, more = variables({k: v for k, v in variant.items() if k != "if_set"})
            optional |= needed | more | {variant["if_set"]}
        return required, optional - required

    def missing(self, environ: Mapping[str, str]) -> list[str]:
        """Return the required variables that are not set, sorted."""
        missing: set[str] = set()
        expand_all(self.chosen(environ), environ, missing)
        return sorted(missing)

    def settings(self, environ: Mapping[str, str], overrides: Mapping[str, Any]) -> Settings:
        """Expand the placeholders and apply overrides; ``None`` overrides nothing.

        Raises:
            ConfigError: An override this API does not know, or a value of a wrong type.
            AgentSetupError: A required variable is not set.
        """
        given = self._checked(overrides)
        written = {k: v for k, v in self.chosen(environ).items() if k not in given}
        missing: set[str] = set()
        values = expand_all(written, environ, missing)
        if missing:
            raise self._unset(sorted(missing))
        values |= given
        if "prices" in self.kind.accepts:
            values.setdefault("prices", environ.get("GRASP_PRICES"))
        if self.api == "responses":
            values.pop("temperature", None)
        fields = {
            name: read_field(name, value, f"preset {self.name!r}")
            for name, value in values.items()
            if value is not None
        }
        empty = [name for name in self.kind.requires if not fields.get(name)]
        if empty:
            raise ConfigError(
                f"preset {self.name!r} has no {' and no '.join(empty)}",
                f"set it in {self.source or 'the preset'} or pass {empty[0]}=…",
            )
        return Settings(preset=self.name, api=self.api, **fields)

    def _checked(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        kind = self.kind
        for name in overrides:
            if name not in kind.accepts | kind.tolerates:
                raise ConfigError(
                    f"preset {self.name!r} has no option {name!r}",
                    did_you_mean(name, kind.accepts),
                )
        return {k: v for k, v in overrides.items() if v is not None and k in kind.accepts}

    def _unset(self, missing: list[str]) -> AgentSetupError:
        names = " and ".join(missing)
        verb = "is" if len(missing) == 1 else "are"
        return AgentSetupError(
            f"preset {self.name!r} needs {names}, which {verb} not set",
            "; ".join(export_line(name) for name in missing),
            kind="missing_variable",
        )


def export_line(variable: str) -> str:
    """Return the shell command that sets a variable."""
    return f"export {variable}=…"


def preset_directories(
    directories: Iterable[str | Path] = (), environ: Mapping[str, str] | None = None
) -> list[Path]:
    """Return where presets are looked for, the first first."""
    environ = os.environ if environ is None else environ
    own = [Path(d).expanduser() for d in environ.get("GRASP_PRESETS", "").split(os.pathsep) if d]
    return [*map(Path, directories), *own, SHIPPED]


def available_presets(
    directories: Iterable[str | Path] = (), environ: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Return every preset's name and file, the shipped ones first."""
    found: dict[str, Path] = {}
    for directory in reversed(preset_directories(directories, environ)):
        if directory.is_dir():
            found |= {p.stem: p for p in sorted(directory.iterdir()) if p.suffix in _SUFFIXES}
    order = {name: i for i, name in enumerate(NAMES)}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def find_preset(
    name: str,
    directories: Sequence[str | Path] = (),
    environ: Mapping[str, str] | None = None,
) -> Preset:
    """Read a preset by its name, or by the path of its file.

    Raises:
        AgentSetupError: There is none of this name; the hint lists those there are.
        ConfigError: Its file is not valid.
    """
    if name.endswith(_SUFFIXES):
        path = Path(name).expanduser()
        if path.is_file():
            return read_preset(path)
    found = available_presets(directories, environ)
    if name not in found:
        raise AgentSetupError(
            f"unknown agent preset {name!r}", did_you_mean(name, found), kind="unknown_preset"
        )
    return read_preset(found[name])


def read_preset(path: Path) -> Preset:
    """Read and check one preset file.

    Raises:
        ConfigError: It is not a valid preset.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"the preset {path} can't be read: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"the preset {path} is not a mapping", "it starts with `api: chat`")
    api = str(data.get("api") or "")
    if api not in APIS:
        what = f"has the unknown api {api!r}" if api else "has no api"
        hint = did_you_mean(api, APIS)
        if "module" in data:
            hint = "this looks like a file of the original; write api, base_url and model instead"
        raise ConfigError(f"the preset {path} {what}", hint)
    values = {k: v for k, v in data.items() if k not in ("api", "summary", "variants")}
    variants = tuple(data.get("variants") or ())
    for part in (values, *variants):
        _check_fields(path, part, APIS[api])
    if not all(isinstance(v.get("if_set"), str) for v in variants):
        raise ConfigError(f"a variant of the preset {path} has no if_set", "name a variable")
    return Preset(path.stem, api, values, variants, str(data.get("summary", "")), path)


def _check_fields(path: Path, part: Any, kind: Api) -> None:
    if not isinstance(part, Mapping):
        raise ConfigError(f"a variant of the preset {path} is not a mapping")
    for name in part:
        if name not in (kind.accepts & FIELDS) | {"if_set"}:
            raise ConfigError(
                f"the preset {path} has the unknown field {name!r}",
                did_you_mean(str(name), kind.accepts),
            )
    missing: set[str] = set()
    for value in part.values():
        if isinstance(value, str):
            expand(value, {}, missing)
