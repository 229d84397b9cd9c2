"""The study behind docs/baselines.md comes out as the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_page() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "methods_study.py")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    page = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8")
    table = re.findall(r"^\|.*\|$", page, re.MULTILINE)
    assert done.stdout.splitlines() == table
