"""The official files of MedAgentBench; used where the user has pulled them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from grasp.plugins.datasets import DataFile, Dataset
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.records import ANSWERED_TYPES, read_records

V1_RECORDS_FILE = DataFile(
    "test_data_v2.json", "b6e89b2ef82f1bef27c5778a644a8a66c7b25738bbd6a48d03ab3e5182df6ca8"
)
V2_RECORDS_FILE = DataFile(
    "new_patient_tasks.json", "c1645ea5415b808fc3b2f0ba819dca85eff50eddf85a0863c515f7fe876b0d37"
)
#: The same in both versions.
FUNCTIONS_FILE = DataFile(
    "funcs_v1.json", "c977266db5eca75182c0d12cac1962b33ae6b5a54b9029ceb104e1a93b4c38c1"
)

MEDAGENTBENCH = Dataset(
    name="medagentbench",
    base_url=(
        "https://raw.githubusercontent.com/stanfordmlgroup/MedAgentBench/main/data/medagentbench/"
    ),
    files=(V1_RECORDS_FILE, FUNCTIONS_FILE),
    licence="MIT (stanfordmlgroup/MedAgentBench)",
    extra="grasp-medagentbench[data]",
)
MEDAGENTBENCH_V2 = Dataset(
    name="medagentbench-v2",
    base_url=(
        "https://raw.githubusercontent.com/jomoll/GRASP/main/benchmarks/MedAgentBench-v2/"
        "data/medagentbench/"
    ),
    files=(V2_RECORDS_FILE, FUNCTIONS_FILE),
    licence="MIT (jomoll/GRASP)",
    extra="grasp-medagentbench[data]",
)


def official_records(
    dataset: Dataset = MEDAGENTBENCH, answered: Collection[str] = ANSWERED_TYPES
) -> list[dict[str, Any]] | None:
    """Return the pulled records, ``None`` if they haven't been pulled.

    Args:
        dataset: Whose; its first file has them.
        answered: See ``records.read_records``.

    Raises:
        TaskError: The pulled file is damaged.
    """
    path = dataset.path(dataset.files[0].name)
    return None if path is None else read_records(path, answered)


def official_functions(dataset: Dataset = MEDAGENTBENCH) -> Sequence[Mapping[str, Any]]:
    """Return the pulled descriptions of the API, or our own if they haven't been pulled."""
    path = dataset.path(FUNCTIONS_FILE.name)
    if path is None:
        return FUNCTIONS
    loaded: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
