"""What a plugin registers: light descriptions of things that are imported when used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_TARGET = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@dataclass(frozen=True)
class Spec:
    """Name and dotted path of something a plugin offers.

    Attributes:
        name: Lower-case letters and digits, joined by ``-``, ``_`` or ``.``.
        factory: ``package.module:Class`` (or function), imported when used.
        summary: One line for lists.
        params_model: ``package.module:Model`` of its parameters (a pydantic model or a
            dataclass); parameters are checked against it before the factory is called.
        requires: Extras of the distribution that it needs.
        docs: Address of its documentation.
        options: Keyword arguments bound to the factory.

    Raises:
        ValueError: The name, a path or another field is malformed.
    """

    kind: ClassVar[str] = ""

    name: str
    factory: str
    summary: str = ""
    params_model: str | None = None
    requires: tuple[str, ...] = ()
    docs: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{type(self).__name__} has the invalid name {self.name!r}: "
                "use lower-case letters and digits joined by '-', '_' or '.'"
            )
        self._check_path("factory", self.factory)
        if self.params_model is not None:
            self._check_path("params_model", self.params_model)
        requires: object = self.requires
        if not isinstance(requires, (tuple, list)) or not all(isinstance(r, str) for r in requires):
            raise self._invalid("requires", self.requires, "a tuple of extras, such as ('docker',)")
        if not isinstance(self.options, Mapping) or not all(
            isinstance(k, str) and k.isidentifier() for k in self.options
        ):
            raise self._invalid("options", self.options, "a mapping of keyword arguments")
        for text in ("summary", "docs"):
            if not isinstance(getattr(self, text), str):
                raise self._invalid(text, getattr(self, text), "text")
        # Lists are welcome, but what is registered can't change any more.
        object.__setattr__(self, "requires", tuple(self.requires))
        object.__setattr__(self, "options", dict(self.options))

    def _check_path(self, field_name: str, path: object) -> None:
        if not isinstance(path, str) or not _TARGET.fullmatch(path):
            raise self._invalid(field_name, path, "of the form 'package.module:Class'")

    def _invalid(self, field_name: str, value: object, wanted: str) -> ValueError:
        return ValueError(
            f"{type(self).__name__} {self.name!r}: {field_name} is {value!r}, not {wanted}"
        )


@dataclass(frozen=True)
class TaskSpec(Spec):
    """A task: the factory returns a ``grasp.Task``.

    ``data`` is the dotted path of the descriptions of its data files, if it has any.
    """

    kind: ClassVar[str] = "tasks"

    data: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data is not None:
            self._check_path("data", self.data)


@dataclass(frozen=True)
class MethodSpec(Spec):
    """A method: the factory is a subclass of ``grasp.Method``."""

    kind: ClassVar[str] = "methods"


@dataclass(frozen=True)
class AgentSpec(Spec):
    """An agent backend: the factory returns a backend or an object with ``inference``."""

    kind: ClassVar[str] = "agents"


@dataclass(frozen=True)
class GateSpec(Spec):
    """A gate: the factory returns a ``grasp.methods.gate.Gate``."""

    kind: ClassVar[str] = "gates"


@dataclass(frozen=True)
class ExecutorSpec(Spec):
    """An executor: the factory returns a ``grasp.engine.Executor``."""

    kind: ClassVar[str] = "executors"


#: The kinds of things plugins register, in the order lists show them.
SPEC_TYPES: tuple[type[Spec], ...] = (TaskSpec, MethodSpec, AgentSpec, GateSpec, ExecutorSpec)
KINDS: tuple[str, ...] = tuple(s.kind for s in SPEC_TYPES)
