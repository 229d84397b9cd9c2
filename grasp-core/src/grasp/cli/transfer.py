"""``grasp transfer``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the evaluations and tables; default: runs/NAME-OF-FILE.",
)
@click.option("--plan", is_flag=True, help="Only list the evaluations and which are made.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON on stdout.")
def transfer(file: Path, out: Path | None, plan: bool, as_json: bool) -> None:
    """Let the libraries of finished runs act for other models, or on other tasks.

    FILE names the runs, the tasks and the agents; every library meets every one of them that it
    was not learned with. The same command again goes on where it stopped, and no answer is paid
    for twice. 'grasp reproduce FOLDER' makes Tables 2 and 3 of the results.

    \b
    Examples:
      grasp transfer results/sweeps/table-2.yaml --plan
      grasp transfer results/sweeps/table-2.yaml --out runs/table-2
    """
    from rich.console import Console

    from grasp.report.progress import RunProgress
    from grasp.runs.transfer import run_transfer, state_of
    from grasp.runs.transferfile import Step, read_transfer, steps

    folder = out or Path("runs") / file.stem
    console = Console(stderr=as_json)

    def told(number: int, total: int, step: Step, state: str) -> None:
        source = step.source
        console.print(
            f"[{number}/{total}] {source.method} of {source.learned_on}, {source.writer}, seed "
            f"{source.seed}, on {step.task}, {step.agent}, {step.split}: {state}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    if plan:
        plan_file = read_transfer(file)
        todo = steps(plan_file)
        states = [state_of(plan_file, folder, step) for step in todo]
        for number, (step, state) in enumerate(zip(todo, states, strict=True), 1):
            told(number, len(todo), step, state)
        return
    with RunProgress(console) as progress:
        run_transfer(file, folder, progress, told)
    console.print(f"The table is in {folder / 'results.csv'}", highlight=False, soft_wrap=True)
    if as_json:
        click.echo((folder / "results.json").read_text(encoding="utf-8"), nl=False)
