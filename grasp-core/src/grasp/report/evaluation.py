"""An evaluation in words."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from grasp.runs.evaluate import Evaluation


def print_evaluation(console: Console, result: Evaluation) -> None:
    """Print accuracy, per type and subset where the task tells them apart."""
    total = result.score
    title = f"{result.split}: {total.accuracy:.1%} ({total.correct}/{total.total})"
    if total.errors:
        title += f", {total.errors} could not be run"
    console.print(title, style="bold", highlight=False)
    rows = [(name, s.correct, s.total) for name, s in result.by_type.items() if name]
    rows += [
        (name, c, n) for name, (c, n) in sorted(total.groups.items()) if name not in result.by_type
    ]
    if len(rows) > 1:
        table = Table(box=None)
        for column in ("", "accuracy", "correct", "samples"):
            table.add_column(column, justify="left" if not column else "right")
        for name, correct, count in rows:
            table.add_row(name, f"{correct / count:.0%}", str(correct), str(count))
        console.print(table)
    for name, value in total.metrics.items():
        console.print(f"{name}: {value:.3f}", highlight=False)
    calls, tokens = result.usage["calls"], result.usage["tokens"]
    console.print(
        f"{calls['total']} calls ({calls['cached']} from the store), {tokens['total']:,} tokens, "
        f"{result.wall_s:.1f} s",
        highlight=False,
    )
