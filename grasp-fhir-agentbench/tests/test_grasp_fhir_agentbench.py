"""The distribution installs, is typed and carries the common version."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

import grasp
import grasp_fhir_agentbench


def test_lockstep_version() -> None:
    assert (
        grasp_fhir_agentbench.__version__ == grasp.__version__ == version("grasp-fhir-agentbench")
    )


def test_is_typed() -> None:
    assert files(grasp_fhir_agentbench).joinpath("py.typed").is_file()
