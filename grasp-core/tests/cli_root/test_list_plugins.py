"""``grasp list-plugins``: what is installed, what is wrong with it, and what mends it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grasp import __version__
from grasp.cli.hyperlinks import link, shows_links
from grasp.cli.plugin_table import summary, table
from grasp.plugins.entrypoints import Found
from grasp.plugins.plugin import Plugin
from grasp.plugins.specs import MethodSpec, TaskSpec

from ..plugins.distributions import NAMES, Command, Install


def rows(grasp: Command, *arguments: str) -> dict[str, dict[str, Any]]:
    """Return the JSON objects of the test distributions by name."""
    ran = grasp(*arguments, "list-plugins", "--json")
    assert ran.code == 0
    plugins = json.loads(ran.out)
    assert isinstance(plugins, list)
    return {p["distribution"]: p for p in plugins}


def test_json_has_exactly_these_fields(grasp: Command, install: Install) -> None:
    install(*NAMES)
    found = rows(grasp)
    for plugin in found.values():
        assert list(plugin) == [
            "distribution", "version", "entry_point", "status", "error", "provides",
        ]  # fmt: skip
        assert list(plugin["provides"]) == ["tasks", "methods", "agents", "gates", "executors"]
        assert plugin["status"] in ("ok", "broken", "disabled", "incompatible")
        assert bool(plugin["error"]) == (plugin["status"] in ("broken", "incompatible"))
    assert found["grasp-core"]["version"] == __version__
    assert found["demo-good"] == {
        "distribution": "demo-good",
        "version": "1.2.3",
        "entry_point": "words",
        "status": "ok",
        "error": "",
        "provides": {
            "tasks": ["demo-words"],
            "methods": ["demo-learner"],
            "agents": ["demo-echo"],
            "gates": ["demo-gate"],
            "executors": ["demo-threads"],
        },
    }
    assert found["demo-misspelt"] == {
        "distribution": "demo-misspelt",
        "version": "1.0",
        "entry_point": "misspelt",
        "status": "broken",
        "error": "there is no hook grasp_register_task; did you mean grasp_register_tasks?",
        "provides": {"tasks": [], "methods": [], "agents": [], "gates": [], "executors": []},
    }


def test_json_is_not_spoilt_by_a_plugin_that_prints(grasp: Command, install: Install) -> None:
    install("demo-prints")
    ran = grasp("list-plugins", "--json")
    assert "demo-prints" in [p["distribution"] for p in json.loads(ran.out)]
    assert ran.err == "demo-prints greets at discovery\n"


def test_the_table_has_a_row_for_each_plugin(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-exits", "demo-future")
    ran = grasp("--no-plugin", "demo-future", "list-plugins")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["DISTRIBUTION", "VERSION", "STATUS", "PROVIDES"]
    where = lines[0].index("PROVIDES")
    row = next(n for n, line in enumerate(lines) if line.startswith("demo-good"))
    assert lines[row].split() == ["demo-good", "1.2.3", "ok", "tasks", "demo-words"]
    assert [line[where:] for line in lines[row : row + 6]] == [
        "tasks      demo-words",
        "methods    demo-learner",
        "agents     demo-echo",
        "gates      demo-gate",
        "executors  demo-threads",
        "observes   runs",
    ]
    row = next(n for n, line in enumerate(lines) if line.startswith("demo-exits"))
    assert lines[row].split() == ["demo-exits", "1.0", "broken"]
    assert lines[row + 1 : row + 3] == [
        "    it called sys.exit(3)",
        "    update demo-exits, or leave it out with --no-plugin demo-exits",
    ]
    assert [line.split() for line in lines if line.startswith("demo-future")] == [
        ["demo-future", "1.0", "disabled"]
    ]
    assert lines == [line.rstrip() for line in lines]
    assert "entry point" not in ran.out
    assert "\x1b" not in ran.out, "no colours where there is no terminal"


def test_verbose_tells_where_everything_is(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-hidden")
    ran = grasp("list-plugins", "--verbose")
    assert ran.code == 0
    for line in (
        "    entry point words = demo_good.plugin",
        "    task demo-words: Say a word.",
        "    https://docs.example.org/demo-good",
        "        demo_good.words:Words",
        "        https://example.org/demo-words",
        "    agent demo-echo",
        "        demo_good.words:Echo",
    ):
        assert line in ran.out.splitlines()
    _, _, commands = ran.out.partition("\nCOMMANDS OF PLUGINS\n")
    listed = [line.split() for line in commands.partition("\n\n")[0].splitlines()]
    assert ["demo", "demo-good", "demo_good.command:demo"] in listed
    assert ["demo-hidden/run", "demo-hidden", "demo_hidden:run"] in listed
    assert "COMMANDS" not in grasp("list-plugins").out


def test_clashes_are_told_with_the_names_to_use(grasp: Command, install: Install) -> None:
    install("demo-twin-a", "demo-twin-b", "demo-hidden")
    _, _, clashes = grasp("list-plugins").out.partition("\nCLASHES\n")
    assert clashes.partition("\n\n")[0].splitlines() == [
        "- the task 'twin-task' is registered by demo-twin-a and demo-twin-b",
        "    say which: demo-twin-a/twin-task or demo-twin-b/twin-task",
        "- the command 'run' of demo-hidden is hidden by grasp's own",
        "    call it with: grasp demo-hidden/run",
        "- the command 'twin' is added by demo-twin-a and demo-twin-b",
        "    say which: grasp demo-twin-a/twin or grasp demo-twin-b/twin",
    ]
    assert "CLASHES" not in grasp("--no-plugin", "twin", "--no-plugin", "run", "list-plugins").out


@pytest.mark.parametrize(
    ("names", "options", "code"),
    [
        (["demo-good"], [], 0),
        (["demo-good", "demo-exits"], [], 1),
        (["demo-future"], [], 1),
        (["demo-exits"], ["--no-plugin", "exits"], 1),
    ],
)
def test_strict_fails_if_a_plugin_is_not_ok(
    names: list[str], options: list[str], code: int, grasp: Command, install: Install
) -> None:
    install(*names)
    assert grasp(*options, "list-plugins", "--strict").code == code
    assert grasp(*options, "list-plugins", "--strict", "--json").code == code
    assert grasp(*options, "list-plugins").code == 0


# -- 80 columns ----------------------------------------------------------------------

LONG = "a-distribution-whose-authors-like-" + "very-" * 12 + "long-names"
LINK = re.compile("\x1b]8;;([^\x1b]*)\x1b\\\\([^\x1b]*)\x1b]8;;\x1b\\\\")


def plugin(name: str, version: str = "1.0", *specs: Any, docs: str = "", **fields: Any) -> Plugin:
    found = Found(name, version, "point", "module", docs=docs)
    return Plugin(found, specs=list(specs), **fields)


def plain(lines: list[str]) -> list[str]:
    return [re.sub("\x1b\\[[0-9;]*m", "", line) for line in lines]


def rows_of(*plugins: Plugin, verbose: bool = False, links: bool = False) -> list[str]:
    """Return the lines below the head, without colours."""
    return plain(table(plugins, verbose, links))[1:]


CROWD = [
    plugin("grasp-core", "0.1.0", *(MethodSpec(f"method-{n}", "a:b") for n in range(12))),
    plugin(LONG, "2026.11.23.dev1234+gabcdef", TaskSpec(f"{'x' * 30}-{LONG}", "a:b")),
    plugin("b", "2026.11.23.dev1234+gabcdef", TaskSpec("y" * 90, "a:b"), TaskSpec("z", "a:b")),
    plugin("c-" + "c" * 22, "1", TaskSpec("a-" * 20 + "b", "a:b", "A summary. " * 12)),
    plugin(LONG, "3", status="broken", error="It broke. " * 30, hint=f"--no-plugin {LONG}"),
    plugin("incompatible-plugin", "1", status="incompatible", error="x" * 99, hint="update " * 20),
]


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("plugins", [CROWD, *([p] for p in CROWD)])
def test_no_line_is_wider_than_80_columns(plugins: list[Plugin], verbose: bool) -> None:
    lines = rows_of(*plugins, verbose=verbose)
    assert [line for line in lines if len(line) > 80] == []
    assert lines == [line.rstrip() for line in lines]


def test_long_names_are_whole_and_the_columns_stay() -> None:
    lines = rows_of(*CROWD)
    told = "".join("".join(lines).split())
    for name in (LONG, f"{'x' * 30}-{LONG}", "y" * 90 + ",z", "a-" * 20 + "b"):
        assert name in told
    head = plain(table(CROWD, False, False))[0]
    status, provides = head.index("STATUS"), head.index("PROVIDES")
    for line in lines:
        if " tasks " in line:
            assert line[provides - 1 :].startswith(" tasks ")
            assert line[status - 1 :].startswith(" ok ")
    assert status == len("incompatible-plugin  VERSION  "), "long ones push nothing aside"


def test_long_names_are_cut_at_their_joints() -> None:
    long = TaskSpec("first-" * 5 + "middle-" * 5 + "last", "a:b")
    first, *lines = rows_of(plugin("one", "1", TaskSpec("tiny", "a:b"), long))
    assert first.endswith("tiny,"), "what is cut has lines of its own"
    ends = [line[-1] for line in lines]
    assert ends == ["-"] * (len(lines) - 1) + ["t"]
    assert len(lines) > 1


def test_an_option_is_not_cut_in_two() -> None:
    for width in range(1, 40):
        hint = f"{'w' * width} update it or leave it out with --no-plugin demo-import-error"
        lines = rows_of(plugin("one", status="broken", error="x", hint=hint))
        assert any("--no-plugin" in line for line in lines)
        assert any("demo-import-error" in line for line in lines)


def test_the_command_that_installs_extras_is_told() -> None:
    spec = TaskSpec("one", "a:b", requires=("docker", "gpu"))
    lines = rows_of(plugin("demo-one", "1", spec), verbose=True)
    assert "        needs: pip install 'demo-one[docker,gpu]'" in lines


def test_the_last_line_counts(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-exits", "demo-import-error", "demo-future")
    lines = grasp("--no-plugin", "grasp-medagentbench", "list-plugins").out.splitlines()
    _, _, counted = lines[-1].partition(" plugins: ")
    assert {"2 broken", "1 incompatible", "1 disabled"} <= set(
        counted.replace(" (more: --verbose)", "").split(", ")
    )
    assert lines[-1].endswith(" (more: --verbose)")
    assert lines[-2] == ""
    assert summary(CROWD[:1], True)[-1].startswith("1 plugin: 1 ")
    assert "verbose" not in grasp("list-plugins", "-v").out.splitlines()[-1]


# -- links ---------------------------------------------------------------------------


def test_names_lead_to_their_documentation() -> None:
    specs = (
        TaskSpec("with", "a:b", docs="https://example.org/with"),
        TaskSpec("without", "a:b"),
        TaskSpec("w" * 40, "a:b", docs="https://example.org/long"),
    )
    shown = (plugin("home", "1", *specs, docs="https://example.org"), *CROWD)
    linked = rows_of(*shown, links=True)
    found = [match for line in linked for match in LINK.findall(line)]
    assert found[:2] == [("https://example.org", "home"), ("https://example.org/with", "with")]
    assert {address for address, _ in found[2:]} == {"https://example.org/long"}
    assert "".join(text for _, text in found[2:]) == "w" * 40
    assert [LINK.sub(r"\2", line) for line in linked] == rows_of(*shown), "links take no room"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://x",
        "javascript:x",
        "https://x\x1b\\\x1b[2J",
        "https://x\n",
        "https://x y",
        "https://ä",
    ],
)
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert link("text", address) == "text"


def test_an_address_is_never_cut() -> None:
    address = "https://example.org/" + "deep/" * 30
    shown = plugin("home", "1", TaskSpec("one", "a:b", docs=address), docs=address + "home")
    lines = [line.strip() for line in rows_of(shown, verbose=True)]
    assert {address, address + "home"} <= set(lines)
    assert "example.org" not in "".join(rows_of(shown))


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "dumb", "VTE_VERSION": "7600"}, False),
        ({"VTE_VERSION": "7600"}, True),
        ({"VTE_VERSION": "4999"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"WT_SESSION": "some-id"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
    ],
)
def test_terminals_that_show_links(
    environ: dict[str, str], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert shows_links(environ) is shown
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert shows_links(environ) is (environ.get("FORCE_HYPERLINK") == "1")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("term", "links"), [("xterm-kitty", True), ("xterm", False)])
def test_a_real_terminal(term: str, links: bool, environment: None, sites: Path) -> None:
    import pty

    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "SYSTEMROOT")}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "grasp", "list-plugins"],
        env={**kept, "TERM": term, "PYTHONPATH": str(sites / "demo-good")},
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # How Linux says that the other side is closed.
                break
            if not part:
                break
            shown += part
        os.close(ours)
    text = shown.decode()
    assert process.returncode == 0
    assert "\x1b[32mok\x1b[0m" in text
    found = [
        ("https://docs.example.org/demo-good", "demo-good"),
        ("https://example.org/demo-words", "demo-words"),
    ]
    assert LINK.findall(text) == (found if links else [])
