"""Sessions of the project: ``nox -s quickstart``, ``nox -s tests``, ``nox --list`` for the rest."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "venv"

ROOT = Path(__file__).parent
DISTRIBUTIONS = (
    "grasp-core",
    "grasp-medagentbench",
    "grasp-fhir-agentbench",
    "grasp-agentbench",
    "grasp-baselines",
)
TEST_TOOLS = (
    "pytest>=8",
    "pytest-cov>=5",
    "pytest-xdist>=3.5",
    "hypothesis>=6.100",
    "fhirpy>=2",
    "fhirclient>=4",
    "fhir.resources>=8",
    "pooch>=1.8",
    "scipy>=1.10",
    "jsonschema>=4.20",
    "thefuzz>=0.22",
    "nltk>=3.8",
)
#: Which tests the default suite runs.
DEFAULT = "not slow and not real_model and not integration"
#: Debian packages with the real parts of tests marked ``integration``.
INTEGRATION_PACKAGES = (
    "mariadb-server",
    "cmake",
    "make",
    "g++",
    "default-jre-headless",
    "bubblewrap",
    "mmdebstrap",
    "podman",
    "runc",
    "netavark",
)
#: What Podman is told: limits that it may set where it may not raise them.
CONTAINERS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
"""
LINT_TOOLS = (
    "ruff==0.17.6",
    "mypy==2.4.1",
    "types-PyYAML",
    "types-PyMySQL",
    "types-regex",
    "pytest",
    "hypothesis",
    "nox",
)


#: Extras without which a distribution's default suite would skip tests.
EXTRAS = {"grasp-agentbench": "[dbbench,webshop]"}


def install(session: nox.Session, *extra: str) -> None:
    """Install all five distributions from the checkout, editable, in one go."""
    editable = [part for d in DISTRIBUTIONS for part in ("-e", f"{ROOT / d}{EXTRAS.get(d, '')}")]
    session.install("-q", *editable, *extra)


@nox.session
def quickstart(session: nox.Session) -> None:
    """Learn skills on a compact task with the recorded answers of a small real model."""
    session.install("-q", "-e", str(ROOT / "grasp-core"), "-e", str(ROOT / "grasp-medagentbench"))
    session.run("grasp", "medagentbench", "quickstart", *session.posargs)


@nox.session
def reproduce(session: nox.Session) -> None:
    """Recompute the paper's tables: ``-- 1``, ``-- gpt-oss-120b``, ``-- --json``."""
    session.install("-q", "-e", str(ROOT / "grasp-core"))
    paper = str(ROOT / "results" / "paper")
    # Apart, so that what a script reads of --json is only that.
    session.run("grasp", "reproduce", "--paper", paper, *session.posargs, stderr=None)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the default suite of every distribution: fast, deterministic, offline."""
    install(session, *TEST_TOOLS)
    targets = session.posargs or [f"{d}/tests" for d in DISTRIBUTIONS]
    session.run("pytest", "-n", "2", "--dist", "loadgroup", "-m", DEFAULT, *targets)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure how much of the core the default suite covers."""
    install(session, *TEST_TOOLS)
    session.run(
        "pytest",
        "-n",
        "2",
        "-m",
        DEFAULT,
        "--cov",
        "--cov-report=term-missing",
        *[f"{d}/tests" for d in DISTRIBUTIONS],
    )


@nox.session
def long(session: nox.Session) -> None:
    """Run the long tests: many kills, many rollouts, real installations."""
    install(session, *TEST_TOOLS, "hatchling", "editables")
    session.run("pytest", "-m", "slow", *(session.posargs or [f"{d}/tests" for d in DISTRIBUTIONS]))


@nox.session
def integration(session: nox.Session) -> None:
    """Run the tests against real servers, sandboxes and engines; installs them where it may."""
    if os.geteuid() == 0 and Path("/usr/bin/apt-get").exists():
        apt = ("apt-get", "-qq", "-o", "Acquire::Retries=3")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        session.run(*apt, "update", external=True)
        install_ = (*apt, "install", "-y", "--no-install-recommends")
        session.run(*install_, *INTEGRATION_PACKAGES, external=True, env=quiet)
    else:
        session.log("not root on Debian: tests skip what %s would bring", INTEGRATION_PACKAGES)
    install(session, *TEST_TOOLS)
    # Its planner is compiled, and asks for an older CMake.
    older = {"CMAKE_POLICY_VERSION_MINIMUM": "3.5"}
    extras = "alfworld,webshop-spacy,webshop-lucene"
    session.install("-q", "-e", f"{ROOT / 'grasp-agentbench'}[{extras}]", env=older)
    session.install("-q", "--no-deps", "pyserini==0.22.1")  # For Lucene's jar alone.
    image = {"GRASP_OS_IMAGE": str(Path(session.virtualenv.location) / "os-image")}
    if shutil.which("mmdebstrap"):
        session.run("grasp", "agentbench", "os-image", env=image)
    if shutil.which("mmdebstrap") and shutil.which("podman") and os.geteuid() == 0:
        image |= container(session, Path(image["GRASP_OS_IMAGE"]) / "root")
    targets = session.posargs or ["grasp-agentbench/tests"]
    session.run("pytest", "-rs", "-m", "integration", *targets, env=image)


