"""What a backend is built from: a preset after expansion and overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from grasp.agents.secret import url_secrets
from grasp.contracts import ConfigError

#: Retries after the first try, so that there are ten tries (spec: backends, HTTPAgent).
MAX_RETRIES = 9


@dataclass(frozen=True)
class Settings:
    """Everything of a preset, with the values its API does not use left at the defaults.

    Attributes:
        preset: Name of the preset, for messages.
        api: Which kind of endpoint; a key of ``grasp.agents.apis.APIS``.
        temperature: ``None`` sends none.
        max_tokens: Bound of an answer where the call has none; ``None`` sends none.
        timeout: Seconds a request may take.
        max_retries: Retries after the first try.
        retry_cap: Longest pause between tries in seconds, unless the endpoint asks for more.
        stop: Stop sequences added to those of every call.
        extra: Further fields of the request body.
        prices: Price table: a file or a mapping (``grasp.agents.pricing``).
        path: Record of a ``recorded`` backend.
        policy: Rules of a ``scripted`` backend.
    """

    preset: str
    api: str
    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    api_version: str = ""
    project: str = ""
    location: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str = ""
    verbosity: str = ""
    stop: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 120.0
    max_retries: int = MAX_RETRIES
    retry_cap: float = 60.0
    prices: Any = None
    model_path: str = ""
    threads: int | None = None
    context: int | None = None
    parallel: int = 1
    path: str = ""
    policy: Any = None

    def parameters(self, *names: str) -> dict[str, Any]:
        """Return the fields that are set, and ``extra``: what an identity tells of them."""
        values = {name: getattr(self, name) for name in names}
        found = {k: v for k, v in values.items() if v is not None and v != "" and v != ()}
        return {**found, **({"stop": list(self.stop)} if self.stop else {}), **self.extra}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any message."""
        return tuple(s for s in (self.api_key, *url_secrets(self.base_url)) if s)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(value)


def _temperature(value: Any) -> float | None:
    """``default`` sends none, so that the endpoint's own applies."""
    if value == "default":
        return None
    number = _number(value)
    if not number >= 0:
        raise ValueError
    return number


def _count(value: Any) -> int:
    number = _number(value)
    if number != int(number) or number < 0:
        raise ValueError
    return int(number)


def _bound(value: Any) -> int | None:
    return None if value == "default" else (_count(value) or None)


def _positive(value: Any) -> float:
    number = _number(value)
    if not number > 0:
        raise ValueError
    return number


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | bool):
        raise ValueError
    return str(value).strip()


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not all(isinstance(v, str) for v in value):
        raise ValueError
    return tuple(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError
    return dict(value)


def _any(value: Any) -> Any:
    return value


_READ: dict[str, tuple[Callable[[Any], Any], str]] = {
    "temperature": (_temperature, "a number from 0, or 'default' to send none"),
    "max_tokens": (_bound, "a whole number, or 'default' to send none"),
    "timeout": (_positive, "a number of seconds above 0"),
    "retry_cap": (_positive, "a number of seconds above 0"),
    "max_retries": (_count, "a whole number from 0"),
    "threads": (_bound, "a whole number, or 'default'"),
    "context": (_bound, "a whole number, or 'default' for the model's own"),
    "parallel": (_count, "a whole number from 1"),
    "stop": (_texts, "a text or a list of texts"),
    "extra": (_mapping, "a mapping"),
    "prices": (_any, ""),
    "policy": (_any, ""),
}

#: Names a preset or an override may set.
FIELDS = frozenset(f.name for f in fields(Settings)) - {"preset", "api"}


def read_field(name: str, value: Any, origin: str) -> Any:
    """Return a value as the type ``Settings`` wants.

    Raises:
        ConfigError: It can't be read as that.
    """
    read, wanted = _READ.get(name, (_text, "a text"))
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError):
        shown = "***" if name == "api_key" else repr(value)
        raise ConfigError(f"{name} of {origin} must be {wanted}, not {shown}") from None
