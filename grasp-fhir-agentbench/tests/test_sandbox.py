"""Code in the sandbox: what it can do, and what it can't however it tries."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grasp.contracts import TaskError
from grasp_fhir_agentbench.sandbox import Limits, Sandbox, isolation, runner, seccomp

confined = pytest.mark.skipif(
    not seccomp.supported(), reason="no system call filter for this platform"
)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(Limits(seconds=20, memory_mib=512, output_chars=2000))


# -- what it can do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("answer = [1, 2.5]", "{'answer': [1, 2.5]}"),
        ("print(' a ')", "{'stdout': 'a'}"),
        ("print('a')\nanswer = 'b'", "{'stdout': 'a', 'answer': 'b'}"),
        ("answer = len(retrieved_resources['Patient'])", "{'answer': 2}"),
        ("answer = json.loads('[1]') + [math.floor(2.5)]", "{'answer': [1, 2]}"),
        ("answer = statistics.mean([1, 2, 3])", "{'answer': 2}"),
        ("answer = re.sub('a', 'b', 'aa')", "{'answer': 'bb'}"),
        (
            "from datetime import datetime\n"
            "answer = str(datetime.strptime('2100-01-02', '%Y-%m-%d'))",
            "{'answer': '2100-01-02 00:00:00'}",
        ),
        (
            "from collections import Counter, defaultdict\nimport itertools, functools\n"
            "answer = Counter('aab').most_common(1)",
            "{'answer': [('a', 2)]}",
        ),
        ("answer = sorted({'b', 'a', 'c'})", "{'answer': ['a', 'b', 'c']}"),
        ("answer = 'é' + chr(0xD800)", "{'answer': 'é\\ud800'}"),
    ],
)
def test_results(sandbox: Sandbox, code: str, shown: str) -> None:
    assert sandbox.run(code, {"Patient": [{"id": "a"}, {"id": "b"}]}) == shown


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = 1", "printed nothing"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def f():\n    f()\nf()", "RecursionError"),
        ("import pandas", "No module named"),
        ("class A:\n    def __repr__(self): raise ValueError\nanswer = A()", "can't be shown"),
        ("import os\nos._exit(0)", "ended its process"),
    ],
)
def test_errors_are_told(sandbox: Sandbox, code: str, told: str) -> None:
    shown = sandbox.run(code, {})
    assert shown.startswith("{'error': ")
    assert told in shown


def test_the_line_of_an_error_is_told(sandbox: Sandbox) -> None:
    assert 'File "<code>", line 3' in sandbox.run("a = 1\nb = 0\na / b", {})


def test_one_run_knows_nothing_of_another_and_all_are_alike(sandbox: Sandbox) -> None:
    code = "import random\nprint({'a', 'b', 'c', 'd'}, random.random(), 'x' in globals())\nx = 1"
    with ThreadPoolExecutor(4) as pool:
        shown = set(pool.map(lambda _: sandbox.run(code, {}), range(6)))
    assert len(shown) == 1
    assert "False" in shown.pop()


# -- limits --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["while True: pass", "import time\ntime.sleep(60)"])
def test_time(code: str) -> None:
    started = time.monotonic()
    shown = Sandbox(Limits(seconds=0.5)).run(code, {})
    assert "longer than 0.5 seconds" in shown
    assert time.monotonic() - started < 10


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory(sandbox: Sandbox) -> None:
    assert "MemoryError" in sandbox.run("x = bytearray(4 * 1024 ** 3)", {})


def test_output_is_cut(sandbox: Sandbox) -> None:
    shown = sandbox.run("print('x' * 100000)", {})
    assert len(shown) < 2200
    assert "characters were cut off" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_output_past_the_interpreter_fills_no_disk(sandbox: Sandbox) -> None:
    started = time.monotonic()
    shown = sandbox.run("import os\nwhile True:\n    os.write(1, b'x' * 100000)", {})
    assert len(shown) < 20_000
    assert time.monotonic() - started < 15


def test_signals_are_not_kept_off() -> None:
    code = (
        "import _signal as signal\n"
        "for s in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):\n"
        "    signal.signal(s, signal.SIG_IGN)\n"
        "while True: pass"
    )
    shown = Sandbox(Limits(seconds=0.5)).run(code, {})
    assert "longer than" in shown


# -- attempts to get out -------------------------------------------------------------------

#: Each prints ESCAPED if it got somewhere.
ATTEMPTS = {
    "read a file": "open('/etc/passwd').read(); print('ESCAPED')",
    "read itself": "open('/proc/self/maps').read(); print('ESCAPED')",
    "read the parent": "import os; open('/proc/{parent}/environ').read(); print('ESCAPED')",
    "write a file": "open('{folder}/out', 'w').write('x'); print('ESCAPED')",
    "delete a file": "import os; os.remove('{folder}/there'); print('ESCAPED')",
    "rename a file": "import os; os.rename('{folder}/there', '{folder}/b'); print('ESCAPED')",
    "make a folder": "import os; os.mkdir('{folder}/new'); print('ESCAPED')",
    "change rights": "import os; os.chmod('{folder}/there', 0o777); print('ESCAPED')",
    "list a folder": "import os; os.listdir('/'); print('ESCAPED')",
    "look at a file": "import os; os.stat('/etc/passwd'); print('ESCAPED')",
    "link a file": "import os; os.symlink('{folder}/there', '{folder}/b'); print('ESCAPED')",
    "low level open": "import os; os.open('/etc/passwd', os.O_RDONLY); print('ESCAPED')",
    "change folder": "import os; os.chdir('/tmp'); print('ESCAPED')",
    "fork": "import os; os.fork(); print('ESCAPED')",
    "shell": "import os; print('ESCAPED' if os.system('true') == 0 else '')",
    "exec": "import os; os.execv('/bin/true', ['true']); print('ESCAPED')",
    "spawn": "import os; os.posix_spawn('/bin/true', ['true'], {{}}); print('ESCAPED')",
    "thread": "import _thread; _thread.start_new_thread(print, ('ESCAPED',)); "
    "import time; time.sleep(.2)",
    "kill the parent": "import os; os.kill({parent}, 0); print('ESCAPED')",
    "raise limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); "
    "print('ESCAPED')",
    "become another": "import os; os.setuid(65534); print('ESCAPED')",
    "niceness": "import os; os.nice(-5); print('ESCAPED')",
    "pipe": "import os; os.pipe(); print('ESCAPED')",
    "duplicate": "import os; os.dup(0); print('ESCAPED')",
    "low level socket": "import ctypes; f = ctypes.CDLL(None).socket(2, 1, 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "raw socket call": "import ctypes; f = ctypes.CDLL(None).syscall(41, 2, 1, 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "raw open call": "import ctypes; f = ctypes.CDLL(None).syscall(257, -100, b'/etc/passwd', 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "x32 call": "import ctypes; f = ctypes.CDLL(None).syscall(0x40000002, b'/etc/passwd', 0, 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "io_uring": "import ctypes; f = ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer("
    "200)); print('ESCAPED' if f >= 0 else '')",
    "trace the parent": "import ctypes; f = ctypes.CDLL(None).ptrace(16, {parent}, 0, 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "read the parent's memory": "import ctypes; f = ctypes.CDLL(None).process_vm_readv("
    "{parent}, None, 0, None, 0, 0); print('ESCAPED' if f >= 0 else '')",
    "another filter": "import ctypes; f = ctypes.CDLL(None).prctl(22, 0, 0, 0, 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "new namespace": "import ctypes; f = ctypes.CDLL(None).unshare(0x10000000); "
    "print('ESCAPED' if f >= 0 else '')",
    "memory file": "import ctypes; f = ctypes.CDLL(None).memfd_create(b'x', 0); "
    "print('ESCAPED' if f >= 0 else '')",
    "import from disk": "import sys; sys.path.append('{folder}'); import planted; print('ESCAPED')",
}


def planted(folder: Path) -> list[Path]:
    (folder / "there").write_text("x")
    (folder / "planted.py").write_text("")
    return sorted(folder.iterdir())


@confined
def test_there_is_no_way_out(sandbox: Sandbox, tmp_path: Path) -> None:
    before = planted(tmp_path)
    code = "tried = 0\n"
    for name, attempt in ATTEMPTS.items():
        one = attempt.format(folder=tmp_path, parent=os.getpid())
        one = one.replace("print('ESCAPED'", f"print('ESCAPED: {name}'")
        code += f"tried += 1\ntry:\n    exec({one!r})\nexcept BaseException as e: pass\n"
    assert sandbox.run(f"{code}print(tried)", {}) == str({"stdout": str(len(ATTEMPTS))})
    assert sorted(tmp_path.iterdir()) == before


@confined
@pytest.mark.slow
@pytest.mark.parametrize("name", ATTEMPTS)
def test_there_is_no_way_out_by_itself(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    before = planted(tmp_path)
    shown = sandbox.run(ATTEMPTS[name].format(folder=tmp_path, parent=os.getpid()), {})
    assert shown.startswith("{'error'"), shown
    assert sorted(tmp_path.iterdir()) == before


@confined
def test_the_attempts_work_outside_of_the_sandbox(tmp_path: Path) -> None:
    """Else they would prove nothing."""
    planted(tmp_path)
    names = ("read a file", "write a file", "list a folder", "look at a file", "pipe", "shell")
    for name in names:
        code = ATTEMPTS[name].format(folder=tmp_path, parent=os.getpid())
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "ESCAPED", name


@confined
def test_no_network(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        code = (
            "import _socket\n"
            "s = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)\n"
            f"s.connect(('127.0.0.1', {port}))\n"
        )
        assert sandbox.run(code, {}).startswith("{'error'")
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_secret_is_in_its_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "SECRET")
    assert "SECRET" not in sandbox.run("import os\nprint(dict(os.environ))", {})


def test_open_files_of_the_parent_are_closed(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    with secret.open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        code = (
            "import os\nfor f in range(3, 64):\n    try:\n        print(os.read(f, 99))\n"
            "    except OSError: pass\nprint('done')"
        )
        assert "SECRET" not in sandbox.run(code, {})


@pytest.mark.skipif(sys.platform == "win32", reason="no processes of this kind")
def test_nothing_is_left_running() -> None:
    Sandbox(Limits(seconds=0.5)).run("while True: pass", {})
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# -- where code can't be isolated ------------------------------------------------------------


def test_the_label_is_honest_where_there_is_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    isolation.cache_clear()
    monkeypatch.setattr(seccomp, "supported", lambda: False)
    try:
        assert isolation() in ("limits", "time")
        weak = Sandbox(Limits(seconds=20))
        assert weak.isolation != "seccomp"
        assert weak.run("answer = 1", {}) == "{'answer': 1}"  # It runs, and says how.
        with pytest.raises(TaskError, match="can't be isolated"):
            Sandbox(required=True)
    finally:
        isolation.cache_clear()


@confined
def test_code_is_not_run_where_the_filter_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_CHILD", Path(__file__).parent / "unconfined_child.py")
    isolation.cache_clear()
    try:
        assert isolation() == "limits"
    finally:
        isolation.cache_clear()


@confined
def test_here_it_is_isolated() -> None:
    assert isolation() == "seccomp"
    assert Sandbox(required=True).isolation == "seccomp"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_jumps_only_forward_to_its_last_two_lines(machine: str) -> None:
    lines = seccomp.program(machine)
    for place, (code, then, otherwise, _) in enumerate(lines):
        if code == 0x15:
            assert place + 1 + then < len(lines)
            assert place + 1 + otherwise < len(lines)
    assert [line[3] for line in lines[-2:]] == [0x00050001, 0x7FFF0000]
    allowed = [p for p, line in enumerate(lines) if line[0] == 0x15 and p > 3]
    assert all(p + 1 + lines[p][1] == len(lines) - 1 for p in allowed)
