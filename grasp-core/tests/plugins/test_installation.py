"""What pip installs is what the other tests make visible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grasp.plugins.entrypoints import COMMANDS_GROUP, GROUP

from .distributions import DISTS, NAMES

LIST = (
    "import json; from grasp.plugins.entrypoints import entry_points as e; "
    f"print(json.dumps([e({GROUP!r}), e({COMMANDS_GROUP!r})]))"
)


@pytest.mark.slow
def test_pip_installs_the_same(environment: None, sites: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-build-isolation", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, *offline, *(str(DISTS / name) for name in NAMES)], check=True)

    def listed(*places: Path) -> tuple[object, object]:
        path = {"PYTHONPATH": os.pathsep.join(map(str, places))}
        outputs = [
            subprocess.run(
                [sys.executable, *arguments],
                env={**os.environ, **path}, capture_output=True, text=True, check=True,
            ).stdout
            for arguments in (["-c", LIST], ["-m", "grasp", "list-plugins", "--json"])
        ]  # fmt: skip
        return json.loads(outputs[0]), json.loads(outputs[1])

    assert listed(target) == listed(*(sites / name for name in NAMES))
