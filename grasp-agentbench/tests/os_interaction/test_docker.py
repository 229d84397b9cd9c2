"""What an engine is asked, by a stand-in; ``test_shell`` and ``test_security`` have a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grasp_agentbench.os_interaction.sandbox import Limits, Shell, docker
from grasp_agentbench.os_interaction.sandbox.base import SandboxError, run
from grasp_agentbench.os_interaction.sandbox.docker import DockerBackend
from grasp_agentbench.os_interaction.task import OsInteraction

#: Notes its arguments; carries out what ``exec`` is given, here.
STAND_IN = """#!/bin/bash
echo "$*" >> {log}
case "$1" in
  run) echo ready; exec cat ;;
  exec) shift; while [[ "$1" != grasp-os-* ]]; do shift; done; shift; exec "$@" ;;
esac
"""


def program(folder: Path, text: str, name: str = "docker") -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_what_docker_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    program(tmp_path, STAND_IN.format(log=log))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    sandbox = DockerBackend(Limits(300, processes=40, disk_mib=1), image="an-image").start()
    assert run(sandbox, ["echo", "hi"], 10).output == "hi\n"
    shell = Shell(sandbox)
    assert shell.run("echo there", 10) == "there"
    shell.close()
    sandbox.close()
    asked = log.read_text().splitlines()
    name = re.search(r"--name (grasp-os-\S+)", asked[1])
    assert name is not None
    for part in (
        "run --rm --interactive --pull never", "--network none", "--memory 300m",
        "--memory-swap 300m", "--pids-limit 40", " an-image bash -c ",
    ):  # fmt: skip
        assert part in asked[1]
    assert [asked[0], *asked[2:]] == [
        "version",
        f'exec --interactive {name[1]} bash -c ulimit -c 0 -f 1024; exec "$@" bash echo hi',
        f'exec --interactive --tty {name[1]} bash -c ulimit -c 0 -f 1024; exec "$@" bash bash '
        "--login",
        f"kill {name[1]}",
    ]


def test_podman_is_used_where_docker_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "#!/bin/sh\necho 'no daemon' >&2; exit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, STAND_IN.format(log=tmp_path / "log"), "podman")
    sandbox = DockerBackend(Limits()).start()
    assert run(sandbox, ["echo", "hi"], 10).output == "hi\n"
    sandbox.close()


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="docker is not installed, nor podman"):
        DockerBackend(Limits()).start()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    program(tmp_path / "bin", "#!/bin/sh\necho 'no engine' >&2; exit 1\n")
    with pytest.raises(SandboxError, match="no engine"):
        DockerBackend(Limits()).start()


def test_an_engine_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(docker, "PROGRAMS", ("docker",))
    monkeypatch.setattr(docker, "_PATIENCE", 0.1)
    with pytest.raises(SandboxError, match="the engine of docker doesn't answer"):
        DockerBackend(Limits()).start()


def test_an_image_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, '#!/bin/sh\n[ "$1" = version ] || { echo "no such image" >&2; exit 125; }\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="docker can't make it: no such image"):
        DockerBackend(Limits()).start()


def test_a_record_names_the_image() -> None:
    task = OsInteraction(source="synthetic", sandbox="docker", container_image="an-image")
    assert task.describe()["container_image"] == "an-image"
    assert "the image an-image" in task.backends()[2].about
