"""Images: made of an archive or by mmdebstrap, and what machines with their programs are."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grasp.cli.main import cli
from grasp.contracts import ConfigError, TaskError
from grasp_agentbench.os_interaction.sandbox import Limits, Sandbox, Shell
from grasp_agentbench.os_interaction.sandbox.base import run
from grasp_agentbench.os_interaction.sandbox.choose import make, problem_of
from grasp_agentbench.os_interaction.sandbox.image import find_image, image_home, unpack
from grasp_agentbench.os_interaction.task import OsInteraction

from .test_shell import IMAGE, LIMITS, REAL_IMAGE, machine

PROGRAMS = ("bash", "base64", "cat", "id", "ls", "mkdir", "rm", "sleep", "stat", "touch")
Change = Callable[[tarfile.TarFile], None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the image, which isn't there yet."""
    monkeypatch.setenv("GRASP_OS_IMAGE", str(tmp_path / "image"))
    return tmp_path / "image"


def put(archive: tarfile.TarFile, name: str, text: str = "", **about: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text)
    for key, value in about.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(text.encode()))


def archived(path: Path, change: Change = lambda _: None) -> Path:
    """Write an archive of a root file system with a few of the host's programs."""

    def by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        return member

    programs = [shutil.which(name) for name in PROGRAMS]
    if None in programs or shutil.which("ldd") is None:
        pytest.skip("the host lacks programs for a small image")
    linked = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True)
    if linked.returncode:
        pytest.skip("the host's programs can't be looked through")
    libraries = {part for part in linked.stdout.split() if part.startswith("/") and part[-1] != ":"}
    with tarfile.open(path, "w:gz") as archive:
        for name, program in zip(PROGRAMS, programs, strict=True):
            archive.add(os.path.realpath(str(program)), f"./bin/{name}", filter=by_root)
        for library in sorted(libraries):
            archive.add(os.path.realpath(library), f".{library}", filter=by_root)
        put(archive, "./root", type=tarfile.DIRTYPE, mode=0o700)
        put(archive, "./home/jack/mine", "jack's", uid=1000, gid=1000, mode=0o4755)
        put(archive, "./etc/resolv.conf", type=tarfile.SYMTYPE, linkname="/run/of-the-host")
        put(archive, "./etc/keep/a", "kept")
        put(archive, "./dev/sda", type=tarfile.BLKTYPE, devmajor=8)
        change(archive)
    return path


def command(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["agentbench", "os-image", *map(str, arguments)])


@pytest.fixture
def inside(tmp_path: Path, home: Path) -> Iterator[Callable[[], Sandbox]]:
    if problem_of("userns"):
        pytest.skip(problem_of("userns"))
    root = unpack(archived(tmp_path / "small.tar.gz"), home).root
    made: list[Sandbox] = []

    def begin() -> Sandbox:
        made.append(make("userns", LIMITS, root).start())
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_a_machine_has_the_programs_of_its_image(inside: Callable[[], Sandbox]) -> None:
    shell = Shell(inside())
    assert shell.run("id -u; cat /etc/hostname /etc/resolv.conf; ls /bin", 10).split() == [
        "0", "os", *sorted(PROGRAMS)
    ]  # fmt: skip
    owner = "1000" if os.geteuid() == 0 else "0"
    assert shell.run("stat -c '%u %a' /home/jack/mine; cat /home/jack/mine", 10).split() == [
        owner, "4755", "jack's"
    ]  # fmt: skip
    assert shell.run("ls /dev/sda; cat /dev/null; ls /proc/1 > /dev/null && echo up", 10) == (
        "ls: cannot access '/dev/sda': No such file or directory\nup"
    )
    assert shell.run("ls /var/log", 10).split() == ["alternatives.log", "bootstrap.log", "dpkg.log"]
    shell.close()


def test_a_machine_changes_nothing_of_its_image(inside: Callable[[], Sandbox]) -> None:
    script = "rm -rf /etc/keep && mkdir /etc/keep && touch /etc/keep/b /bin/new && ls /etc/keep"
    assert run(inside(), ["bash", "-c", script], 10).output == "b\n"
    fresh = run(inside(), ["bash", "-c", "ls /etc/keep; ls /bin/new"], 10)
    assert fresh.output == "a\nls: cannot access '/bin/new': No such file or directory\n"


