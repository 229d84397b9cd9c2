"""Makes a distribution that GRASP finds as any other, without an installer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest


def write_metadata(
    site: Path, name: str, points: Mapping[str, Mapping[str, str]], requires: str = ""
) -> None:
    """Write what an installer leaves in a folder of ``sys.path``."""
    folder = site / f"{name.replace('-', '_')}-0.1.0.dist-info"
    folder.mkdir(parents=True)
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n{needs}"
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items())
        for group, entries in points.items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")


def installed(
    monkeypatch: pytest.MonkeyPatch,
    site: Path,
    name: str,
    points: Mapping[str, Mapping[str, str]],
    requires: str = "",
) -> None:
    """Put a distribution on this process's path."""
    write_metadata(site, name, points, requires)
    monkeypatch.syspath_prepend(str(site))
