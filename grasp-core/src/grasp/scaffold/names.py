"""The names of a new distribution, from the one its author chose."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from grasp.contracts import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST = 50

#: Modules that a plugin's own would hide, or be hidden by.
_TAKEN = frozenset({"grasp", "test", "tests", "docs", "src", "build", "dist"})


@dataclass(frozen=True)
class Names:
    """Everything that is called after a plugin.

    Attributes:
        name: Distribution, and the name it registers.
        module: Import name.
        class_name: Stem of its classes.
        task: Name of its task: the plugin itself, or the example it is tried on.
    """

    name: str
    module: str
    class_name: str
    task: str


def names_for(name: str, kind: str) -> Names:
    """Return the names of a plugin of a kind.

    Raises:
        ConfigError: The name can't be a distribution's, a module's and a plugin's at once.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ConfigError(
            f"{name!r} can't be the name of a plugin",
            f"use lower-case letters, digits and hyphens, such as {_suggested(name)}",
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in _TAKEN or module in sys.stdlib_module_names:
        raise ConfigError(
            f"a module {module!r} would hide another one", f"choose a name such as my-{name}"
        )
    class_name = "".join(part.capitalize() for part in name.split("-"))
    return Names(name, module, class_name, name if kind == "task" else f"{name}-demo")


def _suggested(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:_LONGEST].strip("-")
    return slug if _NAME.fullmatch(slug) else "my-task"
