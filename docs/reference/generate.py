"""Writes the pages that are made from the code: ``python docs/reference/generate.py [--check]``.

The command line's page comes from click's commands, the configuration's from the models that
read it. Plugins that happen to be installed don't show in either.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import AliasChoices, BaseModel

from grasp.cli.main import _COMMANDS, cli
from grasp.methods.settings import CycleSettings
from grasp.runs.config import BudgetSection, RunConfig

HERE = Path(__file__).parent
COMMAND = "python docs/reference/generate.py"
NOTE = f"<!-- Made by '{COMMAND}'; change the code instead. -->\n\n"


def pages() -> dict[Path, str]:
    """Return every page's path and text."""
    return {HERE / "cli.md": cli_page(), HERE / "configuration.md": configuration_page()}


# -- the command line ----------------------------------------------------------------------


def cli_page() -> str:
    """Return the page of all built-in commands."""
    parts = [
        NOTE + "# Command line\n",
        "Every command has `--help`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 stopped by a "
        "budget, 130 interrupted. Errors are one line and a hint on stderr; `grasp --traceback …` "
        "shows where they come from.\n",
        _command("grasp", cli, click.Context(cli, info_name="grasp"), level=2),
    ]
    context = click.Context(cli, info_name="grasp")
    for name in _COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts.extend(_with_subcommands(f"grasp {name}", command, context, 2))
    return "\n".join(parts)


def _with_subcommands(
    path: str, command: click.Command, parent: click.Context, level: int
) -> Iterator[str]:
    context = click.Context(command, info_name=path.split()[-1], parent=parent)
    yield _command(path, command, context, level)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            assert sub is not None
            yield from _with_subcommands(f"{path} {name}", sub, context, level + 1)


def _command(path: str, command: click.Command, context: click.Context, level: int) -> str:
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [f"{'#' * level} {path}\n", f"`{usage}`\n", _prose(command.help or "")]
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    if options:
        lines += ["| option | |", "|---|---|"]
        lines += [_option(option, context) for option in options]
        lines.append("")
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Return a help text as Markdown: paragraphs that click leaves as they are become code."""
    out = []
    for paragraph in text.split("\n\n"):
        if "\b" in paragraph:
            lines = [x.strip() for x in paragraph.replace("\b", "").splitlines() if x.strip()]
            head = [lines.pop(0), ""] if lines[0].endswith(":") else []
            language = "sh" if any(x.startswith("grasp") for x in lines) else "yaml"
            out.append("\n".join([*head, f"```{language}", *lines, "```"]))
        else:
            out.append(" ".join(paragraph.split()))
    return "\n\n".join(out) + "\n"


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, text = record if record else ("", option.help or "")
    return f"| `{names}` | {text} |".replace("\n", " ")


# -- the configuration ---------------------------------------------------------------------


def configuration_page() -> str:
    """Return the page of every setting."""
    run = [n for n in RunConfig.model_fields if n not in ("cycle", "skills", "budget")]
    return "\n".join(
        [
            NOTE + "# Configuration\n",
            "`grasp run TASK --config FILE` takes a YAML file; `--set KEY=VALUE` overrides single "
            "settings, such as `--set cycle.epochs=2`. Everything has a default. The names of the "
            "original's files are accepted too. A setting that doesn't exist is an error that "
            "names the nearest one. `grasp schema` prints all of this as JSON schema, with the "
            "parameters of the plugins you have installed.\n",
            "```yaml\ntask: medagentbench\nagent: local\ncycle:\n  epochs: 2\n  gate: replicate\n"
            "budget:\n  calls: 5000\n```\n",
            "## The run\n",
            _table(RunConfig, run),
            "## cycle: how a method learns\n",
            "These may stand at top level too.\n",
            _table(CycleSettings, list(CycleSettings.model_fields)),
            "## budget: the most a run may spend\n",
            "A run that reaches a limit stops with exit code 3; `--resume` goes on with a larger "
            "one.\n",
            _table(BudgetSection, list(BudgetSection.model_fields)),
        ]
    )


def _table(model: type[BaseModel], names: list[str]) -> str:
    properties: dict[str, Any] = model.model_json_schema(by_alias=False)["properties"]
    rows = ["| setting | type | default | |", "|---|---|---|---|"]
    for name in names:
        schema, field = properties[name], model.model_fields[name]
        default = field.get_default(call_default_factory=True)
        shown = "unset" if default is None else f"`{_yaml(default)}`"
        alias = field.validation_alias
        others = [str(c) for c in alias.choices if c != name] if isinstance(
            alias, AliasChoices
        ) else []  # fmt: skip
        text = (field.description or "") + (f" Original: `{others[0]}`." if others else "")
        rows.append(f"| `{name}` | {_type(schema)} | {shown} | {text} |")
    return "\n".join(rows) + "\n"


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(s) for s in schema["anyOf"] if s.get("type") != "null")
    words = {"integer": "whole number", "object": "mapping", "string": "text", "boolean": "yes/no"}
    kind = str(schema.get("type", ""))
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = f" ≥ {low:g}" if low is not None else ""
    bounds += f" ≤ {high:g}" if high is not None else ""
    return words.get(kind, kind) + bounds


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return re.sub(r"\.0$", "", str(value))


def main() -> int:
    """Write the pages, or say which differ."""
    old = [p for p, text in pages().items() if not p.exists() or p.read_text("utf-8") != text]
    for path in old:
        if "--check" in sys.argv[1:]:
            print(f"{path.name} is not what the code says: run {COMMAND}")
        else:
            path.write_text(pages()[path], encoding="utf-8")
    return int(bool(old) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
