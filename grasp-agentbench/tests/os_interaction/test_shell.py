"""The agent's shell: what it says, and what stays from one command to the next."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from grasp.contracts import TaskError
from grasp_agentbench.os_interaction.sandbox import (
    Backend,
    Finished,
    Limits,
    Sandbox,
    SandboxError,
    Shell,
    ShellTimeout,
    choose,
)
from grasp_agentbench.os_interaction.sandbox.base import run
from grasp_agentbench.os_interaction.sandbox.choose import make, problem_of
from grasp_agentbench.os_interaction.sandbox.image import find_image, image_home

LIMITS = Limits(memory_mib=256, processes=64, disk_mib=64)


def machine(name: str) -> Sandbox:
    return backend(name).start()


def backend(name: str) -> Backend:
    """Return a backend; ``image`` is ``userns`` with the image that there is."""
    image = REAL_IMAGE if name == "image" else None
    name = "userns" if name == "image" else name
    if problem_of(name, image, CONTAINER):
        pytest.skip(f"{name}: {problem_of(name, image, CONTAINER)}")
    return make(name, LIMITS, image, CONTAINER)


#: The session integration installs bubblewrap, and makes an image.
BWRAP = pytest.param("bwrap", marks=pytest.mark.integration)
_image = find_image(image_home())
REAL_IMAGE = None if _image is None else _image.root
IMAGE = pytest.param(
    "image",
    marks=(
        pytest.mark.integration,
        pytest.mark.skipif(REAL_IMAGE is None, reason="grasp agentbench os-image made none"),
    ),
)
#: The session integration makes it, by Podman.
CONTAINER = os.environ.get("GRASP_TEST_CONTAINER", "")
DOCKER = pytest.param(
    "docker",
    marks=(
        pytest.mark.integration,
        pytest.mark.skipif(not CONTAINER, reason="GRASP_TEST_CONTAINER names no image"),
    ),
)
#: Sandboxes that are a boundary.
BOUNDARIES = ["userns", BWRAP, IMAGE, DOCKER]


@pytest.fixture(params=[*BOUNDARIES, "tempdir"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = machine(request.param)
    yield made
    made.close()


@pytest.fixture
def shell(sandbox: Sandbox) -> Iterator[Shell]:
    made = Shell(sandbox)
    yield made
    made.close()


SAID = [
    ("echo hi", "hi"),
    ('printf "no newline"', "no newline"),
    ("for i in 1 2; do\n  echo $i\ndone", "1\n2"),
    ("echo \"a'b\" 'c\"d' $(echo sub) \\\\", "a'b c\"d sub \\"),
    ("cat <<END\nin here\nEND", "in here"),
    ("false; echo $?", "1"),
    ("true", ""),
    ("echo to-stderr >&2", "to-stderr"),
    ("printf '\\033[31mred\\033[0m\\007'", "red"),
    ("echo 'printf </grasp1>'", "printf </grasp1>"),
    ("echo é ✓", "é ✓"),
    ("seq 3 | tail -1 # and a comment", "3"),
]


def test_what_scripts_write(shell: Shell) -> None:
    assert [(script, shell.run(script, 10)) for script, _ in SAID] == SAID
    assert "syntax error" in shell.run("if", 10)


def test_the_shell_goes_on(shell: Shell) -> None:
    shell.run("x=5; mkdir -p here; cd here; sleep 100 &", 10)
    assert shell.run("echo $x; basename $PWD; jobs | wc -l", 10) == "5\nhere\n1"
    shell.run("f() { echo $((x * 2)); }", 10)
    assert shell.run("f", 10) == "10"


def test_a_long_line_costs_no_time(shell: Shell) -> None:
    assert shell.run("head -c 200000 /dev/zero | tr '\\0' x", 20) == "x" * 200_000


def test_shells_that_end_leave_no_terminal_open() -> None:
    shell = Shell(machine("tempdir"))
    shell.run("exit", 10)
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        shell.run("echo back; exit 3", 10)
    assert len(os.listdir("/dev/fd")) == before
    shell.close()
    shell.close()


def test_a_long_script_arrives_whole(shell: Shell) -> None:
    text = "".join(f"line {n} 'quoted'\n" for n in range(2000))
    said = shell.run(f"cat <<'END' | md5sum\n{text}END", 10)
    assert said.split()[0] == hashlib.md5(text.encode()).hexdigest()


def test_commands_that_take_too_long_are_stopped(shell: Shell) -> None:
    shell.run("x=kept", 10)
    with pytest.raises(ShellTimeout) as error:
        shell.run("echo begun; sleep 60", 0.5)
    assert error.value.survived
    assert error.value.output.startswith("begun")
    assert shell.run("echo $x", 10) == "kept"
    with pytest.raises(ShellTimeout):
        shell.run("cat; cat", 0.5)  # Waits for input.
    assert shell.run("echo back", 10) == "back"


@pytest.mark.parametrize("kind", ["userns", "tempdir"])
def test_a_command_is_stopped_where_interrupts_are_ignored(kind: str) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # As of a job in the background.
    try:
        jail = machine(kind)
        shell = Shell(jail)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(ShellTimeout) as error:
        shell.run("sleep 60", 0.3)
    assert error.value.survived
    shell.close()
    jail.close()


def test_what_was_typed_may_be_thrown_away(shell: Shell) -> None:
    flush = "import termios, time; time.sleep(0.2); termios.tcflush(0, termios.TCIFLUSH)"
    assert shell.run(f"python3 -c '{flush}; print(1)'; x=2", 10) == "1"
    assert shell.run("echo $x; sleep 1.2; echo 3", 10) == "2\n3"
    assert shell.run("echo 4", 10) == "4"


def test_a_shell_that_ended_is_begun_anew(shell: Shell) -> None:
    shell.run("exit 3", 10)
    assert shell.run("echo back", 10) == "back"


@pytest.mark.slow
def test_a_shell_that_can_not_be_interrupted_is_begun_anew(shell: Shell) -> None:
    with pytest.raises(ShellTimeout) as error:
        shell.run("trap '' INT; while true; do sleep 1; done", 0.5)
    assert not error.value.survived
    assert shell.run("echo back", 10) == "back"


@pytest.mark.slow
def test_output_without_end_is_cut(shell: Shell) -> None:
    with pytest.raises(ShellTimeout) as error:
        shell.run("yes", 1)
    assert len(error.value.output) < 3_000_000
    assert shell.run("echo back", 10) == "back"


def test_commands_are_run_afresh(sandbox: Sandbox) -> None:
    assert run(sandbox, ["bash", "-c", "echo $1; exit 3", "--", "a b"], 10) == Finished(3, "a b\n")
    said = run(sandbox, ["python3", "-c", "import sys; print(sys.argv[1:])", "x"], 10)
    assert said.output == "['x']\n"
    assert run(sandbox, ["sleep", "60"], 0.3).status == 124


def test_users_of_its_own() -> None:
    if os.geteuid():
        pytest.skip("only root may give a machine users")
    jail = machine("userns")
    shell = Shell(jail)
    shell.run("useradd -m jack && su - jack", 10)
    assert shell.run("whoami; pwd", 10) == "jack\n/home/jack"
    shell.run("exit", 10)
    assert shell.run("whoami; touch f; chown jack f; stat -c %U f", 10) == "root\njack"
    shell.close()
    jail.close()


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_many_at_a_time(kind: str) -> None:
    def one(number: int) -> str:
        made = machine(kind)
        shell = Shell(made)
        try:
            shell.run(f"echo {number} > /root/mine; sleep 0.1", 10)
            return shell.run("cat /root/mine; ls /root | wc -l", 10)
        finally:
            shell.close()
            made.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(12))) == [f"{n}\n1" for n in range(12)]


def test_the_choice() -> None:
    if problem_of("docker"):
        with pytest.raises(TaskError, match="the sandbox docker doesn't work here"):
            choose("docker", LIMITS)
    assert choose("tempdir", LIMITS).name == "tempdir"
    if not problem_of("userns"):
        assert choose("auto", LIMITS).name == "userns"


def test_output_is_kept_whatever_goes_on_in_the_background() -> None:
    sandbox = machine("tempdir")
    try:
        assert len(run(sandbox, ["seq", "300000"], 10).output) == 1_000_000
        began = time.monotonic()
        noisy = run(sandbox, ["bash", "-c", "printf x; yes & exit 3"], 10)
        assert (noisy.status, noisy.output[0]) == (3, "x")
        assert time.monotonic() - began < 5, "what never ends is not waited for"
        late = "(sleep 0.3; echo late; echo later > later) & printf now"
        assert run(sandbox, ["bash", "-c", late], 10).output == "now"
        ends = time.monotonic() + 10
        while run(sandbox, ["cat", "later"], 10).output != "later\n":
            assert time.monotonic() < ends, "what reads nothing more has killed the writer"
    finally:
        sandbox.close()


def test_output_needs_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = machine("tempdir")
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert run(sandbox, ["echo", "hi"], 10).output == "hi\n"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(SandboxError, match="is full"):
        run(sandbox, ["echo", "hi"], 10)
    sandbox.close()


def test_descriptors_of_any_number() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if sys.platform == "darwin" or (hard != resource.RLIM_INFINITY and hard < 2000):
        pytest.skip("so many can't be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    opened: list[int] = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
        sandbox = machine("tempdir")
        assert run(sandbox, ["echo", "hi"], 10).output == "hi\n"
        shell = Shell(sandbox)
        assert shell.run("echo there", 10) == "there"
        shell.close()
        sandbox.close()
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
