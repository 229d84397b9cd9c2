"""Pulling the official data: from a copy and from a server, verified, and what is said if not."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.cli.main import cli
from grasp.contracts import TaskError
from grasp_fhir_agentbench import data
from grasp_fhir_agentbench.data import FHIR_AGENTBENCH, QUESTIONS_FILE, FhirAgentBenchData

QUESTIONS = b"split,question_id\ntrain,x\n"
FILES = {"fhir/MimicA.ndjson.gz": b"aaa", "fhir/MimicB.ndjson.gz": b"bbb"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    (folder / "fhir").mkdir(parents=True)
    (folder / QUESTIONS_FILE).write_bytes(QUESTIONS)
    lines = [f"{hashlib.sha256(b'x').hexdigest()} LICENSE.txt"]
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()} {name}")
    (folder / data.CHECKSUMS).write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def ours() -> FhirAgentBenchData:
    """The data set, but of the questions above."""
    return FhirAgentBenchData(
        "fhir-agentbench", data.QUESTIONS_URL, (), blob=data.git_blob(QUESTIONS)
    )


@pytest.fixture
def site(copy: Path) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            seen.append(self.path)

    handler = functools.partial(Handler, directory=str(copy))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    server.server_close()


def test_git_names_content_so() -> None:
    assert data.git_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_from_a_copy(ours: FhirAgentBenchData, copy: Path) -> None:
    assert not ours.complete
    paths = ours.pull(str(copy))
    assert ours.complete
    assert [p.name for p in paths] == [
        *(QUESTIONS_FILE, data.CHECKSUMS, "MimicA.ndjson.gz", "MimicB.ndjson.gz")
    ]
    assert (ours.demo / "MimicA.ndjson.gz").read_bytes() == b"aaa"


def test_from_their_servers_and_only_what_is_missing(
    ours: FhirAgentBenchData, site: tuple[str, list[str]]
) -> None:
    url, seen = site
    there = FhirAgentBenchData(ours.name, url, (), demo_url=url, blob=ours.blob)
    there.pull()
    assert len(seen) == 4
    (there.demo / "MimicA.ndjson.gz").write_bytes(b"damaged")
    seen.clear()
    there.pull()
    assert sorted(seen) == ["/SHA256SUMS.txt", "/fhir/MimicA.ndjson.gz"]
    assert (there.demo / "MimicA.ndjson.gz").read_bytes() == b"aaa"


@pytest.mark.parametrize("name", [QUESTIONS_FILE, "fhir/MimicB.ndjson.gz"])
def test_another_content_is_refused_and_not_kept(
    ours: FhirAgentBenchData, copy: Path, name: str
) -> None:
    (copy / name).write_bytes(b"something else")
    with pytest.raises(TaskError, match="checksum"):
        ours.pull(str(copy))
    assert not (ours.folder / name).exists()
    assert not ours.complete


@pytest.mark.parametrize("name", [QUESTIONS_FILE, data.CHECKSUMS, "fhir/MimicB.ndjson.gz"])
def test_what_can_not_be_fetched_is_said_with_its_address_and_place(
    ours: FhirAgentBenchData, copy: Path, name: str
) -> None:
    (copy / name).unlink()
    with pytest.raises(TaskError) as caught:
        ours.pull(str(copy))
    assert Path(name).name in caught.value.message
    assert "no PhysioNet account" in caught.value.hint
    assert str(ours.folder / name) in caught.value.hint


def test_a_list_of_checksums_reaches_no_other_folder(ours: FhirAgentBenchData, copy: Path) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    (copy / data.CHECKSUMS).write_text(f"{digest} fhir/../../evil.ndjson\n{digest} /e.ndjson.gz\n")
    with pytest.raises(TaskError, match="names no files"):
        ours.pull(str(copy))


def test_the_command(copy: Path) -> None:
    listed = CliRunner().invoke(cli, ["data", "list", "--json"])
    (row,) = [r for r in json.loads(listed.output) if r["name"] == "fhir-agentbench"]
    assert row["pulled"] is False
    assert "ODbL" in row["licence"]
    assert row["path"] == str(FHIR_AGENTBENCH.folder)
    refused = CliRunner().invoke(cli, ["data", "pull", "fhir-agentbench", "--from", str(copy)])
    assert refused.exit_code == 1
    assert isinstance(refused.exception, TaskError)
    assert "is not the expected file" in refused.exception.message
