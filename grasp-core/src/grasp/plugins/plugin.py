"""A plugin and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from grasp.plugins.entrypoints import Found
from grasp.plugins.specs import KINDS, Spec

if TYPE_CHECKING:
    import pluggy

PluginStatus = Literal["ok", "broken", "disabled", "incompatible"]


@dataclass
class Plugin:
    """A plugin and what became of it.

    Attributes:
        found: Where it was found.
        status: ``ok``, ``broken``, ``disabled`` or ``incompatible``.
        error: What is wrong, one line; empty where nothing is.
        hint: The remedy, one line.
        specs: What it registered; empty unless it is ok.
        seconds: How long loading took.
        manager: Its hooks, if it is ok.
    """

    found: Found
    status: PluginStatus = "ok"
    error: str = ""
    hint: str = ""
    specs: list[Spec] = field(default_factory=list)
    seconds: float = 0.0
    manager: pluggy.PluginManager | None = None

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return self.found.distribution

    @property
    def failed(self) -> bool:
        """It should be here and is not."""
        return self.status in ("broken", "incompatible")

    @property
    def observes(self) -> bool:
        """It is shown the events of runs."""
        return bool(self.manager and self.manager.hook.grasp_event.get_hookimpls())

    def provides(self) -> dict[str, list[str]]:
        """Return the names it registers, by kind."""
        return {kind: [s.name for s in self.specs if s.kind == kind] for kind in KINDS}

    def to_json(self) -> dict[str, Any]:
        """Return the plugin as ``grasp list-plugins --json`` prints it."""
        return {
            "distribution": self.distribution,
            "version": self.found.version,
            "entry_point": self.found.entry_point,
            "status": self.status,
            "error": self.error,
            "provides": self.provides(),
        }
