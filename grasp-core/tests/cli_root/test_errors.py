"""What goes wrong is one clear line, a remedy and an exit code; the traceback if asked for."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from grasp.cli import main as root
from grasp.cli.terminated import Terminated
from grasp.contracts import AgentError, BudgetSpent, ConfigError

from ..plugins.distributions import Command, Ran

#: Calls what a test wants the command ``boom`` to do.
Boom = Callable[[Callable[[], object]], None]


@pytest.fixture
def boom(monkeypatch: pytest.MonkeyPatch) -> Boom:
    """Make ``list-plugins`` do something else."""

    def install(action: Callable[[], object], name: str = "list-plugins") -> None:
        command = click.Command(name, callback=action)
        module = type(sys)("demo_boom")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "demo_boom", module)
        monkeypatch.setitem(root._COMMANDS, name, ("demo_boom:command", "It fails."))

    return install


def raising(error: BaseException) -> Callable[[], object]:
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("a: b", "do: c"), 2, "Error: a: b\nHint: do: c\n"),
        (AgentError("no answer"), 1, "Error: no answer\n"),
        (BudgetSpent("spent", "more"), 3, "Error: spent\nHint: more\n"),
    ],
)
def test_a_users_error_is_its_message_and_hint(
    error: Exception, code: int, said: str, boom: Boom, grasp: Command
) -> None:
    boom(raising(error))
    ran = grasp("list-plugins")
    assert (ran.code, ran.out, ran.err) == (code, "", said)


def test_an_unexpected_error_is_one_bounded_line(boom: Boom, grasp: Command) -> None:
    boom(raising(ValueError("line one\nline two " + "x" * 100_000)))
    ran = grasp("list-plugins")
    assert ran.code == 1
    error, hint = ran.err.splitlines()
    assert error.startswith("Error: ValueError: line one line two xxx")
    assert len(error) < 400
    assert hint == "Hint: this is a bug or a broken plugin; 'grasp --traceback ...' shows where"


def test_an_error_that_can_not_be_printed_is_still_told(boom: Boom, grasp: Command) -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    boom(raising(Unprintable()))
    assert grasp("list-plugins").err.startswith("Error: Unprintable\nHint: ")


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space"), RuntimeError("database or disk is full")]
)
def test_a_full_disk_says_how_to_go_on(error: Exception, boom: Boom, grasp: Command) -> None:
    boom(raising(error))
    ran = grasp("list-plugins")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "Error: the disk is full"
    assert "--resume" in ran.err


@pytest.mark.parametrize("options", [["--traceback"], ["--no-plugin", "core", "--traceback"]])
def test_the_traceback_is_shown_if_asked_for(
    options: list[str], boom: Boom, grasp: Command
) -> None:
    boom(raising(ConfigError("a")))
    with pytest.raises(ConfigError):
        grasp(*options, "list-plugins")


def test_the_traceback_as_a_user_sees_it(process: Callable[..., Ran], tmp_path: Path) -> None:
    arguments = ["show", str(tmp_path / "nowhere")]
    plain = process([], "-m", "grasp", *arguments)
    assert plain.code != 0
    assert plain.err.startswith("Error: ")
    assert "Traceback" not in plain.err
    traced = process([], "-m", "grasp", "--traceback", *arguments)
    assert traced.code == 1
    assert traced.err.startswith("Traceback (most recent call last)")
    assert "RunError" in traced.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nonsense"], "No such option"),
        (["list-plugins", "--jsn"], "--json"),
        (["run"], "Missing argument 'TASK'"),
        (["show", "a", "b"], "unexpected extra argument"),
    ],
)
def test_bad_usage_is_code_2_and_says_how_to_get_help(
    arguments: list[str], said: str, grasp: Command
) -> None:
    ran = grasp(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "--help' for help." in ran.err


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"),
         "can't use /x/y: permission denied", "may read and write"),
        (PermissionError(errno.EPERM, "Operation not permitted", 3),
         "can't use 3: operation not permitted", "may read and write"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/x"), "can't use /x",
         "a file where"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", b"/x"), "can't use /x",
         "a folder where"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "can't write /x", "another folder"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
         "no folder for temporary files", "TMPDIR"),
    ],
)  # fmt: skip
def test_the_users_own_circumstances_are_no_bug(
    error: Exception, said: str, remedy: str, boom: Boom, grasp: Command
) -> None:
    boom(raising(error))
    ran = grasp("list-plugins")
    assert ran.code == 1
    first, second = ran.err.splitlines()
    assert first.startswith(f"Error: {said}")
    assert second.startswith("Hint: ")
    assert remedy in second


# -- interrupts ----------------------------------------------------------------------


def test_an_interrupt_is_one_line_and_code_130(boom: Boom, grasp: Command) -> None:
    boom(raising(KeyboardInterrupt()))
    ran = grasp("list-plugins")
    assert ran.code == 130
    assert ran.err.split("\n") == ["", "Interrupted", ""]  # The first line ends the terminal's ^C.


def test_an_interrupted_run_says_how_to_go_on(boom: Callable[..., None], grasp: Command) -> None:
    boom(raising(KeyboardInterrupt()), "run")
    ran = grasp("--no-plugin", "core", "run")
    assert ran.code == 130
    assert ran.err.strip() == (
        "Interrupted: what was answered is saved; go on with the same command and --resume"
    )
    boom(raising(Terminated()), "sweep")
    ran = grasp("sweep")
    assert (ran.code, ran.err.strip()) == (
        143,
        "Terminated: what was answered is saved; the same command goes on",
    )


def test_no_to_a_question_is_not_an_interrupt(
    boom: Boom, grasp: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    boom(lambda: click.confirm("Sure?", abort=True))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt="": "n")
    ran = grasp("list-plugins")
    assert (ran.code, ran.err.split()) == (1, ["Aborted"])


@pytest.mark.parametrize(
    ("raised", "code", "said"), [(KeyboardInterrupt, 130, "Interrupted"), (EOFError, 1, "Aborted")]
)
def test_an_interrupt_at_a_question_is_one(
    raised: type[BaseException],
    code: int,
    said: str,
    boom: Boom,
    grasp: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask(prompt: str = "") -> str:
        raise raised

    boom(lambda: click.prompt("Name?"))
    monkeypatch.setattr("click.termui.visible_prompt_func", ask)
    ran = grasp("list-plugins")
    assert (ran.code, ran.err.split()) == (code, [said])


def test_an_interrupt_while_a_command_is_imported(
    grasp: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "import_module", lambda name: raising(KeyboardInterrupt())())
    assert grasp("list-plugins").code == 130


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 130, "Interrupted"), ("SIGTERM", 143, "Terminated")]
)
def test_a_real_interrupt(name: str, code: int, said: str, environment: None) -> None:
    program = (
        "import signal, sys, os; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from grasp.cli import main as root\n"
        f"root._added = lambda ctx: os.kill(os.getpid(), signal.{name})\n"
        "root.main(['--traceback', 'medagent'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (code, "", said)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_whoever_handles_being_terminated_keeps_that(
    handler: Any, boom: Boom, grasp: Command
) -> None:
    before = signal.signal(signal.SIGTERM, handler)
    try:
        boom(lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert grasp("list-plugins").code == 0
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_handler_is_gone_afterwards(grasp: Command) -> None:
    before = signal.getsignal(signal.SIGTERM)
    grasp("--version")
    assert signal.getsignal(signal.SIGTERM) is before


# -- a reader that goes away ---------------------------------------------------------

#: Writes a text of its own; the command line's output breaks only when it is flushed.
WRITES = """
import sys, types, click
from grasp.cli import main as root
made = types.ModuleType("demo_boom")
made.command = click.Command("writes", callback=lambda: sys.stdout.write(sys.argv[1]) and None)
sys.modules["demo_boom"] = made
root._COMMANDS["writes"] = ("demo_boom:command", "")
root.main(["writes"])
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m", "grasp", "--help"],
        ["-m", "grasp", "list-plugins", "-v"],
        ["-c", WRITES, "short"],
        ["-c", WRITES, "long" * 10_000],
    ],
    ids=["help", "list", "short", "long"],
)
def test_a_reader_that_goes_away_is_no_error(
    arguments: list[str], environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_what_a_command_returns_is_no_code(boom: Boom, grasp: Command) -> None:
    boom(lambda: 7)
    assert grasp("list-plugins").code == 0


def test_main_exits_with_the_code(grasp: Command) -> None:
    for arguments, code in ((["--version"], 0), (["no-such"], 2)):
        with pytest.raises(SystemExit) as ended:
            root.main(arguments)
        assert ended.value.code == code
