"""What docker is asked, by a stand-in: there is no engine where these tests run."""

from __future__ import annotations

from pathlib import Path

import pytest

from grasp_agentbench.os_interaction.sandbox import Limits, Shell
from grasp_agentbench.os_interaction.sandbox.base import SandboxError, run
from grasp_agentbench.os_interaction.sandbox.docker import DockerBackend

#: Notes its arguments; carries out what ``exec`` is given, here.
STAND_IN = """#!/bin/bash
echo "$*" >> {log}
case "$1" in
  run) echo c0ffee ;;
  exec) shift; while [ "$1" != c0ffee ]; do shift; done; shift; exec "$@" ;;
esac
"""


def test_what_docker_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, log = tmp_path / "docker", tmp_path / "log"
    program.write_text(STAND_IN.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    sandbox = DockerBackend(Limits(memory_mib=300, processes=40), image="an-image").start()
    assert run(sandbox, ["echo", "hi"], 10).output == "hi\n"
    shell = Shell(sandbox)
    assert shell.run("echo there", 10) == "there"
    shell.close()
    sandbox.close()
    asked = log.read_text().splitlines()
    assert asked[0].startswith("run --detach --rm --network none --workdir /root --memory 300m")
    assert "--pids-limit 40" in asked[0]
    assert asked[0].endswith("an-image sleep 7200")
    assert asked[1] == "exec --interactive c0ffee echo hi"
    assert asked[2] == "exec --interactive --tty c0ffee bash --login"
    assert asked[3] == "rm --force c0ffee"


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="not installed"):
        DockerBackend(Limits()).start()
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'no engine' >&2; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(SandboxError, match="doesn't start a container: no engine"):
        DockerBackend(Limits()).start()
