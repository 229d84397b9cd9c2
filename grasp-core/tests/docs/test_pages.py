"""Every code block of README and docs runs, and prints what the page says it prints.

A page is one shell session in an empty folder: blocks with a title are files in it, ``sh``
blocks are run in it, Python without a title is run as a program. Three things are stood in for:
``pip`` and ``nox`` (``stand_in.py``), the reader's own endpoint (one on this machine), and the
hours of a benchmark (runs on it stop after a few calls). What isn't run says why in a comment
before it.
"""

from __future__ import annotations

import doctest
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from grasp.cli.main import cli
from grasp.runs.config import load_config

from ..endpoint import Endpoint, serve
from .pages import COMMAND_LINE, ROOT, Block, blocks, pages

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STAND_IN = Path(__file__).with_name("stand_in.py")
READERS_ENDPOINT = "http://localhost:8000/v1"
SHELL = ("sh", "bash", "console")
KNOWN = {*SHELL, "python", "yaml", "toml", "json", "text"}
_EXACT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: What a run or an evaluation of a benchmark stops after.
LIMITS = {"run": "--max-calls 12", "eval": "--limit 1"}


class _Model(Endpoint):
    """Says of everything that it has finished."""

    def answer(self, body: Mapping[str, Any]) -> str:
        return '{"edits": []}' if body.get("response_format") else "FINISH([])"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serve(_Model()) as served:
        yield served.url


class Session:
    """A shell that remembers its folder and its variables from one block to the next."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.home = folder / "home"
        self._state = folder / "state"
        self._endpoint = endpoint
        site, tools = folder / "site", folder / "bin"
        for made in (self.home, self._state, site, tools):
            made.mkdir()
        (self._state / "folder").write_text(str(self.home))
        python = shlex.quote(sys.executable)
        stand_in = f"{python} {shlex.quote(str(STAND_IN))}"
        for name, body in {
            "pip": f'exec {stand_in} pip "$@"',
            "nox": f'exec {stand_in} nox "$@"',
            "python": f'[ "$1 $2" = "-m pip" ] && shift 2 && exec {stand_in} pip "$@"\n'
            f'exec {python} "$@"',
            "grasp": _limited(python),
        }.items():
            (tools / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
            (tools / name).chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GRASP_", "PYTEST"))}
        self._environment = {
            **kept,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(site),
            "GRASP_DOCS_SITE": str(site),
            "HOME": str(self.home),
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "OPENAI_BASE_URL": endpoint,
        }

    @property
    def folder(self) -> Path:
        return Path((self._state / "folder").read_text().strip())

    def run(self, command: str) -> str:
        """Run a command; returns what it prints."""
        state = shlex.quote(str(self._state))
        script = (
            f'cd "$(cat {state}/folder)"\n[ -e {state}/variables ] && . {state}/variables\n'
            f"set -eo pipefail\n{command.replace(READERS_ENDPOINT, self._endpoint)}\n"
            f"pwd > {state}/folder\nexport -p > {state}/variables\n"
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env=self._environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def _limited(python: str) -> str:
    """Return a script for ``grasp`` that doesn't take hours, nor count a limit as a failure."""
    cases = "".join(
        f'  *" {verb} medagentbench "*) more="{limit}";;\n' for verb, limit in LIMITS.items()
    )
    return (
        f'more=""\ncase " $* " in\n  *" --dry-run "*);;\n{cases}esac\n'
        f'{python} -m grasp "$@" $more || {{ code=$?; [ -n "$more" ] && [ $code = 3 ]; }}'
    )


def check(block: Block, session: Session) -> None:
    """Run a block, or read it if it is data."""
    if block.title:
        file = session.folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
        if file.suffix == ".py":
            compile(block.text, block.title, "exec")
        elif file.suffix == ".yaml":
            load_config(file)
    elif block.language in SHELL:
        printed = session.run(block.text)
        if block.output is not None:
            expect(block.output, printed)
    elif block.language == "python":
        (session.folder / "block.py").write_text(block.text, encoding="utf-8")
        printed = session.run("python block.py")
        if block.output is not None:
            expect(block.output, printed)
    elif block.language == "yaml":
        load_config(yaml.safe_load(block.text) or {})
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "json":
        json.loads(block.text)
    else:
        raise AssertionError(f"nobody runs {block.language!r}: say why with <!-- not run: … -->")


def expect(wanted: str, printed: str) -> None:
    """Compare outputs as doctest does: ``...`` is any text, spaces are all alike."""
    if not doctest.OutputChecker().check_output(wanted, printed, _EXACT):
        raise AssertionError(f"printed\n{printed}\ninstead of\n{wanted}")


@pytest.mark.parametrize(
    "page", [p for p in pages() if p != COMMAND_LINE], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_every_block_of_a_page(page: Path, tmp_path: Path, endpoint: str) -> None:
    session = Session(tmp_path, endpoint)
    if page.parent.name == "tutorials" and page.name != "task.md":
        for block in blocks(page.with_name("task.md")):
            if block.title:
                check(block, session)
    for block in blocks(page):
        assert block.language in KNOWN, f"line {block.line}: name the block's language"
        if not block.not_run:
            try:
                check(block, session)
            except BaseException as error:
                raise AssertionError(f"{page.name}, line {block.line}: {error}") from error


def test_the_examples_of_the_command_line_parse() -> None:
    lines = [line for b in blocks(COMMAND_LINE) for line in b.text.splitlines()]
    examples = [line for line in lines if line.startswith("grasp ")]
    assert len(examples) > 20
    for line in examples:
        command: click.Command = cli
        context = click.Context(cli, info_name="grasp")
        rest = shlex.split(line.partition(" > ")[0])[1:]
        while isinstance(command, click.Group):
            # Raises for an option that doesn't exist; what it leaves is the subcommand's.
            rest = command.make_parser(context).parse_args(rest)[1]
            found = command.get_command(context, rest[0])
            assert found is not None, line
            command, context = found, click.Context(found, info_name=rest.pop(0), parent=context)
        command.make_parser(context).parse_args(rest)


def test_the_references_are_what_the_code_says() -> None:
    generator = ROOT / "docs" / "reference" / "generate.py"
    done = subprocess.run(
        [sys.executable, str(generator), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_block_that_is_not_run_says_why() -> None:
    reasons = {b.not_run for page in pages() for b in blocks(page) if b.not_run}
    assert all(len(reason) > 10 for reason in reasons)
