"""Data files of benchmarks: nothing is kept whose checksum is wrong."""

from __future__ import annotations

import functools
import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from grasp.contracts import PluginError, TaskError
from grasp.plugins import datasets
from grasp.plugins.datasets import DataFile, Dataset

FILES = {"one.json": b"[1]", "deep/two.json": b"[2]"}


def describe(address: str) -> Dataset:
    files = tuple(
        DataFile(Path(path).name, hashlib.sha256(data).hexdigest(), path)
        for path, data in FILES.items()
    )
    return Dataset("demo", address, files, extra="demo[data]")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRASP_DATA", str(tmp_path / "home"))
    return tmp_path / "home" / "demo"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the files, as a user may have it."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for path, data in FILES.items():
        (folder / Path(path).name).write_bytes(data)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The files as the owners serve them."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    for path, data in FILES.items():
        (tmp_path / "www" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "www" / path).write_bytes(data)
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}/"
        httpd.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_files_are_fetched_from_their_owners(home: Path, server: str) -> None:
    dataset = describe(server)
    assert not dataset.complete
    assert dataset.path("one.json") is None
    assert dataset.pull() == [home / "one.json", home / "two.json"]
    assert dataset.complete
    assert dataset.path("two.json") == home / "two.json"
    assert (home / "two.json").read_bytes() == b"[2]"


def test_files_are_taken_from_a_mirror_or_a_copy(home: Path, server: str, copy: Path) -> None:
    dataset = describe("http://127.0.0.1:9/")
    with pytest.raises(TaskError, match="can't fetch two"):
        dataset.pull(server.rstrip("/"))  # A mirror holds all files directly: two.json is not.
    assert dataset.path("one.json") is not None
    dataset.pull(str(copy))
    assert dataset.complete
    assert {p.name for p in home.iterdir()} == {"one.json", "two.json"}


def test_what_is_there_is_not_fetched_again(home: Path, copy: Path) -> None:
    dataset = describe("http://127.0.0.1:9/")
    dataset.pull(str(copy))
    assert dataset.pull() == [home / "one.json", home / "two.json"]


def test_a_damaged_file_is_replaced(home: Path, copy: Path) -> None:
    dataset = describe("http://127.0.0.1:9/")
    dataset.pull(str(copy))
    (home / "one.json").write_bytes(b"damaged")
    dataset.pull(str(copy))
    assert (home / "one.json").read_bytes() == b"[1]"


def test_a_file_with_a_wrong_checksum_is_not_kept(
    home: Path, server: str, copy: Path, tmp_path: Path
) -> None:
    (copy / "one.json").write_bytes(b"other")
    (tmp_path / "www" / "one.json").write_bytes(b"other")
    for source in (str(copy), None):
        with pytest.raises(TaskError, match="not the expected file") as error:
            describe(server).pull(source)
        assert error.value.hint == "take it from another source with --from"
        assert list(home.iterdir()) == []


def test_a_missing_copy_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="of demo: No such file"):
        describe("").pull(str(tmp_path / "nowhere"))


def test_without_the_downloader_the_command_that_brings_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(PluginError, match="needs the package pooch") as error:
        describe("http://127.0.0.1:9/").pull()
    assert error.value.hint == "pip install 'demo[data]'"


def test_where_files_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("GRASP_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(datasets.sys, "platform", "linux")
    assert datasets.data_home() == tmp_path / ".cache/grasp/data"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert datasets.data_home() == tmp_path / "cache/grasp/data"
    monkeypatch.setenv("GRASP_DATA", str(tmp_path / "mine"))
    assert datasets.data_home() == tmp_path / "mine"
