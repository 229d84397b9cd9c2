"""Makes the distributions below ``dists`` visible as an installer would: by their metadata."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from grasp.cli import main as root
from grasp.plugins import configure

from .generated import write_metadata

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DISTS = Path(__file__).parent / "dists"
NAMES = tuple(sorted(p.name for p in DISTS.iterdir() if (p / "pyproject.toml").is_file()))

#: Makes distributions visible to this process.
Install = Callable[..., None]


@dataclass(frozen=True)
class Ran:
    """What a command printed and returned."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


def install_into(site: Path, name: str) -> None:
    """Copy a distribution's modules and write the metadata that pip would."""
    shutil.copytree(
        DISTS / name / "src", site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    text = (DISTS / name / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    requirements = [str(Requirement(r)) for r in project["dependencies"]]
    folder = write_metadata(site, {**project, "dependencies": requirements})
    files = sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
    (folder / "RECORD").write_text("".join(f"{f},,\n" for f in files), encoding="utf-8")


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one site directory for each distribution."""
    folder = tmp_path_factory.mktemp("sites")
    for name in NAMES:
        install_into(folder / name, name)
    return folder


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No switches of the user's, a fixed width, and a fresh working directory."""
    for variable in [v for v in os.environ if v.startswith(("GRASP_", "_GRASP"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def install(environment: None, sites: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Make distributions visible to this process until the test ends."""

    def visible(*names: str) -> None:
        for name in names:
            monkeypatch.syspath_prepend(str(sites / name))
        configure()  # Forget what was loaded before.

    before = sys.stdout
    yield visible
    assert sys.stdout is before
    for module in [m for m in sys.modules if m.startswith("demo_")]:
        del sys.modules[module]
    configure()


@pytest.fixture
def grasp(install: Install, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``grasp ARGS`` in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = root._guarded(list(arguments))
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(environment: None, sites: Path) -> Callable[..., Ran]:
    """Run Python in a process of its own that sees the named distributions."""

    def run(names: Iterator[str], *arguments: str, **variables: str) -> Ran:
        path = os.pathsep.join(str(sites / name) for name in names)
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path, **variables},
            capture_output=True, text=True,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