def test_the_command(tmp_path: Path, home: Path) -> None:
    small = archived(tmp_path / "small.tar.gz")
    home.with_name("image.partial").mkdir()
    (home.with_name("image.partial") / "of-one-that-was-killed").touch()
    assert command("--from", small).output == (
        f"{home} has small.tar.gz; agentbench-os uses it from now on.\n"
    )
    again = json.loads(command("--from", small, "--json").output)
    assert again["origin"] == "small.tar.gz"
    assert sorted(os.listdir(tmp_path)) == ["image", "small.tar.gz"]
    assert home.stat().st_mode & 0o777 == 0o700
    found = find_image(image_home())
    assert found is not None
    assert found.sha256 == again["sha256"]
    task = OsInteraction(source="synthetic", sandbox="userns")
    if not problem_of("userns"):
        task.setup()
        assert task.describe()["image_sha256"] == found.sha256
        assert str(found.root) in task.backends()[0].about
    assert "image_sha256" not in OsInteraction(source="synthetic", image="host").describe()


def test_an_image_is_for_one_kind_of_user(tmp_path: Path, home: Path) -> None:
    unpack(archived(tmp_path / "small.tar.gz"), home)
    told = json.loads((home / "image.json").read_text())
    (home / "image.json").write_text(json.dumps({**told, "first_id": 5}))
    assert find_image(home) is None
    with pytest.raises(ConfigError, match="is no image of this user's"):
        OsInteraction(source="synthetic", image=home)
    (home / "image.json").write_text("{")
    assert find_image(home) is None


def test_what_is_no_archive_of_a_system(tmp_path: Path, home: Path) -> None:
    def outside(archive: tarfile.TarFile) -> None:
        put(archive, "../outside", "x")

    def linked(archive: tarfile.TarFile) -> None:
        put(archive, "./away", type=tarfile.SYMTYPE, linkname=str(tmp_path / "elsewhere"))
        put(archive, "./away/x", "x")

    def ours_linked(archive: tarfile.TarFile) -> None:
        put(archive, "./etc/apt", type=tarfile.SYMTYPE, linkname=str(tmp_path / "elsewhere"))

    (tmp_path / "elsewhere").mkdir()
    for change in (outside, linked, ours_linked):
        with pytest.raises(TaskError, match="can't unpack"):
            unpack(archived(tmp_path / "bad.tar.gz", change), home)
    assert os.listdir(tmp_path / "elsewhere") == []
    assert not (tmp_path / "outside").exists()
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(TaskError, match="can't unpack"):
        unpack(tmp_path / "text", home)
    with tarfile.open(tmp_path / "empty.tar", "w") as archive:
        put(archive, "./a", "b")
    with pytest.raises(TaskError, match="has no /bin/bash"):
        unpack(tmp_path / "empty.tar", home)
    assert not home.exists()
    assert not home.with_name("image.partial").exists()


def test_folders_that_are_no_image_are_left_alone(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "thesis.tex").touch()
    said = command("--from", archived(tmp_path / "small.tar.gz"))
    assert "is not an image, and not empty" in str(said.exception)
    assert (home / "thesis.tex").exists()
    (tmp_path / "file").touch()
    with pytest.raises(TaskError, match="can't write to"):
        unpack(tmp_path / "small.tar.gz", tmp_path / "file" / "image")


def test_mmdebstrap_is_told_what_to_do(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = archived(tmp_path / "small.tar.gz")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "mmdebstrap is not installed" in str(command().exception)
    program = tmp_path / "mmdebstrap"
    program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {tmp_path}/asked\ncp {small} "${{!#}}"')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    assert command("--suite", "trixie").exit_code == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-2] == "trixie"
    assert any(part.startswith("--include=python3,") for part in asked)
    program.write_text("#!/bin/bash\nexit 25")
    assert "mmdebstrap fails with status 25" in str(command().exception)
    assert find_image(home) is not None  # The one there was.
    assert command("--suite", "x", "--from", small).exit_code == 2


@pytest.mark.parametrize("kind", [IMAGE])
def test_what_a_small_debian_can_do(kind: str) -> None:
    """Programs can be installed without a network, and rights of programs be changed."""
    machine(kind).close()  # Works here.
    made = make("userns", Limits(), REAL_IMAGE).start()
    shell = Shell(made)
    assert shell.run("chmod u+s /usr/bin/find && stat -c %a /usr/bin/find", 10) == "4755"
    shell.run("apt update && apt install sudo -y", 60)
    if os.geteuid() == 0:  # Sudo becomes users that a machine of one user lacks.
        assert shell.run("useradd -m jack; sudo -u jack whoami", 10) == "jack"
    assert shell.run("python3 -c 'import json; print(json.dumps(1))'; bc <<< 2+2", 10) == "1\n4"
    shell.close()
    made.close()
