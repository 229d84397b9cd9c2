from __future__ import annotations

import functools
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.cli.data import data
from grasp.contracts import PluginError, TaskError
from grasp_medagentbench.data import MEDAGENTBENCH, official_functions, official_records
from grasp_medagentbench.functions import FUNCTIONS
from grasp_medagentbench.task import MedAgentBench


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data home"
    monkeypatch.setenv("GRASP_DATA", str(folder))
    return folder


@pytest.fixture
def copy(official: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in MEDAGENTBENCH.files:
        shutil.copy(official / file.name, folder / file.name)
    return folder


@pytest.fixture
def mirror(copy: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(copy))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(data, arguments)


def test_pull_from_a_mirror(home: Path, mirror: str) -> None:
    result = run("pull", "medagentbench", "--from", mirror)
    assert result.exit_code == 0, result.output
    assert official_records() is not None
    task = MedAgentBench()
    assert task.source == "official"
    assert task.describe()["functions"] == "official"
    assert MedAgentBench(source="synthetic").functions is FUNCTIONS
    listed = json.loads(run("list", "--json").output)
    assert next(d for d in listed if d["name"] == "medagentbench")["pulled"] is True
    assert run("path", "medagentbench").output.strip() == str(home / "medagentbench")


def test_pull_from_a_folder(home: Path, copy: Path) -> None:
    assert run("pull", "medagentbench", "--from", str(copy)).exit_code == 0
    assert len(official_records() or []) == 300
    assert MedAgentBench(source="official").source == "official"


@pytest.mark.parametrize("over_http", [True, False])
def test_a_file_with_another_checksum_is_refused(
    home: Path, copy: Path, mirror: str, over_http: bool
) -> None:
    (copy / "test_data_v2.json").write_text("[]")
    result = run("pull", "medagentbench", "--from", mirror if over_http else str(copy))
    assert isinstance(result.exception, TaskError)
    assert "checksum" in result.exception.message
    assert official_records() is None
    assert not [p for p in home.rglob("*") if p.is_file() and p.read_text() == "[]"]


def test_a_source_that_is_not_there(home: Path, mirror: str, tmp_path: Path) -> None:
    for source in (str(tmp_path / "none"), "http://127.0.0.1:9"):
        result = run("pull", "medagentbench", "--from", source)
        assert isinstance(result.exception, TaskError)
        assert result.exception.hint


def test_without_pooch(home: Path, mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pooch", None)
    result = run("pull", "medagentbench", "--from", mirror)
    assert isinstance(result.exception, PluginError)
    assert "grasp-medagentbench[data]" in result.exception.hint


def test_a_name_nobody_has(home: Path) -> None:
    result = run("pull", "medagentbensh")
    assert isinstance(result.exception, PluginError)
    assert "medagentbench" in result.exception.hint


# -- our own descriptions of the API -------------------------------------------------


def bare(schema: Any) -> Any:
    """Return a description without its prose."""
    if isinstance(schema, Mapping):
        return {
            k: bare(v) for k, v in schema.items() if k != "description" or not isinstance(v, str)
        }
    return [bare(v) for v in schema] if isinstance(schema, list) else schema


def prose(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "description" and isinstance(value, str):
                yield value
            else:
                yield from prose(value)
    elif isinstance(schema, (list, tuple)):
        for value in schema:
            yield from prose(value)


def test_own_functions_have_the_official_names_types_and_required_lists(official: Path) -> None:
    published = json.loads((official / "funcs_v1.json").read_text(encoding="utf-8"))
    assert bare(list(FUNCTIONS)) == bare(published)
    assert [list(f["parameters"]["properties"]) for f in FUNCTIONS] == [
        list(f["parameters"]["properties"]) for f in published
    ]


def test_own_functions_are_in_our_own_words(official: Path) -> None:
    published = json.loads((official / "funcs_v1.json").read_text(encoding="utf-8"))
    long_ones = {text.strip() for text in prose(published) if len(text.split()) > 3}
    assert not long_ones & {text.strip() for text in prose(FUNCTIONS)}
    assert list(official_functions()) == list(FUNCTIONS)
