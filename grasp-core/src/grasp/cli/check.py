"""``grasp check``."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import click

from grasp.cli.params import param_option

if TYPE_CHECKING:
    from grasp.testing import Finding, Report

_OPTIONS = {
    "task": ("params", "policy", "samples"),
    "method": ("policy",),
    "agent": ("params",),
    "gate": ("params",),
    "plugin": (),
}
_COLOURS = {"error": "red", "warning": "yellow"}
_WIDTH = 80


@click.command()
@click.argument("name", metavar="TASK|METHOD|AGENT|GATE|PLUGIN")
@click.option("--kind", type=click.Choice(list(_OPTIONS)), help="What it is, if several have it.")
@param_option("A parameter to make it.")
@click.option(
    "--policy",
    metavar="MODULE:NAME",
    help="Scripted policy that acts (tasks), or also writes skills (methods).",
)
@click.option("--samples", type=click.IntRange(min=1), help="Samples of a task to run.")
@click.option("--strict", is_flag=True, help="Exit with code 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(
    context: click.Context,
    name: str,
    kind: str | None,
    params: tuple[str, ...],
    policy: str | None,
    samples: int | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Check whether a plugin, or what it registers, keeps its contract.

    Exits with code 1 if it doesn't. Checking an agent makes about thirty small calls.

    \b
    Examples:
      grasp check my-task
      grasp check my-task --policy my_task.scripted:answer
      grasp check my-distribution
      grasp check mine --kind gate --json
    """
    from grasp.runs.config import load_config
    from grasp.testing.examining import report
    from grasp.testing.subjects import find_kind

    kind = kind or find_kind(name)
    options: dict[str, Any] = {
        "params": load_config(None, params).task_params,
        "policy": policy,
        "samples": samples,
    }
    given = {option: value for option, value in options.items() if value}
    _refuse(kind, set(given) - set(_OPTIONS[kind]))
    made = report(kind, name, **given)
    if as_json:
        click.echo(json.dumps(made.to_json()))
    else:
        click.echo("\n".join(_lines(made)))
    if made.errors or (strict and made.findings):
        context.exit(1)


def _refuse(kind: str, options: set[str]) -> None:
    for option in sorted(options):
        kinds = [k for k, taken in _OPTIONS.items() if option in taken]
        flag = "--param" if option == "params" else f"--{option}"
        raise click.UsageError(f"{flag} is for a {' or a '.join(kinds)}, not for a {kind}")


def _lines(report: Report) -> list[str]:
    lines = [line for finding in report.findings for line in _told(finding)]
    errors = len(report.errors)
    warnings = len(report.findings) - errors
    said = [_number(errors, "error"), _number(warnings, "warning")]
    result = ", ".join(filter(None, said)) or click.style("all passed", fg="green")
    return [*lines, f"{report.kind} {report.name}: {len(report.checks)} checks, {result}"]


def _told(finding: Finding) -> list[str]:
    head = click.style(f"{finding.severity} {finding.check}", fg=_COLOURS[finding.severity])
    return [head, *_wrapped(finding.message), *_wrapped(finding.remedy, "mend: "), ""]


def _wrapped(text: str, label: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent=" " * (2 + len(label)),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""
