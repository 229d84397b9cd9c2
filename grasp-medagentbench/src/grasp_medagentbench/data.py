"""The official files of MedAgentBench v1; used where the user has pulled them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grasp.plugins.datasets import DataFile, Dataset
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.records import read_records

RECORDS_FILE = DataFile(
    "test_data_v2.json", "b6e89b2ef82f1bef27c5778a644a8a66c7b25738bbd6a48d03ab3e5182df6ca8"
)
FUNCTIONS_FILE = DataFile(
    "funcs_v1.json", "c977266db5eca75182c0d12cac1962b33ae6b5a54b9029ceb104e1a93b4c38c1"
)

MEDAGENTBENCH = Dataset(
    name="medagentbench",
    base_url=(
        "https://raw.githubusercontent.com/stanfordmlgroup/MedAgentBench/main/data/medagentbench/"
    ),
    files=(RECORDS_FILE, FUNCTIONS_FILE),
    licence="MIT (stanfordmlgroup/MedAgentBench)",
    extra="grasp-medagentbench[data]",
)


def official_records() -> list[dict[str, Any]] | None:
    """Return the pulled records, ``None`` if they haven't been pulled.

    Raises:
        TaskError: The pulled file is damaged.
    """
    path = MEDAGENTBENCH.path(RECORDS_FILE.name)
    return None if path is None else read_records(path)


def official_functions() -> Sequence[Mapping[str, Any]]:
    """Return the pulled descriptions of the API, or our own if they haven't been pulled."""
    path = MEDAGENTBENCH.path(FUNCTIONS_FILE.name)
    if path is None:
        return FUNCTIONS
    loaded: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
