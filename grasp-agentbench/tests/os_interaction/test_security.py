"""What an agent's shell can't do to the host: one escape attempt a line, all contained."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grasp_agentbench.os_interaction.sandbox import Sandbox, Shell, cgroup
from grasp_agentbench.os_interaction.sandbox.base import run

from .test_shell import BOUNDARIES, CONTAINER, REAL_IMAGE, backend, machine

SECRET = "the host's secret"

READING = [
    "env; cat /proc/*/environ",
    "cat {file}",
    "find / -name {name} -not -path '/proc/*' 2>/dev/null -exec cat {{}} +",
    "for p in /proc/[0-9]*; do cat $p/root{file}; done",
    "cat /proc/1/root/../../..{file}; cat /proc/1/cwd/../..{file}",
    "mkdir m; mount --bind / m; cat m{file}",
    "mkdir m; for d in vda sda nvme0n1 root; do mount /dev/$d m; done; cat m{file}",
    "mknod b b 254 0; mount b m; cat m{file}; dd if=b bs=1M count=1 | strings",
    "unshare -m sh -c 'umount -l /; cat {file}'; umount -l /; cat {file}",
    "nsenter -t 1 -m -p cat {file}",
    "chroot /proc/1/root cat {file}",
    "ls -la /proc/1/fd/; for f in /proc/1/fd/*; do timeout 1 cat $f; done",
    "python3 -c \"import os; os.chdir('/'); [os.chdir('..') for _ in range(99)]; "
    "os.chroot('.'); print(open('{file}').read())\"",
]
WRITING = [
    "echo x > {file}",
    "mkdir -p {folder}; echo x > {file}",
    "echo x > /usr/bin/grasp-was-here; echo x > /bin/grasp-was-here",
    "mount -o remount,rw /usr/bin; touch /usr/bin/grasp-was-here",
    "echo x > /etc/grasp-was-here; echo root::0:0::/:/bin/sh >> /etc/passwd",
    "rm -rf --no-preserve-root / 2>/dev/null",
    "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger",
    "echo x > /proc/sys/kernel/core_pattern; echo x > /proc/sys/kernel/hostname; hostname x",
]


@pytest.fixture(params=BOUNDARIES)
def jail(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = machine(request.param)
    yield made
    made.close()


def tried(jail: Sandbox, script: str, seconds: float = 20) -> str:
    return run(jail, ["bash", "-c", script], seconds).output


@pytest.mark.parametrize("script", READING)
def test_what_the_host_has_can_not_be_read(
    jail: Sandbox, script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret-of-the-host"
    file.write_text(SECRET)
    monkeypatch.setenv("A_KEY", SECRET)
    assert SECRET not in tried(jail, script.format(file=file, name=file.name))


@pytest.mark.parametrize("script", WRITING)
def test_files_of_the_host_can_not_be_written(jail: Sandbox, script: str, tmp_path: Path) -> None:
    file = tmp_path / "f"
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    name, passwd = socket.gethostname(), Path("/etc/passwd").read_bytes()
    programs = sorted(os.listdir("/usr/bin"))
    tried(jail, script.format(file=file, folder=tmp_path))
    assert not file.exists()
    assert Path("/etc/passwd").read_bytes() == passwd
    assert sorted(os.listdir("/usr/bin")) == programs
    assert not Path("/etc/grasp-was-here").exists()
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern
    assert socket.gethostname() == name


def test_the_network_can_not_be_reached(jail: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reached = threading.Event()

        def accept() -> None:
            server.settimeout(3)
            try:
                server.accept()
                reached.set()
            except OSError:
                return

        waiting = threading.Thread(target=accept)
        waiting.start()
        script = f"timeout 1 bash -c 'echo x > /dev/tcp/127.0.0.1/{port}'; cat /proc/net/dev"
        said = tried(jail, script)
        waiting.join()
    assert not reached.is_set()
    assert "eth0" not in said


def test_abstract_sockets_of_the_host_can_not_be_reached(jail: Sandbox) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0grasp-test-socket")
        server.listen()
        script = (
            'python3 -c "import socket; s = socket.socket(socket.AF_UNIX);'
            " s.connect(chr(0) + 'grasp-test-socket'); print('reached')\""
        )
        assert "reached\n" not in tried(jail, script)


def test_processes_of_the_host_can_not_be_seen_or_killed(jail: Sandbox) -> None:
    victim = subprocess.Popen(["sleep", "600.25"])
    said = tried(jail, f"ps ax; ls /proc; kill -9 {victim.pid}; cat /proc/*/cmdline; kill -9 -1")
    assert "600.25" not in said
    assert victim.poll() is None
    victim.kill()
    victim.wait()


def test_process_1_can_not_be_ended_from_inside(jail: Sandbox) -> None:
    tried(jail, "kill -9 1; kill 1; kill -CHLD 1")
    assert tried(jail, "echo alive") == "alive\n"


def test_memory_is_limited(jail: Sandbox) -> None:
    said = tried(jail, "python3 -c 'x = bytearray(2 << 30); print(\"had it\")'")
    assert "had it\n" not in said
    assert tried(jail, "echo alive") == "alive\n"


def test_memory_of_all_processes_is_limited(jail: Sandbox) -> None:
    python = "import time; x = bytearray(100 << 20); x[::4096] = x[::4096]; time.sleep(1)"
    said = tried(jail, f"for i in 1 2 3 4 5; do python3 -c '{python}; print(1)' & done; wait")
    assert said.count("1\n") < 5


def test_memory_is_watched_where_there_are_no_control_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend("userns")  # Works here.
    monkeypatch.setattr(cgroup, "_hierarchies", lambda _: {})
    jail = machine("userns")
    python = "import time; x = bytearray(90 << 20); x[::4096] = x[::4096]; time.sleep(2)"
    for nested in ("", "unshare -Upf "):
        one = f"{nested}python3 -c '{python}; print(1)'"
        said = tried(jail, f"for i in 1 2 3 4 5; do {one} & done; wait")
        assert 0 < said.count("1\n") < 5, nested
    assert tried(jail, "echo alive") == "alive\n"
    jail.close()


def test_processes_are_limited(jail: Sandbox) -> None:
    said = tried(jail, "for i in $(seq 200); do sleep 3 & done; jobs -r | wc -l")
    assert "Resource temporarily unavailable" in said
    run(jail, ["bash", "-c", ":(){ :|:& };:"], 2)  # Its ends are those of the machine.


def test_the_disk_is_limited(jail: Sandbox) -> None:
    for file in ("/root/big", "/tmp/big", "/usr/bin/big", "/dev/shm/big"):
        said = tried(jail, f"dd if=/dev/zero of={file} bs=1M count=200; rm -f {file}")
        assert re.search("No space left|emory|Read-only|File size limit exceeded", said), said


def _running(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def _wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not holds():  # Once: what is dying may be seen again for a moment.
        assert time.monotonic() < ends
        time.sleep(0.05)


def _nothing_left(pid: int) -> bool:
    groups = [
        p for part in ("", "*/") for p in Path("/sys/fs/cgroup").glob(f"{part}grasp-os-{pid}-*")
    ]
    return not groups and "grasp-os-" not in Path("/proc/mounts").read_text()


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_nothing_outlives_its_episode(kind: str) -> None:
    jail = machine(kind)
    shell = Shell(jail)
    shell.run("setsid nohup sleep 600.75 > /dev/null 2>&1 &", 10)
    run(jail, ["bash", "-c", "setsid sleep 600.75 > /dev/null 2>&1 & disown"], 10)
    _wait_until(lambda: len(_running("600.75")) >= 2)
    shell.close()
    jail.close()
    _wait_until(lambda: not _running("600.75"))
    _wait_until(lambda: _nothing_left(os.getpid()))


KILLED = """
import sys, time
from pathlib import Path
from grasp_agentbench.os_interaction.sandbox import Limits, Shell
from grasp_agentbench.os_interaction.sandbox.choose import make
image = Path(sys.argv[2]) if sys.argv[1] == "image" else None
sandbox = make("userns" if image else sys.argv[1], Limits(), image, sys.argv[3]).start()
shell = Shell(sandbox)
shell.run("setsid sleep 600.5 &", 10)
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("kind", [*BOUNDARIES, "tempdir"])
def test_nothing_is_left_of_a_killed_run(kind: str, tmp_path: Path) -> None:
    backend(kind)  # Works here.
    command = [sys.executable, "-c", KILLED, kind, str(REAL_IMAGE), CONTAINER]
    places = {**os.environ, "TMPDIR": str(tmp_path)}
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=places)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "up\n"
    _wait_until(lambda: bool(_running("600.5")))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    _wait_until(lambda: not _running("600.5"))
    _wait_until(lambda: _nothing_left(killed.pid))
    _wait_until(lambda: os.listdir(tmp_path) == [])


ENDED = """
import os, sys, threading, time
from grasp_agentbench.os_interaction.sandbox import Limits
from grasp_agentbench.os_interaction.sandbox.base import run
from grasp_agentbench.os_interaction.sandbox.choose import make
sandbox = make("userns", Limits()).start()
threading.Thread(target=run, args=(sandbox, ["sleep", "600.25"], 600), daemon=True).start()
time.sleep(0.3)
print("up", flush=True)
"""


def test_nothing_is_left_of_a_run_that_waits_for_nobody() -> None:
    backend("userns")
    began = time.monotonic()
    run = subprocess.run([sys.executable, "-c", ENDED], stdout=subprocess.PIPE, text=True)
    assert (run.returncode, run.stdout) == (0, "up\n")
    assert time.monotonic() - began < 8, "nobody waits for the reaper"
    _wait_until(lambda: not _running("600.25"))
    _wait_until(lambda: not _groups_of_the_dead())


def _groups_of_the_dead() -> list[Path]:
    found = [p for part in ("", "*/") for p in Path("/sys/fs/cgroup").glob(f"{part}grasp-os-*")]
    return [p for p in found if not Path("/proc", p.name.split("-")[2]).exists()]
