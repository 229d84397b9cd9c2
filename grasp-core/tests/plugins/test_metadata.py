"""Reading entry points: the same answer as ``importlib.metadata``, from fewer files."""

from __future__ import annotations

import importlib.metadata
import itertools
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from grasp.plugins.entrypoints import COMMANDS_GROUP, GROUP, Found, entry_points, normal
from grasp.plugins.versions import meets

from .distributions import NAMES, Install

POINTS = "[grasp]\none = pkg.one\n"


def dist_info(site: Path, folder: str, points: str = POINTS, metadata: str = "") -> Path:
    (site / folder).mkdir(parents=True)
    (site / folder / "entry_points.txt").write_text(points, encoding="utf-8")
    if metadata:
        (site / folder / "METADATA").write_text(metadata, encoding="utf-8")
    return site


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Found]]:
    """Return the entry points of the given places alone."""

    def of(*places: Path, group: str = GROUP) -> list[Found]:
        monkeypatch.setattr(sys, "path", [str(p) for p in places])
        return entry_points(group)

    return of


@pytest.mark.parametrize("group", [GROUP, COMMANDS_GROUP])
def test_it_agrees_with_importlib_metadata(group: str, install: Install) -> None:
    install(*NAMES)
    wanted = {
        (normal(p.dist.name), p.dist.version, p.name, p.value)
        for p in importlib.metadata.entry_points(group=group)
        if p.dist is not None
    }
    assert {f[:4] for f in entry_points(group)} == wanted
    assert len(entry_points(group)) == len(wanted)


def test_what_a_distribution_asks_of_core(install: Install) -> None:
    install(*NAMES)
    asked = {f.distribution: f.core_requirement for f in entry_points(GROUP)}
    assert asked["demo-good"] == "<1,>=0.1"
    assert asked["demo-future"] == "<10,>=9"


