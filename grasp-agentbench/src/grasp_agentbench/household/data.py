"""Which official games there are, and where they lie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grasp.contracts import TaskError
from grasp.plugins.datasets import DataFile, Dataset
from grasp_agentbench.splits import part

#: Names the folder with ALFWorld's games, as ALFWorld itself does.
DATA_VARIABLE = "ALFWORLD_DATA"

STANDARD_FILE = DataFile(
    "standard.json", "4c576333113019a65fef8e0648031a54dd5f75165686e7f3d4e3cfe98e0781df"
)
DEV_FILE = DataFile("dev.json", "20b8f28be96aa2c011edd5a43653c5ee8089d51442e42cc8f361ce9866cc6ce0")

#: The lists of games; the games themselves come with ALFWorld.
ALFWORLD = Dataset(
    name="agentbench-alfworld",
    base_url="https://raw.githubusercontent.com/THUDM/AgentBench/main/data/alfworld/",
    files=(STANDARD_FILE, DEV_FILE),
    licence="Apache-2.0 (THUDM/AgentBench); the games are ALFWorld's, MIT",
    extra="grasp-agentbench[data]",
)

#: Where ALFWorld's releases put games; the lists name the first.
_FOLDERS = ("json_2.1.1", "json_2.1.2", "json_2.1.3")
_GET_GAMES = "pip install alfworld && alfworld-download, then set data_dir or ALFWORLD_DATA"


@dataclass(frozen=True)
class Listed:
    """A game of the official lists.

    Attributes:
        id: Its index in the standard list and the dev list, one after the other.
        type: Kind of task, such as ``pick_and_place``.
        path: Below the folder of games.
    """

    id: str
    type: str
    path: str

    @property
    def problem(self) -> str:
        """Name of the problem, such as ``pick_and_place_simple-Mug-None-Desk-308``."""
        return self.path.split("/")[-3]


def official_splits(dataset: Dataset = ALFWORLD) -> Mapping[str, Sequence[Listed]]:
    """Return GRASP's ``dev``, ``val`` and ``test`` of the pulled lists.

    Raises:
        TaskError: They have not been pulled, or are damaged.
    """
    groups: list[list[Listed]] = []
    sizes: list[int] = []
    for file in (STANDARD_FILE, DEV_FILE):
        listed = json.loads(dataset.verified(file).read_text(encoding="utf-8"))
        for kind, paths in listed.items():
            start = sum(map(len, groups))
            groups.append([Listed(str(start + n), kind, p) for n, p in enumerate(paths)])
        sizes.append(len(groups))
    dev, val = part(groups[: sizes[0]])
    return {"dev": dev, "val": val, "test": [g for group in groups[sizes[0] :] for g in group]}


def find_game(folder: Path, listed: Listed) -> Path:
    """Return the file of a game.

    Raises:
        TaskError: It is not there.
    """
    tail = listed.path.partition("/")[2]
    for below in (*_FOLDERS, "."):
        path = folder / below / tail
        if path.is_file():
            return path
    raise TaskError(f"the game {tail} is not in {folder}", _GET_GAMES)
