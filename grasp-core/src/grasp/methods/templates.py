"""Templates of prompts, filled message by message: no fact can begin one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import jinja2

from grasp.contracts import Message

_TURN = re.compile(r"^@@ (system|user|agent)[ \t]*\n", re.MULTILINE)


class Templates:
    """The files ``prompts/<name>.md.j2`` of a package.

    Lines ``@@ system``, ``@@ user`` and ``@@ agent`` of a *file* start a message; what stands
    for a fact never does, such as an episode that holds a line like them. A file without them
    is one message of the user.

    Args:
        package: Dotted name.
        filters: Further filters of the templates, by name.
    """

    def __init__(
        self, package: str, filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._package = package
        self._filters = dict(filters or {})
        self._parts: dict[str, list[tuple[str, jinja2.Template]]] = {}

    def fill(self, name: str, /, **facts: Any) -> list[Message]:
        """Return the messages of a template, without white space around them.

        Raises:
            jinja2.TemplateError: There is no such template, or a fact is missing.
        """
        if name not in self._parts:
            self._parts[name] = self._read(name)
        return [
            {"role": role, "content": part.render(**facts).strip()}
            for role, part in self._parts[name]
        ]

    def _read(self, name: str) -> list[tuple[str, jinja2.Template]]:
        source, _, _ = self._loader.get_source(self._environment, f"{name}.md.j2")
        parts = _TURN.split(source)
        turns = zip(parts[1::2], parts[2::2], strict=True) if parts[1:] else [("user", source)]
        return [(role, self._environment.from_string(part)) for role, part in turns]

    @cached_property
    def _loader(self) -> jinja2.BaseLoader:
        return jinja2.PackageLoader(self._package, "prompts")

    @cached_property
    def _environment(self) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=self._loader,
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # Prompts are text, not HTML.
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(self._filters)
        return environment
