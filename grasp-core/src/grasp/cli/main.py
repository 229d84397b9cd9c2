"""The ``grasp`` command: finds the subcommand, and turns errors into one clear line.

Subcommands are imported when called; ``grasp --help`` imports none of them and loads no
plugin.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from grasp import __version__
from grasp.cli.terminated import Terminated, terminable

if TYPE_CHECKING:
    from grasp.plugins.commands import Commands

#: Name, where it lives, and its line in ``grasp --help``.
_COMMANDS = {
    "run": ("grasp.cli.run:run", "Learn skills on a task and evaluate them."),
    "transfer": ("grasp.cli.transfer:transfer", "Let learned libraries act elsewhere."),
    "sweep": ("grasp.cli.sweep:sweep", "Run methods on tasks with agents and seeds."),
    "eval": ("grasp.cli.eval:eval_", "Measure an agent on one split of a task."),
    "show": ("grasp.cli.show:show", "Show a run: curve, decisions, skills."),
    "report": ("grasp.cli.report:report", "Write a run as one HTML file."),
    "view": ("grasp.cli.view:view", "Serve a run's page while it goes on."),
    "plot": ("grasp.cli.plot:plot", "Draw runs as PNG, SVG or PDF."),
    "replay": ("grasp.cli.replay:replay", "Run a finished run again, offline."),
    "gate": ("grasp.cli.gate:gate", "Decide a run's updates again with another gate."),
    "compare": ("grasp.cli.compare:compare", "Compare runs; say what is known and what is not."),
    "reproduce": ("grasp.cli.reproduce:reproduce", "Recompute the paper's tables."),
    "results": ("grasp.cli.results:results", "Import results of the original's release."),
    "skills": ("grasp.cli.skills:skills", "List, show, export and import skills."),
    "list-plugins": ("grasp.cli.plugins:list_plugins", "List installed plugins."),
    "show-plugin": ("grasp.cli.show_plugin:show_plugin", "Show one plugin and what it registers."),
    "show-task": ("grasp.cli.show_task:show_task", "Show a task: splits, parameters, prompt."),
    "schema": ("grasp.cli.schema:schema", "Print the JSON schema of configurations."),
    "check": ("grasp.cli.check:check", "Check that a plugin keeps its contracts."),
    "new-plugin": ("grasp.cli.new_plugin:new_plugin", "Write the distribution of a new plugin."),
    "doctor": ("grasp.cli.doctor:doctor", "Say which backends are usable."),
    "data": ("grasp.cli.data:data", "Fetch benchmarks' official data files."),
}


#: What is said of commands that go on where they stopped.
_GOES_ON = {
    "run": ": what was answered is saved; go on with the same command and --resume",
    "sweep": ": what was answered is saved; the same command goes on",
    "transfer": ": what was answered is saved; the same command goes on",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the built-in commands, then those of plugins."""
        return [*_COMMANDS, *_added(ctx).names()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; to a shell that completes words, broken ones don't exist."""
        if cmd_name in _COMMANDS:
            module, _, name = _COMMANDS[cmd_name][0].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        from grasp.contracts import PluginError

        try:
            return _imported(ctx, cmd_name)
        except PluginError:
            if ctx.resilient_parsing:
                return None
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets a did-you-mean."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}.{_advice(ctx, args[0])}")
        return args[0], command, args[1:]

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; its result is dropped, so that only ``ctx.exit`` gives a code."""
        _warn_of_unknown_plugins()
        super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])
        added = _added(ctx).names()
        if added:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(n, f"from {f.distribution}") for n, f in added.items()])


def plugin_commands() -> Commands:
    """Find the commands that plugins add to ``grasp``."""
    from grasp.plugins.commands import find_commands

    return find_commands(_COMMANDS)


def _added(ctx: click.Context) -> Commands:
    """Return the commands plugins add, found once in an invocation."""
    if __name__ not in ctx.meta:
        ctx.meta[__name__] = plugin_commands()
    found: Commands = ctx.meta[__name__]
    return found


def _imported(ctx: click.Context, name: str) -> click.Command | None:
    from grasp.plugins.commands import import_command

    found = _added(ctx).find(name)
    return None if found is None else import_command(found)


def _advice(ctx: click.Context, name: str) -> str:
    """Say what may be wrong with the name of a command nobody has."""
    from grasp.plugins.nearest import nearest

    added = _added(ctx)
    for found in added.off:
        if found.entry_point == name:
            return f" {found.distribution}, which has it, is switched off."
    near = nearest(name, [*_COMMANDS, *added.names(), *(f.entry_point for f in added.found)])
    return f" Did you mean {near!r}?" if near else ""


def _choose(ctx: click.Context, option: click.Parameter, names: tuple[str, ...]) -> None:
    """Apply ``--plugin`` and ``--no-plugin`` before any command is looked for."""
    if not names:
        return
    from grasp.plugins.selection import configure, wish

    # A module in the working directory can be tried out without packaging it.
    if option.name == "modules" and "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    configure(**{**wish()._asdict(), str(option.name): names})


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="grasp")
@click.option(
    "--plugin",
    "modules",
    multiple=True,
    metavar="MODULE",
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="Load a module as a plugin too.",
)
@click.option(
    "--no-plugin",
    "disabled",
    multiple=True,
    metavar="NAME",
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="Leave out a plugin (distribution or entry point).",
)
@click.option(
    "--traceback", is_flag=True, expose_value=False, help="Show the traceback of an error."
)
def cli() -> None:
    """Learn skills for an LLM agent from its own failures, behind a regression gate."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:] if args is None else args
    with terminable():
        code = _guarded(arguments)
    sys.exit(code)