def container(session: nox.Session, root: Path) -> dict[str, str]:
    """Give Podman a root file system as an image; return how tests find it."""
    settings = Path(session.virtualenv.location) / "containers.conf"
    settings.write_text(CONTAINERS)
    found = {"CONTAINERS_CONF": str(settings), "GRASP_TEST_CONTAINER": "grasp-os-test"}
    # The sandbox userns gave its files to users of its own.
    packed = ["tar", "--numeric-owner", "--owner=0", "--group=0", "-C", str(root), "-c", "."]
    command = f"{shlex.join(packed)} | podman import --quiet - {found['GRASP_TEST_CONTAINER']}"
    session.run("bash", "-o", "pipefail", "-c", command, external=True, env=found)
    return found


@nox.session
def observers(session: nox.Session) -> None:
    """Run the tests of the MLflow tracker, against a real MLflow server too."""
    session.install("-q", "-e", f"{ROOT / 'grasp-core'}[mlflow]", *TEST_TOOLS)
    session.run("pytest", *(session.posargs or ["grasp-core/tests/observers"]))


@nox.session
def ray(session: nox.Session) -> None:
    """Run the tests of the executor ray, on a cluster that they start."""
    session.install(
        "-q",
        "-e",
        f"{ROOT / 'grasp-core'}[ray]",
        "-e",
        str(ROOT / "grasp-medagentbench"),
        *TEST_TOOLS,
    )
    tests = ["grasp-core/tests/ray", "grasp-medagentbench/tests/test_ray.py"]
    session.run("pytest", *(session.posargs or tests))


@nox.session
def executors(session: nox.Session) -> None:
    """Measure what an episode costs on ray and on threads."""
    session.install("-q", "-e", f"{ROOT / 'grasp-core'}[ray]")
    session.run("python", "-m", "benchmarks.executors", *session.posargs)


@nox.session
def report(session: nox.Session) -> None:
    """Draw plots, and click through a run's page in a headless Chromium, where there is one."""
    session.install("-q", "-e", f"{ROOT / 'grasp-core'}[plot]", "selenium>=4.20", *TEST_TOOLS)
    session.run("pytest", "-rs", "grasp-core/tests/report", *session.posargs)


@nox.session(name="real-model")
def real_model(session: nox.Session) -> None:
    """Run the tests that talk to a real model: set GRASP_GGUF to a GGUF file."""
    install(session, *TEST_TOOLS, "xllamacpp>=2026.10")
    if "GRASP_GGUF" not in session.env and "GRASP_GGUF" not in os.environ:
        session.error("set GRASP_GGUF to a GGUF file")
    session.run(
        "pytest", "-m", "real_model", *(session.posargs or [f"{d}/tests" for d in DISTRIBUTIONS])
    )


@nox.session
def record(session: nox.Session) -> None:
    """Make the quickstart's record anew with a real model: set GRASP_GGUF to a GGUF file."""
    session.install(
        "-q", "-e", f"{ROOT / 'grasp-core'}[llamacpp]", "-e", str(ROOT / "grasp-medagentbench")
    )
    session.run("grasp", "medagentbench", "record", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types; strict everywhere."""
    install(session, *LINT_TOOLS)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    for distribution in DISTRIBUTIONS:
        session.run("mypy", "--strict", f"{distribution}/src")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; ``-- --serve`` shows it while you write."""
    session.install("-q", "mkdocs-material>=9.5,<10", "-e", str(ROOT / "grasp-core"))
    session.run("python", "docs/reference/generate.py", "--check")
    serve = session.posargs == ["--serve"]
    # Strict: a dead link or a page that is not in the navigation is an error.
    command = ["serve"] if serve else ["build", "--strict", "--clean"]
    session.run("mkdocs", *command, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def startup(session: nox.Session) -> None:
    """Measure how long the commands take to start, beside those of other tools."""
    install(session, "llm", "tox", "hatch", "inspect_ai")
    session.run("python", "benchmarks/startup.py", *session.posargs)


@nox.session
def discovery(session: nox.Session) -> None:
    """Measure how the cost of discovery grows with the number of plugins."""
    session.install("-q", "-e", str(ROOT / "grasp-core"))
    session.run("python", "benchmarks/discovery.py", *session.posargs)


@nox.session(name="gate-study")
def gate_study(session: nox.Session) -> None:
    """Measure by simulation how often each gate is wrong; writes docs/gate.md's tables."""
    session.install("-q", "-e", str(ROOT / "grasp-core"), "numpy>=1.26", "matplotlib>=3.8")
    env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    session.run("python", "-m", "benchmarks.gate_study", *session.posargs, env=env)


@nox.session(name="methods-study")
def methods_study(session: nox.Session) -> None:
    """Give every method helpful and harmful guidance; the table of docs/baselines.md."""
    session.install("-q", "-e", str(ROOT / "grasp-core"), "-e", str(ROOT / "grasp-baselines"))
    session.run("python", "benchmarks/methods_study.py", *session.posargs)


@nox.session
def engine(session: nox.Session) -> None:
    """Measure calls, time, CPU and memory of a run against an endpoint with a fixed latency."""
    install(session)
    session.run("python", "-m", "benchmarks.engine", *session.posargs)
    if not session.posargs:
        session.run("python", "-m", "benchmarks.engine.flight")
