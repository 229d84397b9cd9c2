"""The rules by which the paper's tables follow from its runs.

- A run counts if it has a test evaluation.
- ``val_best`` is the best validation over a run's training epochs.
- ``test`` and ``ood`` are those of the best library; a run that has none (nothing was
  learned) counts with its evaluation without skills.
- The row ``no_skills`` pools the evaluations without skills of all methods' runs.
- Cells are the mean over runs and the sample standard deviation.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from grasp.results.figures import Figure, Key

MODELS = ("gpt-oss-120b", "deepseek-v4-flash", "gemini-3.1-flash-lite", "gpt-4.1", "gpt-5.4-low")
MEDICAL = ("MedAgentBench", "MedAgentBench-v2", "FHIR-AgentBench")
AGENTBENCH = ("alfworld", "webshop", "dbbench", "os")
NO_SKILLS = "no_skills"
METHODS = ("sequential_memory", "batch_memory", "expel", "evo_memory", "skillx", "grasp")
COLUMNS = ("val_best", "test", "ood")
SEALED = ("test", "ood")

#: Names of the tables, in the order they are printed.
TITLES = {
    "1": "Table 1. All methods on the medical benchmarks",
    "2": "Table 2. Libraries of one model, used by another (MedAgentBench)",
    "3": "Table 3. Libraries learned on one benchmark, used on another",
    "4": "Table 4. Ablations",
    "5": "Table 5. AgentBench",
    "sensitivity": "Sensitivity to B, N, K and lambda",
}


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        table: A key of ``TITLES``.
        scores: Of the runs behind it, in [0, 1]; never empty.
    """

    table: str
    model: str
    benchmark: str
    method: str
    column: str
    scores: tuple[float, ...]

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return (self.table, self.model, self.benchmark, self.method, self.column)

    @property
    def mean(self) -> float:
        """Mean over runs, in per cent."""
        return 100 * statistics.fmean(self.scores)

    @property
    def std(self) -> float | None:
        """Sample standard deviation, in percentage points; ``None`` for a single run."""
        return 100 * statistics.stdev(self.scores) if len(self.scores) > 1 else None


class Run:
    """The evaluations of one run."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._figures = figures

    def scores(self, split: str, stage: str) -> list[float]:
        """Return its scores on a split at a stage."""
        return [f.score for f in self._figures if f.split == split and f.stage == stage]

    @property
    def counts(self) -> bool:
        """Whether it has a test evaluation."""
        return any(f.split == "test" for f in self._figures)

    def column(self, column: str) -> list[float]:
        """Return what it adds to a column of its method's row: one score, or none."""
        if column == "val_best":
            epochs = self.scores("val", "epoch")
            return [max(epochs)] if epochs else []
        return self.scores(column, "best") or self.scores(column, NO_SKILLS)

    def without_skills(self, column: str) -> list[float]:
        """Return what it adds to a column of the row without skills."""
        return self.scores("val" if column == "val_best" else column, NO_SKILLS)


def cells(figures: Iterable[Figure]) -> list[Cell]:
    """Return the cells of all tables, in the order they are printed.

    Models, benchmarks and methods the paper does not have come after its own.
    """
    by_study: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        by_study[figure.study].append(figure)
    main = by_study["main"]
    published = [f for f in main if f.method == "grasp"]
    return [
        *_grid("1", main, MEDICAL, (NO_SKILLS, *METHODS), COLUMNS),
        *_transfers("2", by_study["transfer_model"], _models),
        *_transfers("3", by_study["transfer_benchmark"], _benchmarks),
        *_variants("4", by_study["ablation"], published),
        *_grid("5", by_study["nonmedical"], AGENTBENCH, (NO_SKILLS, "grasp"), ("test",)),
        *_variants("sensitivity", by_study["sensitivity"], published),
    ]


def _grid(
    table: str,
    figures: Sequence[Figure],
    benchmarks: Sequence[str],
    methods: Sequence[str],
    columns: Sequence[str],
) -> list[Cell]:
    found = []
    methods = _names((f.method for f in figures), methods)
    for model in _names((f.model for f in figures), MODELS):
        for benchmark in _names((f.benchmark for f in figures), benchmarks):
            here = [f for f in figures if (f.model, f.benchmark) == (model, benchmark)]
            runs = _runs(here)
            for method in methods:
                for column in columns:
                    scores: list[float] = []
                    for (of, _), run in runs.items():
                        if method == NO_SKILLS:
                            scores += run.without_skills(column)
                        elif of == method:
                            scores += run.column(column)
                    if scores:
                        found.append(Cell(table, model, benchmark, method, column, tuple(scores)))
    return found


def _variants(table: str, figures: Sequence[Figure], published: Sequence[Figure]) -> list[Cell]:
    """Return the rows of variants, each under the published method where it was run too."""
    places = {(f.model, f.benchmark) for f in figures}
    beside = [f for f in published if (f.model, f.benchmark) in places]
    methods = sorted({f.method for f in figures})
    return _grid(table, [*figures, *beside], MEDICAL, ("grasp", *methods), COLUMNS)


def _names(found: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the known names, then others that were found."""
    return [*known, *sorted(set(found) - set(known))]


def _transfers(
    table: str, figures: Sequence[Figure], names: Callable[[Figure], tuple[str, str]]
) -> list[Cell]:
    grouped: dict[Key, list[float]] = defaultdict(list)
    for f in figures:
        model, benchmark = names(f)
        grouped[(table, model, benchmark, f.method, f.split)].append(f.score)
    order = sorted(grouped, key=lambda k: (k[1], k[2], _place(k[3], METHODS), _place(k[4], SEALED)))
    return [Cell(*key, tuple(grouped[key])) for key in order]


def _models(figure: Figure) -> tuple[str, str]:
    return f"{figure.writer} -> {figure.model}", figure.benchmark


def _benchmarks(figure: Figure) -> tuple[str, str]:
    by = "" if figure.writer == figure.model else f" ({figure.writer})"
    return figure.model, f"{figure.learned_on or 'nothing'}{by} -> {figure.benchmark}"


def _place(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else -1


def _runs(figures: Iterable[Figure]) -> dict[tuple[str, str], Run]:
    """Return the runs that count, by method and name."""
    grouped: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        grouped[(figure.method, figure.run)].append(figure)
    runs = {key: Run(found) for key, found in grouped.items()}
    return {key: run for key, run in runs.items() if run.counts}