def _guarded(arguments: list[str]) -> int:
    position = _command_position(arguments)
    try:
        code = cli.main(arguments, prog_name="grasp", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.Abort as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, KeyboardInterrupt):
            return _interrupted(cause, arguments[position:])
        _say("Aborted")
        return 1
    except click.ClickException as error:
        error.show()
        return int(error.exit_code)
    except KeyboardInterrupt as error:
        return _interrupted(error, arguments[position:])
    except BrokenPipeError:
        # The reader went away; leave nothing for the interpreter to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if "--traceback" in arguments[:position]:
            raise
        return _explain(error)


def _command_position(arguments: list[str]) -> int:
    taking_value = {"--plugin", "--no-plugin"}
    index = 0
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] in taking_value else 1
    return index


def _interrupted(error: KeyboardInterrupt, command: list[str]) -> int:
    """Say how to go on; return what a shell has for a command that ends by the signal."""
    how, code = ("Terminated", 143) if isinstance(error, Terminated) else ("Interrupted", 130)
    _say(how + _GOES_ON.get(command[0] if command else "", ""))
    return code


def _explain(error: Exception) -> int:
    from grasp.contracts import GraspError
    from grasp.plugins.loading import one_line

    if isinstance(error, GraspError):
        _say(f"Error: {error.message}")
        if error.hint:
            _say(f"Hint: {error.hint}", "cyan")
        return error.exit_code
    text = one_line(error)
    if _is_full_disk(error) or "database or disk is full" in text:
        _say("Error: the disk is full")
        _say("Hint: free space, then go on where it stopped with --resume", "cyan")
        return 1
    told = _circumstance(error, text)
    if told is not None:
        _say(f"Error: {told[0]}")
        _say(f"Hint: {told[1]}", "cyan")
        return 1
    _say(f"Error: {text}")
    _say("Hint: this is a bug or a broken plugin; 'grasp --traceback ...' shows where", "cyan")
    return 1


def _circumstance(error: Exception, text: str) -> tuple[str, str] | None:
    """Return what is wrong with the user's system, and what to do, if that is what it is."""
    if "No usable temporary directory" in text:
        return "no folder for temporary files can be written", "set TMPDIR to one that can"
    kinds = {
        PermissionError: "see that this account may read and write it",
        NotADirectoryError: "there is a file where a folder should be",
        IsADirectoryError: "there is a folder where a file should be",
    }
    for kind, remedy in kinds.items():
        if isinstance(error, kind) and error.filename is not None:
            reason = (error.strerror or "it can't be used").lower()
            return f"can't use {_path(error)}: {reason}", remedy
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        where = "" if error.filename is None else f" {_path(error)}"
        return f"can't write{where}: it is read-only", "choose another folder"
    return None


def _path(error: OSError) -> str:
    name = error.filename  # Of a file, or the number of an open one.
    return os.fsdecode(name) if isinstance(name, str | bytes) else str(name)


def _is_full_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _say(line: str, colour: str = "red") -> None:
    head, colon, rest = line.partition(":")
    click.echo(f"{click.style(head, fg=colour)}{colon}{rest}", err=True)


def _warn_of_unknown_plugins() -> None:
    """Print one line for every name to leave out that no plugin has."""
    from grasp.plugins.entrypoints import COMMANDS_GROUP, GROUP, entry_points
    from grasp.plugins.selection import wish

    selection = wish().selection()
    if selection.disabled:
        found = entry_points(GROUP) + entry_points(COMMANDS_GROUP)
        for name, remedy in selection.unknown(found).items():
            _say(f"Warning: there is no plugin {name!r} to leave out; {remedy}", "yellow")


def warn_of_broken_plugins(plugins: Any) -> None:
    """Print one line for every plugin that could not be loaded."""
    for plugin in plugins:
        if plugin.status in ("broken", "incompatible"):
            _say(f"Warning: {plugin.distribution} is {plugin.status}: {plugin.error}", "yellow")
