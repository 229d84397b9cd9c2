"""Figures of single evaluations, as ``results/paper/scores.csv`` holds them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grasp.contracts import ConfigError

#: Table, model, benchmark, method and column of a published cell.
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Figure:
    """One evaluation of one run.

    Attributes:
        study: ``main``, ``ablation``, ``sensitivity``, ``nonmedical``, ``transfer_model``,
            ``transfer_benchmark`` or ``other``.
        model: The acting model.
        benchmark: What it was evaluated on.
        writer: The model whose run wrote what was learned.
        learned_on: Benchmark of that run; empty if nothing was learned.
        method: Method or variant.
        run: Name of the run.
        split: ``val``, ``test`` or ``ood``.
        stage: ``no_skills``, ``epoch`` (val after each), ``best`` or ``frozen`` (transferred).
        epoch: Of an ``epoch`` figure, from 0; else ``None``.
        score: Share of samples solved, in [0, 1].
    """

    study: str
    model: str
    benchmark: str
    writer: str
    learned_on: str
    method: str
    run: str
    split: str
    stage: str
    epoch: int | None
    score: float


@dataclass(frozen=True)
class Published:
    """A cell as it was published, in per cent; ``std`` is ``None`` for a single run."""

    mean: float
    std: float | None


def read_figures(path: Path) -> list[Figure]:
    """Read the figures of single runs.

    Raises:
        ConfigError: The file is missing, or a row is malformed.
    """
    found = []
    for number, row in enumerate(_rows(path), start=2):
        try:
            known = {name: row[name] for name in Figure.__dataclass_fields__ if name in row}
            share = row["score"] or str(int(row["correct"]) / int(row["total"]))
            epoch = int(row["epoch"]) if row["epoch"] else None
            found.append(Figure(**{**known, "epoch": epoch, "score": float(share)}))  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"{path}, line {number}: {error!r} in a figure") from None
    return found


#: Columns of a file of figures; ``correct`` and ``total`` may stand for ``score``.
COLUMNS = (
    "study", "model", "benchmark", "writer", "learned_on", "method", "run", "split", "stage",
    "epoch", "correct", "total", "score",
)  # fmt: skip


def write_figures(path: Path, figures: Iterable[Figure]) -> None:
    """Write figures so that ``read_figures`` reads them.

    Raises:
        ConfigError: The file can't be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            for figure in figures:
                epoch = "" if figure.epoch is None else figure.epoch
                writer.writerow({**vars(figure), "epoch": epoch, "score": repr(figure.score)})
    except OSError as error:
        raise ConfigError(
            f"can't write {path}: {error.strerror}", "name another with --out"
        ) from None


def read_published(path: Path) -> dict[Key, Published]:
    """Read the published cells.

    Raises:
        ConfigError: The file is missing, or a row is malformed.
    """
    found = {}
    for number, row in enumerate(_rows(path), start=2):
        try:
            key = (row["table"], row["model"], row["benchmark"], row["method"], row["column"])
            std = float(row["std_pct"]) if row["std_pct"] else None
            found[key] = Published(float(row["mean_pct"]), std)
        except (KeyError, ValueError) as error:
            raise ConfigError(f"{path}, line {number}: {error!r} in a published cell") from None
    return found


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)
    except OSError as error:
        raise ConfigError(
            f"can't read {path}: {error.strerror}",
            "run it in a clone of the repository, or name its results/paper with --paper",
        ) from None
