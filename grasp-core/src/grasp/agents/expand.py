"""``${VAR}`` and ``${VAR:-default}`` in preset values (spec: backends, first section)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grasp.contracts import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def expand(text: str, environ: Mapping[str, str], missing: set[str]) -> str:
    """Replace the placeholders of ``text`` by values of ``environ``.

    A default may hold placeholders itself; it is used where the variable is unset or
    empty, as in a shell. ``$${`` stands for a literal ``${``. What a variable holds is
    never expanded again.

    Args:
        text: A value of a preset.
        environ: The variables.
        missing: Names of required variables that are unset or empty are added here.

    Raises:
        ConfigError: A placeholder that is not closed or has no valid name.
    """
    done: list[str] = []
    rest = text
    while True:
        before, mark, after = rest.partition("${")
        if not mark:
            return "".join([*done, before])
        if before.endswith("$"):
            done += [before[:-1], "${"]
            rest = after
            continue
        inner, rest = _closing(after, text)
        done += [before, _value(inner, text, environ, missing)]


def _closing(after: str, text: str) -> tuple[str, str]:
    depth, i = 1, 0
    while i < len(after):
        if after.startswith("${", i):
            depth += 1
            i += 1
        elif after[i] == "}":
            depth -= 1
            if depth == 0:
                return after[:i], after[i + 1 :]
        i += 1
    raise ConfigError(f"a placeholder is not closed in {text!r}", "write ${NAME} or ${NAME:-x}")


def _value(inner: str, text: str, environ: Mapping[str, str], missing: set[str]) -> str:
    name, optional, default = inner.partition(":-")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is not the name of an environment variable, in {text!r}",
            "write ${NAME} or ${NAME:-default}",
        )
    value = environ.get(name, "")
    if value:
        return value
    if optional:
        return expand(default, environ, missing)
    missing.add(name)
    return ""


def expand_all(value: Any, environ: Mapping[str, str], missing: set[str]) -> Any:
    """Expand every string inside a structure of mappings and lists; see ``expand``."""
    if isinstance(value, str):
        return expand(value, environ, missing)
    if isinstance(value, Mapping):
        return {k: expand_all(v, environ, missing) for k, v in value.items()}
    if isinstance(value, list):
        return [expand_all(v, environ, missing) for v in value]
    return value


def variables(value: Any) -> tuple[set[str], set[str]]:
    """Return the names of the required and of the optional variables of a preset value."""
    required: set[str] = set()
    expand_all(value, {}, required)
    return required, _names(value) - required


def _names(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(re.findall(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)", value))
    if isinstance(value, Mapping):
        return set().union(*(_names(v) for v in value.values()))
    if isinstance(value, list):
        return set().union(*(_names(v) for v in value))
    return set()
