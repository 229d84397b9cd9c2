"""The distribution installs, is typed and carries the common version."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

import grasp
import grasp_baselines


def test_lockstep_version() -> None:
    assert grasp_baselines.__version__ == grasp.__version__ == version("grasp-baselines")


def test_is_typed() -> None:
    assert files(grasp_baselines).joinpath("py.typed").is_file()
