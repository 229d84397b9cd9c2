"""``_summary`` and ``_elements``: answers that hold a part of each resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grasp_medagentbench.fhir.definitions import elements

_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_ALWAYS = ("resourceType", "id", "meta")


@dataclass(frozen=True)
class Subset:
    """Which part of a resource to show; everything by default."""

    summary: str = ""
    elements: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether resources are shown as they are."""
        return self.summary in ("", "false", "count") and not self.elements

    def tag(self) -> dict[str, Any]:
        """The mark that HAPI puts into the Bundle's ``meta`` where anything is left out."""
        return {} if self.whole and self.summary != "count" else {"tag": [_SUBSETTED]}

    def apply(self, resource: Mapping[str, Any]) -> Mapping[str, Any]:
        """The part of a resource to show, marked as such."""
        if self.whole:
            return resource
        shown = {key: value for key, value in resource.items() if self._shows(resource, key)}
        meta = shown.get("meta")
        meta = dict(meta) if isinstance(meta, Mapping) else {}
        tags = meta.get("tag")
        meta["tag"] = [*(tags if isinstance(tags, list) else []), _SUBSETTED]
        marked: dict[str, Any] = {key: shown[key] for key in ("resourceType", "id") if key in shown}
        marked["meta"] = meta
        marked.update((key, value) for key, value in shown.items() if key not in _ALWAYS)
        return marked

    def _shows(self, resource: Mapping[str, Any], key: str) -> bool:
        if key in _ALWAYS:
            return True
        known = (elements(str(resource.get("resourceType"))) or {}).get(key.lstrip("_"))
        if self.elements:
            name = key.lstrip("_")
            chosen = name in self.elements or any(
                name.startswith(e) and name[len(e) : len(e) + 1].isupper() and known is not None
                for e in self.elements
            )
            return chosen or (known is not None and known.required)
        if self.summary == "data":
            return key != "text"
        if self.summary == "text":
            return key == "text" or (known is not None and known.required)
        return known is not None and known.summary