@pytest.mark.parametrize(
    ("requirements", "asked"),
    [
        (["grasp-core>=0.1,<1"], ">=0.1,<1"),
        (["Grasp_Core (>=0.1)"], ">=0.1"),
        (["click", "grasp.core[testing] >=0.1"], ">=0.1"),
        (["grasp-core>=9; extra == 'future'"], ""),
        (["grasp-core-extras>=9"], ""),
        (["grasp-core"], ""),
        (["grasp-core>=0.1", "click", "grasp-core[testing]<1"], ">=0.1,<1"),
        ([], ""),
    ],
)
def test_forms_of_a_requirement(
    requirements: list[str], asked: str, tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    metadata = "Name: one\nVersion: 1\n" + "".join(f"Requires-Dist: {r}\n" for r in requirements)
    site = dist_info(tmp_path, "one-1.dist-info", metadata=f"{metadata}\nRequires-Dist: no header")
    assert found(site)[0].core_requirement == asked


def test_an_egg_info_counts_too(tmp_path: Path, found: Callable[..., list[Found]]) -> None:
    folder = dist_info(tmp_path, "My_Egg-1.5-py3.11.egg-info") / "My_Egg-1.5-py3.11.egg-info"
    (folder / "requires.txt").write_text("grasp-core>=0.1\n\n[extra]\ngrasp-core>=9\n")
    assert found(tmp_path) == [Found("my-egg", "1.5", "one", "pkg.one", ">=0.1")]
    (folder / "PKG-INFO").write_text("Name: my.egg\nVersion: 1.6\n")
    assert found(tmp_path)[0].version == "1.6"


def test_the_first_of_two_places_counts(tmp_path: Path, found: Callable[..., list[Found]]) -> None:
    new = dist_info(tmp_path / "new", "one-2.dist-info", "[grasp]\ntwo = pkg.two\n")
    old = dist_info(tmp_path / "old", "One-1.dist-info")
    assert [f.version for f in found(new, old, new)] == ["2"]
    assert [f.version for f in found(old, new)] == ["1"]


def test_a_newer_copy_without_entry_points_shadows_an_older_one(
    tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    new = dist_info(tmp_path / "new", "one-2.dist-info", "[console_scripts]\na = b:c\n")
    old = dist_info(tmp_path / "old", "one-1.dist-info")
    assert found(new, old) == []


def test_the_name_in_the_metadata_counts_not_the_folders(
    tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    dist_info(tmp_path, "a_folder-1.dist-info", metadata="Name: The.Name\nVersion: 3\n")
    dist_info(tmp_path, "b_folder-1.dist-info", metadata="Name: the-name\nVersion: 4\n")
    assert [f[:2] for f in found(tmp_path)] == [("the-name", "3")]


def test_what_is_no_distribution_is_passed_over(
    tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    dist_info(tmp_path, "~ne-1.dist-info")  # Left behind by an interrupted pip.
    dist_info(tmp_path, "one-1.other")
    (tmp_path / "two-1.dist-info").mkdir()
    (tmp_path / "three-1.dist-info").write_text("a file")
    (tmp_path / "text.txt").write_text("a file")
    (tmp_path / "broken.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("other-1.dist-info/METADATA", "Name: other\nVersion: 1\n")
    for name in ("", "nowhere", "text.txt", "broken.zip", "other.zip"):
        assert found(tmp_path / name) == []


def test_comments_and_extras_in_entry_points(
    tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    points = "# a comment\n; another = one\n[other]\nx = y\n[grasp]\n a = m:b [extra1]\n\nb=n\n"
    site = dist_info(tmp_path, "one-1.dist-info", points)
    assert [(f.entry_point, f.target) for f in found(site)] == [
        ("a", "m:b"),
        ("b", "n"),
    ]


def test_a_section_of_another_group_does_not_count(
    tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    points = "[grasp_other]\na = b\n[grasp.commands]\nc = d:e\n[other]\ngrasp = f\n"
    site = dist_info(tmp_path, "one-1.dist-info", points)
    assert found(site) == []
    assert [f[2:4] for f in found(site, group=COMMANDS_GROUP)] == [("c", "d:e")]


@pytest.mark.parametrize(
    ("labels", "address"),
    [
        (["Homepage, https://h", "Documentation, https://d", "Docs, https://x"], "https://d"),
        (["Docs, https://d,e", "homepage, https://h"], "https://d,e"),
        (["Source, https://s", "Home-Page, https://h"], "https://h"),
        (["Source, https://s"], ""),
        ([], ""),
    ],
)
def test_the_address_of_the_documentation(
    labels: list[str], address: str, tmp_path: Path, found: Callable[..., list[Found]]
) -> None:
    metadata = "Name: one\nVersion: 1\n" + "".join(f"Project-URL: {text}\n" for text in labels)
    site = dist_info(tmp_path, "one-1.dist-info", metadata=metadata)
    assert found(site)[0].docs == address


def test_a_distribution_in_an_archive_is_found(
    tmp_path: Path, sites: Path, environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "good.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (sites / "demo-good").rglob("*"):
            file.write(path, path.relative_to(sites / "demo-good"))
    monkeypatch.syspath_prepend(str(archive))
    docs = "https://docs.example.org/demo-good"
    assert Found(
        "demo-good", "1.2.3", "words", "demo_good.plugin", "<1,>=0.1", docs=docs
    ) in entry_points(GROUP)


def test_the_working_directory_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = dist_info(tmp_path / "site", "one-1.dist-info")
    monkeypatch.chdir(site)
    monkeypatch.setattr(sys, "path", ["", site])  # A path object is no entry to Python either.
    assert [f.distribution for f in entry_points(GROUP)] == ["one"]
    if sys.platform != "win32":
        shutil.rmtree(site)
        assert entry_points(GROUP) == []


VERSIONS = ("0.1.0", "0.1", "0.2.5", "1.0.0", "1.1", "9.0", "10.0.1")
SPECIFIERS = (
    ">=0.1,<1", ">=0.1.0", ">0.1", "<1", "<=0.2.5", "==0.1", "==0.1.*", "!=0.1", "!=0.1.*",
    "~=0.1", "~=0.2.5", "~=1.0", "", ">=9,<10", " >= 0.1 , < 1 ",
)  # fmt: skip


@pytest.mark.parametrize(("version", "specifier"), list(itertools.product(VERSIONS, SPECIFIERS)))
def test_versions_compare_as_packaging_says(version: str, specifier: str) -> None:
    assert meets(version, specifier) == SpecifierSet(specifier).contains(version)


def test_versions_that_packaging_treats_otherwise() -> None:
    assert meets("1.0rc1", ">=1.0"), "a pre-release can be tried"
    assert meets("0.1.0", "@ https://example.org/grasp.whl"), "left to the installer"
    assert meets("0.1.0", "===0.1"), "releases are compared, not texts"
    assert not meets("unknown", ">=0.1")
