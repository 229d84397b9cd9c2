"""The official problems with their reference commands: who passes (goals of issue 6)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .test_shell import CONTAINER, REAL_IMAGE, backend

ROOT = Path(__file__).parents[3]
OFFICIAL = ROOT.parent / "shared/benchdata/agentbench/os_interaction"

#: Prepares nothing because of a slip of the pen; reads the answer as an argument that isn't there.
NOWHERE = {"std-004-Q09-00000", "std-007-bootstrap-00084"}
#: Install sudo; count the host's large /lib; take away rights of a program of the host.
NOT_ON_THE_HOST = {
    "std-006-new-00005", "std-006-new-00006", "std-006-new-00008", "std-005-new-00001",
    "std-006-new-00003",
}  # fmt: skip
#: Need users that a machine of one user lacks.
NOT_OF_ONE_USER = {
    "std-006-new-00002", "std-006-new-00005", "std-006-new-00006", "std-006-new-00008",
}  # fmt: skip


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["image", "userns", "bwrap", "docker"])
def test_official_problems_pass_and_a_wrong_answer_nowhere(kind: str) -> None:
    data = Path(os.environ.get("AGENTBENCH_OS_DATA", OFFICIAL))
    if not data.is_dir():
        pytest.skip("the official records are not at ../shared, nor in AGENTBENCH_OS_DATA")
    if kind == "image" and REAL_IMAGE is None:
        pytest.skip("grasp agentbench os-image made none")
    if kind == "docker" and not CONTAINER:
        pytest.skip("GRASP_TEST_CONTAINER names no image")
    backend(kind)  # Works here.
    allowed = set(NOWHERE)
    if kind not in ("image", "docker"):
        allowed |= NOT_ON_THE_HOST
    if kind == "bwrap" or os.geteuid():
        allowed |= NOT_OF_ONE_USER
    if kind == "bwrap":  # A file of its /proc can't be searched.
        allowed.add("std-004-N37-00000")
    command = [sys.executable, str(ROOT / "benchmarks" / "os_references.py"), str(data), "--json"]
    command += ["--sandbox", "userns" if kind == "image" else kind]
    command += ["--container-image", CONTAINER] if kind == "docker" else []
    command += ["--image", str(REAL_IMAGE.parent) if kind == "image" and REAL_IMAGE else "host"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    rest = facts["rest"]
    assert facts["problems"] == 156
    assert "WRONG ANSWER ACCEPTED" not in rest.values()
    missing = {sample for sample, said in rest.items() if said == "script missing"}
    assert len(missing) in (0, 16)
    assert set(rest) - missing <= allowed
