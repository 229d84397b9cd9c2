"""Writes a new distribution, and never over anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grasp.contracts import ConfigError


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files into a new or empty folder.

    Raises:
        ConfigError: There is something already, or nothing can be written there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"{folder} is there already", "nothing was written; choose another name or --dir"
        )
    try:
        for path, text in sorted(files.items()):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"can't write {folder}: {error.strerror or error}", "choose another --dir"
        ) from None
