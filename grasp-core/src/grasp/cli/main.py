"""The ``grasp`` command: finds the subcommand, and turns errors into one clear line.

Subcommands are imported when called; ``grasp --help`` imports none of them and loads no
plugin.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

from grasp import __version__

#: Name, where it lives, and its line in ``grasp --help``.
_COMMANDS = {
    "run": ("grasp.cli.run:run", "Learn skills on a task and evaluate them."),
    "eval": ("grasp.cli.eval:eval_", "Measure an agent on one split of a task."),
    "show": ("grasp.cli.show:show", "Show a run: curve, decisions, skills."),
    "replay": ("grasp.cli.replay:replay", "Run a finished run again, offline."),
    "gate": ("grasp.cli.gate:gate", "Decide a run's updates again with another gate."),
    "skills": ("grasp.cli.skills:skills", "List, show, export and import skills."),
    "list-plugins": ("grasp.cli.plugins:list_plugins", "List installed plugins."),
    "check": ("grasp.cli.check:check", "Check that a plugin keeps its contracts."),
    "new-plugin": ("grasp.cli.new_plugin:new_plugin", "Write the distribution of a new plugin."),
    "doctor": ("grasp.cli.doctor:doctor", "Say which backends are usable."),
    "data": ("grasp.cli.data:data", "Fetch benchmarks' official data files."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the built-in commands, then those of plugins."""
        return [*_COMMANDS, *sorted(set(_plugin_commands()) - set(_COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name in _COMMANDS:
            return _import(_COMMANDS[cmd_name][0])
        found = _plugin_commands().get(cmd_name)
        return None if found is None else _import_plugin_command(cmd_name, *found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets a did-you-mean."""
        name = args[0]
        if name not in _COMMANDS and name not in _plugin_commands():
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; its result is dropped, so that only ``ctx.exit`` gives a code."""
        super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])
        extra = {n: f for n, f in _plugin_commands().items() if n not in _COMMANDS}
        if extra:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(n, f"from {extra[n][0]}") for n in sorted(extra)])


def _plugin_commands() -> dict[str, tuple[str, str]]:
    """Return name → (distribution, target), from metadata alone."""
    global _found
    if _found is None:
        from grasp.plugins.entrypoints import COMMANDS_GROUP, entry_points
        from grasp.plugins.selection import select

        selection = select(_disabled)
        _found = {
            f.entry_point: (f.distribution, f.target)
            for f in entry_points(COMMANDS_GROUP)
            if not selection.leaves_out(f)
        }
    return _found


_found: dict[str, tuple[str, str]] | None = None
_disabled: tuple[str, ...] = ()


def _import(target: str) -> click.Command:
    module, _, name = target.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


def _import_plugin_command(name: str, distribution: str, target: str) -> click.Command:
    from grasp.contracts import PluginError

    try:
        command = _import(target)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(
            f"the command {name!r} of {distribution} can't be imported "
            f"({type(error).__name__}: {error})",
            f"update {distribution}, or leave it out with --no-plugin {distribution}",
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(f"the command {name!r} of {distribution} is not a click command")
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="grasp")
@click.option(
    "--plugin", "plugins", multiple=True, metavar="MODULE", help="Load a module as a plugin too."
)
@click.option(
    "--no-plugin",
    "without",
    multiple=True,
    metavar="NAME",
    help="Leave out a plugin (distribution or entry point).",
)
@click.option("--traceback", is_flag=True, help="Show the traceback of an error.")
def cli(plugins: tuple[str, ...], without: tuple[str, ...], traceback: bool) -> None:
    """Learn skills for an LLM agent from its own failures, behind a regression gate."""
    global _disabled, _found
    if plugins or without:
        from grasp.plugins import configure

        # A module in the working directory can be tried out without packaging it.
        if plugins and "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        _disabled, _found = without, None
        configure(without, plugins)


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:] if args is None else args
    sys.exit(_guarded(arguments))


def _guarded(arguments: list[str]) -> int:
    before = arguments[: _command_position(arguments)]
    try:
        code = cli.main(arguments, prog_name="grasp", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.exceptions.Abort:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return int(error.exit_code)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # The reader went away; leave nothing for the interpreter to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if "--traceback" in before:
            raise
        return _explain(error)


def _command_position(arguments: list[str]) -> int:
    taking_value = {"--plugin", "--no-plugin"}
    index = 0
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] in taking_value else 1
    return index


def _interrupted() -> int:
    _say("Interrupted: everything answered so far is saved.")
    _say("Hint: go on where it stopped with the same command and --resume", "cyan")
    return 130


def _explain(error: Exception) -> int:
    from grasp.contracts import GraspError

    if isinstance(error, GraspError):
        _say(f"Error: {error.message}")
        if error.hint:
            _say(f"Hint: {error.hint}", "cyan")
        return error.exit_code
    if _is_full_disk(error):
        _say("Error: the disk is full")
        _say("Hint: free space, then go on where it stopped with --resume", "cyan")
        return 1
    text = " ".join(str(error).split())
    _say(f"Error: {type(error).__name__}: {text}")
    _say("Hint: this is a bug or a broken plugin; 'grasp --traceback ...' shows where", "cyan")
    return 1


def _is_full_disk(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "database or disk is full" in str(error)


def _say(line: str, colour: str = "red") -> None:
    head, _, rest = line.partition(":")
    click.echo(f"{click.style(head, fg=colour)}:{rest}", err=True)


def warn_of_broken_plugins(plugins: Any) -> None:
    """Print one line for every plugin that could not be loaded."""
    for plugin in plugins:
        if plugin.status in ("broken", "incompatible"):
            _say(f"Warning: {plugin.distribution} is {plugin.status}: {plugin.error}", "yellow")
