"""``grasp show-task``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from grasp.cli.params import param_option

if TYPE_CHECKING:
    from grasp.plugins.parameters import Parameter
    from grasp.runs.taskfacts import Prompt, TaskFacts

_WIDTH = 80
#: Lines of each message that are shown without --full.
_SHOWN = 16
#: More groups than this are counted rather than listed.
_GROUPS = 24


@click.command("show-task")
@click.argument("name")
@param_option("One parameter of the task.")
@click.option("--full", is_flag=True, help="Show the whole example prompt.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_task(name: str, params: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Show a task: its splits, parameters, report groups and an example prompt.

    No model is asked: the prompt is what an episode shows its model first.

    \b
    Examples:
      grasp show-task medagentbench
      grasp show-task medagentbench -P post_mode=strict --full
      grasp show-task medagentbench --json
    """
    from grasp.runs.config import load_config
    from grasp.runs.taskfacts import task_facts

    given = load_config(None, params).task_params
    facts = task_facts(name, given)
    if as_json:
        click.echo(json.dumps(facts.to_json()))
    else:
        click.echo("\n".join(_told(facts, full)))
    if facts.problem is not None:
        raise facts.problem


def _told(facts: TaskFacts, full: bool) -> Iterator[str]:
    from grasp.plugins.factories import extras

    plugin, spec = facts.plugin, facts.spec
    yield click.style(spec.name, bold=True)
    yield from _wrapped(spec.summary)
    yield ""
    rows = {
        "from": f"{plugin.distribution} {plugin.found.version}".strip(),
        "made by": spec.factory,
    }
    rows["docs"] = spec.docs or plugin.found.docs
    rows["needs"] = extras(plugin, spec) if spec.requires else ""
    rows["turns"] = f"at most {facts.max_turns}" if facts.max_turns else ""
    yield from (f"  {k:<9}{v}" for k, v in rows.items() if v)
    yield from _heading("Parameters", "set with -P KEY=VALUE, or task_params in a configuration")
    known = facts.parameters.known
    for parameter in known:
        yield from _parameter(parameter)
    if facts.parameters.others:
        yield f"  any {'other ' if known else ''}KEY=VALUE is passed on"
    elif not known:
        yield "  none"
    if facts.splits:
        yield from _heading("Splits", "samples")
        yield from _splits(facts)
    if facts.prompt is not None:
        yield from _prompt(facts.prompt, full)
    elif facts.no_prompt:
        yield from _heading("Example prompt", "")
        yield from _wrapped(f"none: {facts.no_prompt}")


def _heading(text: str, note: str) -> list[str]:
    return ["", click.style(text, bold=True) + (f" ({note})" if note else "")]


def _parameter(parameter: Parameter) -> Iterator[str]:
    head = f"  {click.style(parameter.name, fg='cyan')}"
    if parameter.type:
        head += f": {parameter.type}"
    if parameter.required:
        head += f"  {click.style('required', fg='yellow')}"
    else:
        head += f" = {json.dumps(parameter.default_json(), ensure_ascii=False)}"
    yield head
    yield from _wrapped(parameter.description.replace("``", "`"), "      ")


def _splits(facts: TaskFacts) -> Iterator[str]:
    names = list(facts.splits)
    columns = "".join(f"{n:>8}" for n in names)
    tables = [("report group", facts.groups), ("type", facts.types)]
    shown = [(t, c) for t, c in tables if any(c.values())]
    if len(shown) == 2 and facts.groups == facts.types:
        shown = [("type, report group", facts.types)]
    labels = [label for _, counts in shown for split in counts.values() for label in split]
    width = min(max([18, *(len(label) + 2 for label in labels)]), _WIDTH - len(columns) - 2)
    yield f"  {'':<{width}}{columns}"
    yield f"  {'all':<{width}}" + "".join(f"{facts.splits[n]:>8}" for n in names)
    for title, counts in shown:
        yield from _rows(title, counts, names, width)


def _rows(
    title: str, counts: Mapping[str, Mapping[str, int]], names: Sequence[str], width: int
) -> Iterator[str]:
    labels = list(dict.fromkeys(label for n in names for label in counts.get(n, {})))
    yield f"  {title}:" if len(labels) <= _GROUPS else f"  {title}: {len(labels)} of them, such as"
    for label in labels[:_GROUPS]:
        numbers = (str(counts.get(n, {}).get(label, "")) or "-" for n in names)
        short = label if len(label) <= width - 2 else f"{label[: width - 3]}…"
        yield f"    {short:<{width - 2}}" + "".join(f"{number:>8}" for number in numbers)


def _prompt(prompt: Prompt, full: bool) -> Iterator[str]:
    yield from _heading("Example prompt", f"{prompt.split}, sample {prompt.sample}")
    cut = False
    for message in prompt.messages:
        yield f"  {click.style(str(message.get('role', '')), fg='cyan')}"
        lines = list(_lines(message.get("content")))
        extra = {k: v for k, v in message.items() if k not in ("role", "content")}
        if extra:
            lines.extend(_lines(extra))
        if not full and len(lines) > _SHOWN + 1:
            cut = True
            lines[_SHOWN:] = [f"… and {len(lines) - _SHOWN} lines more"]
        yield from (f"    {line}" for line in lines)
    if prompt.tools:
        yield f"  {click.style('tools', fg='cyan')}"
        yield from _wrapped(", ".join(_tool(t) for t in prompt.tools), "    ")
    if cut:
        yield "  (--full shows all of it)"


def _lines(content: Any) -> Iterator[str]:
    text = content if isinstance(content, str) else json.dumps(content, indent=1, default=str)
    for line in text.splitlines() or [""]:
        # Cut to be seen, so that indents stay as they are.
        wrapped = textwrap.wrap(line.expandtabs(), _WIDTH - 4, drop_whitespace=False)
        yield from (part.rstrip() for part in wrapped or [""])


def _tool(tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return str(named.get("name", "?"))


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
