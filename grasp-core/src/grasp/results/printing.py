"""Tables as text, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from grasp.results.comparison import Comparison, Line
from grasp.results.tables import COLUMNS, TITLES

HEADINGS = {"val_best": "Val*", "test": "Test", "ood": "OOD"}
FIELDS = ("table", "model", "benchmark", "method", "column", "mean_pct", "std_pct")


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return one mapping for each cell, with the columns of ``results/paper/published.csv``.

    Numbers have one decimal; ``std_pct`` is ``None`` for a single run.
    """
    return [
        dict(zip(FIELDS, (*line.cell.key, *_rounded(line)), strict=True))
        for line in comparison.lines
    ]


def as_csv(comparison: Comparison) -> str:
    """Return ``rows`` as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: "" if v is None else v for k, v in row.items()} for row in rows(comparison)
    )
    return text.getvalue()


def as_text(comparison: Comparison) -> str:
    """Return tables for a terminal: recomputed and, in brackets, published cells."""
    parts = []
    for title, heads, body in _tables(comparison):
        table = [heads[2:], *(row[2:] for row in body)]
        widths = [max(len(row[i]) for row in table) for i in range(len(heads) - 2)]
        lines = [title, "", _aligned(heads[2:], widths)]
        for (model, benchmark), rows in groupby(body, key=lambda row: (row[0], row[1])):
            lines += [f"{model}, {benchmark}", *(_aligned(row[2:], widths) for row in rows)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()


def as_markdown(comparison: Comparison) -> str:
    """Return tables in Markdown."""
    parts = []
    for title, heads, body in _tables(comparison):
        lines = [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *body)]
        parts.append("\n".join([f"## {title}", "", *lines]))
    return "\n\n".join(parts) + "\n"


def as_latex(comparison: Comparison) -> str:
    """Return tables in LaTeX; they need the package booktabs."""
    parts = []
    for title, heads, body in _tables(comparison, bracket=False):
        lines = [" & ".join(map(_escaped, row)) + r" \\" for row in body]
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    rf"\caption{{{_escaped(title.partition('. ')[2] or title)}}}",
                    rf"\begin{{tabular}}{{{'l' * 3}{'r' * (len(heads) - 3)}}}",
                    r"\toprule",
                    " & ".join(map(_escaped, heads)) + r" \\",
                    r"\midrule",
                    *lines,
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def _tables(
    comparison: Comparison, *, bracket: bool = True
) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield title, headings and rows of each table."""
    for table, group in groupby(comparison.lines, key=lambda line: line.cell.table):
        lines = list(group)
        columns = [c for c in COLUMNS if any(line.cell.column == c for line in lines)]
        body = []
        for key, of_row in groupby(lines, key=lambda line: line.cell.key[1:4]):
            found = {line.cell.column: line for line in of_row}
            runs = max(len(line.cell.scores) for line in found.values())
            cells = [_shown(found[c], bracket) if c in found else "" for c in columns]
            body.append([*key, str(runs), *cells])
        heads = ["model", "benchmark", "method", "runs", *(HEADINGS[c] for c in columns)]
        yield TITLES[table], heads, body


def _shown(line: Line, bracket: bool) -> str:
    mean, std = _rounded(line)
    text = f"{mean:.1f}" + ("" if std is None else f" ± {std:.1f}")
    if not bracket or line.published is None:
        return text
    told = line.published
    published = f"{told.mean:.1f}" + ("" if told.std is None else f" ± {told.std:.1f}")
    return f"{text} [{published}{'' if line.agrees else ' DIFFERS'}]"


def _rounded(line: Line) -> tuple[float, float | None]:
    std = line.cell.std
    return round(line.cell.mean, 1), None if std is None else round(std, 1)


def _escaped(text: str) -> str:
    text = text.replace("_", r"\_").replace("->", r"$\to$").replace("±", r"$\pm$")
    return text.replace("%", r"\%")


def verdict(comparison: Comparison) -> Sequence[str]:
    """Return lines that say whether everything published was found again."""
    if any(line.own for line in comparison.lines):
        return [
            f"{len(comparison.lines)} cells of your runs; "
            f"{comparison.published} stand beside the paper's, in brackets"
        ]
    lines = [
        f"{comparison.published} published cells, {len(comparison.lines)} recomputed; "
        f"{comparison.published - len(comparison.differing)} agree"
    ]
    lines += [f"differs: {', '.join(line.cell.key)}" for line in comparison.differing]
    lines += [f"not found: {', '.join(key)}" for key in comparison.missing]
    return lines
