"""``grasp sweep``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of its runs and tables; default: runs/NAME-OF-FILE.",
)
@click.option("--plan", is_flag=True, help="Only list the runs and how far they are.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON on stdout.")
def sweep(file: Path, out: Path | None, plan: bool, as_json: bool) -> None:
    """Run every combination of methods, tasks, agents and seeds that FILE names.

    The same command again goes on where it stopped: finished runs are kept, an unfinished one
    is resumed, and no answer is paid for twice. 'budget: {calls: N}' is of all runs together; a
    sweep that reaches it stops with exit code 3. The folder gets results.csv and results.json
    with one row for each evaluation of each run. Everything FILE names, with its parameters, is
    looked at before the first call is paid; --plan does so too.

    \b
    Examples:
      grasp sweep methods.yaml
      grasp sweep methods.yaml --out runs/methods --json
    """
    from rich.console import Console

    from grasp.contracts import BudgetSpent
    from grasp.report.progress import RunProgress
    from grasp.runs.sweep import Progress, run_sweep, state_of
    from grasp.runs.sweepfile import combinations, read_sweep

    folder = out or Path("runs") / file.stem
    console = Console(stderr=as_json)

    def told(progress: Progress) -> None:
        one = progress.combination
        console.print(
            f"[{progress.number}/{progress.total}] {one.method} on {one.task}, {one.agent}, "
            f"seed {one.seed}: {progress.state}",
            highlight=False,
            markup=False,
        )

    if plan:
        plan_file = read_sweep(file)
        runs = combinations(plan_file)
        states = [state_of(plan_file, folder, one) for one in runs]
        for number, (one, state) in enumerate(zip(runs, states, strict=True), 1):
            told(Progress(number, len(runs), one, state))
        return
    with RunProgress(console) as progress:
        stopped = run_sweep(file, folder, progress, told)
    console.print(f"The table is in {folder / 'results.csv'}", highlight=False, soft_wrap=True)
    if as_json:
        click.echo((folder / "results.json").read_text(encoding="utf-8"), nl=False)
    if stopped:
        raise BudgetSpent(
            f"stopped: {stopped}; what was learned so far is saved",
            f"raise it in {file} (budget.calls is of all runs) and run the same command again",
        )
