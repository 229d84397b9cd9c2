"""Which presets can be used here, and what the others lack."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grasp.agents.expand import expand
from grasp.agents.loader import install_line, load_backend, missing_extras
from grasp.agents.presets import Preset, available_presets, export_line, read_preset
from grasp.agents.secret import public_url
from grasp.contracts import Backend, GraspError, ModelCall

USABLE, MISSING, BROKEN = "usable", "missing", "broken"

#: Kinds whose files can be looked at without asking anyone.
_LOCAL = ("llamacpp", "recorded", "scripted")

_NOISE_PROMPTS = (
    "Name three colours, one per line.",
    "Write one sentence about the sea.",
    "Which is larger, 17 * 23 or 19 * 21? Explain in two sentences.",
)


@dataclass(frozen=True)
class Finding:
    """What was found out about one preset.

    Attributes:
        name: The preset.
        state: ``usable``, ``missing`` or ``broken``.
        summary: One line for people.
        model: Model it would ask, if known.
        endpoint: Address without secrets, or the name of a file.
        key: ``set``, ``placeholder`` or empty where none is needed.
        variables: Required variables that are not set.
        extras: Extras of grasp-core that are not installed.
        problem: What else is wrong, one line.
        remedy: The command that mends it; empty if usable.
        source: The preset's file, if it is not a shipped one.
    """

    name: str
    state: str
    summary: str = ""
    model: str = ""
    endpoint: str = ""
    key: str = ""
    variables: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON data."""
        return asdict(self)


def diagnose(
    directories: Sequence[str | Path] = (), environ: Mapping[str, str] | None = None
) -> list[Finding]:
    """Look at every preset; asks no endpoint and loads no model."""
    environ = os.environ if environ is None else environ
    shipped = available_presets(environ={})
    found = []
    for name, path in available_presets(directories, environ).items():
        source = "" if shipped.get(name) == path else str(path)
        try:
            preset = read_preset(path)
        except GraspError as error:
            found.append(
                Finding(name, BROKEN, problem=error.message, remedy=error.hint, source=source)
            )
            continue
        found.append(_look(preset, source, environ))
    return found


def _look(preset: Preset, source: str, environ: Mapping[str, str]) -> Finding:
    variables = tuple(preset.missing(environ))
    extras = tuple(missing_extras(preset.kind))
    model = expand(str(preset.values.get("model") or ""), environ, set())
    facts: dict[str, Any] = {"summary": preset.summary, "source": source, "model": model}
    if variables or extras:
        lines = [install_line(e) for e in extras] + [export_line(v) for v in variables]
        facts |= {"variables": variables, "extras": extras, "remedy": "; ".join(lines)}
        return Finding(preset.name, MISSING, **facts)
    try:
        settings = preset.settings(environ, {})
        if preset.api in _LOCAL:
            load_backend(str(preset.source), environ=environ).close()
    except GraspError as error:
        return Finding(preset.name, MISSING, problem=error.message, remedy=error.hint, **facts)
    place = settings.base_url or settings.model_path or settings.path
    facts["model"] = settings.model
    facts["endpoint"] = public_url(settings.base_url) if settings.base_url else Path(place).name
    if "api_key" in preset.kind.accepts:
        facts["key"] = "placeholder" if settings.api_key in ("", "EMPTY") else "set"
    return Finding(preset.name, USABLE, **facts)


@dataclass(frozen=True)
class Noise:
    """How often one prompt, asked again, was answered differently."""

    repeats: int
    differing: int

    @property
    def flip_rate(self) -> float:
        """Share of the repeats whose answer was not the first one's."""
        return self.differing / self.repeats if self.repeats else 0.0


def measure_noise(backend: Backend, repeats: int, max_tokens: int = 64) -> Noise:
    """Ask a few prompts ``repeats`` more times each and compare the answers.

    Raises:
        AgentError: A call failed for good.
    """
    differing = 0
    for number, prompt in enumerate(_NOISE_PROMPTS):
        answers = [
            backend.complete(
                ModelCall(
                    ({"role": "user", "content": prompt},),
                    max_tokens=max_tokens,
                    scope=f"noise/{number}#{repeat}",
                )
            ).text
            for repeat in range(repeats + 1)
        ]
        differing += sum(answer != answers[0] for answer in answers[1:])
    return Noise(repeats * len(_NOISE_PROMPTS), differing)
