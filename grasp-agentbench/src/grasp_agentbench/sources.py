"""Where an environment's samples come from: the benchmark's own files, or our own, from a seed."""

from __future__ import annotations

import os
from pathlib import Path

from grasp.contracts import ConfigError

SOURCES = ("auto", "official", "synthetic")


def official_folder(
    source: str, data_dir: str | Path | None, variable: str, what: str
) -> Path | None:
    """Return the folder of the official files; ``None`` if the samples are synthetic.

    Args:
        source: One of ``SOURCES``; ``auto`` is official where a folder is named.
        data_dir: That folder.
        variable: Of the environment, that names it else.
        what: What lies there, for messages.

    Raises:
        ConfigError: There is no such source, no folder is named, or it is not there.
    """
    if source not in SOURCES:
        raise ConfigError(f"source is {source!r}", f"it is one of {', '.join(SOURCES)}")
    folder = data_dir or os.environ.get(variable)
    if source == "official" and not folder:
        raise ConfigError(f"where the official {what} are is not said", "set data_dir")
    if not folder or source == "synthetic":
        return None
    found = Path(folder).expanduser()
    try:
        there = found.is_dir()
    except OSError as error:
        raise ConfigError(
            f"can't look into {found}: {error.strerror or error}",
            "see that this account may read it",
        ) from None
    if not there:
        raise ConfigError(
            f"there is no folder {found} with the official {what}",
            f"set data_dir or {variable}, or source=synthetic",
        )
    return found
