"""Turns a finished run into a record: its answers, ready to ship with a package."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grasp.agents.recorded import write_record
from grasp.contracts import RunError
from grasp.runs.callstore import CallStore
from grasp.runs.rundir import require_run


def record_run(path: Path, out: Path, about: Mapping[str, Any] | None = None) -> int:
    """Write a finished run's answers as a record file.

    Args:
        path: The run.
        out: The file; gzip if it ends in ``.gz``.
        about: More facts for the header, such as the model file's digest.

    Returns:
        The number of answers written.

    Raises:
        RunError: The run is not there or not finished.
    """
    directory = require_run(path)
    if not directory.finished:
        raise RunError(f"the run in {path} is not finished", "finish it with --resume first")
    settings = directory.read_config()
    identity = settings.pop("model", {})
    scores = directory.read_scores()
    header = {
        "identity": identity,
        "made": time.strftime("%Y-%m-%d"),
        "settings": settings,
        "scores": {k: scores[k] for k in ("baseline_val", "best_val", "val_curve", "test", "ood")},
        "details": scores["details"],
        **(about or {}),
    }
    store = CallStore(directory.calls_file)
    try:
        failed = len(store.failures())
        entries = list(store.entries())
    finally:
        store.close()
    if failed:
        raise RunError(
            f"{failed} calls of the run in {path} failed, which a record can't hold",
            "record a run without failures",
        )
    write_record(out, header, entries)
    return len(entries)
