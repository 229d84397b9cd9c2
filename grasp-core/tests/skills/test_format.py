"""Skills on disk: nothing is lost on the way there and back, and no file crashes a reader."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from grasp.contracts import SkillError
from grasp.skills import (
    Action,
    Edit,
    Provenance,
    Skill,
    SkillLibrary,
    dump_skill,
    export_flat,
    import_flat,
    load_library,
    parse_skill,
    save_library,
    select,
    skill_from_json,
    skill_to_json,
)
from grasp.skills import format as skill_format

encodable = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
awkward = st.sampled_from(
    [
        "---",
        "a: b: c",
        "---\nname: x\n---",
        "# c",
        "- x",
        "null",
        "true",
        "1e5",
        "'q\"",
        "{a",
        "\u2028x\x85y",
        "\ufeff",
        "tab\there",
        "...",
        "%YAML",
        "&a *b !c",
        " lead",
        "trail ",
        "\x00\x07",
        "日本語 😀",
        "a\n\n---\n\nb",
        "`x`",
        "|",
        ">-",
        "@@ user",
    ]
)
text = st.one_of(encodable, awkward, st.lists(awkward, max_size=4).map("\n".join))
names = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True).filter(
    lambda n: n != "skeleton"
)
tags = st.lists(
    text.map(lambda t: " ".join(t.replace(",", " ").split()).strip()).filter(bool), max_size=4
).map(tuple)
provenances = st.none() | st.builds(
    Provenance,
    epoch=st.integers(0, 50),
    cycle=st.integers(0, 50),
    action=st.sampled_from(["ADD", "MODIFY"]),
    probe_score=st.none() | st.floats(-50, 50),
    fixes=st.integers(0, 50),
    regressions=st.integers(0, 50),
    samples=st.lists(text, max_size=3).map(tuple),
)
skills = st.builds(
    Skill,
    name=names,
    description=text.map(lambda t: t[:1024]),
    body=text,
    tags=tags,
    version=st.integers(1, 99),
    provenance=provenances,
)


def as_stored(skill: Skill) -> Skill:
    """What must come back: the same, but for outer blank lines and the kind of line break."""
    body = skill.body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return replace(skill, body=body)


@given(skills)
@example(Skill("a", "- x: [", "---\n---\n\n---", ("---", "a: b")))
@example(Skill("1", "", ""))
@example(Skill("true", "null", "x", ("yes", "0x1f", "1_000")))
def test_a_skill_comes_back(skill: Skill) -> None:
    assert parse_skill(dump_skill(skill)) == replace(skill, body=skill.body.strip("\n"))


@given(st.lists(skills, max_size=5, unique_by=lambda s: s.name))
def test_a_library_comes_back_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, several: list[Skill]
) -> None:
    folder = tmp_path_factory.mktemp("lib") / "skills"
    library = SkillLibrary(tuple(several))
    save_library(library, folder)
    assert load_library(folder) == SkillLibrary(tuple(as_stored(s) for s in several))
    for skill in several:
        metadata = yaml.safe_load((folder / skill.name / "SKILL.md").read_text("utf-8").split(
            "\n---\n")[0])["metadata"]  # fmt: skip
        assert all(isinstance(k, str) and isinstance(v, str) for k, v in metadata.items())


def test_order_survives_a_modification_that_makes_the_first_skill_the_newest(
    tmp_path: Path,
) -> None:
    """Ties in ranking are broken by library order, so a stored library must keep it."""
    library = SkillLibrary()
    for number, name in enumerate(["zeta", "beta", "alpha", "mid"]):
        library = library.apply(
            Edit(Action.ADD, name, "", "body", ("t",)), Provenance(0, number, "ADD")
        )
    library = library.apply(Edit(Action.MODIFY, "zeta", body="new"), Provenance(4, 0, "MODIFY"))
    save_library(library, tmp_path / "s")
    again = load_library(tmp_path / "s")
    assert again.names == library.names == ("zeta", "beta", "alpha", "mid")
    history = [{"role": "user", "content": "t"}]
    assert [s.name for s in select(again.skills, history)] == ["zeta", "beta", "alpha"]
    again = again.apply(Edit(Action.REMOVE, "beta"))
    save_library(again, tmp_path / "s")
    assert load_library(tmp_path / "s").names == ("zeta", "alpha", "mid")


def test_skills_without_an_order_come_by_age_then_name(tmp_path: Path) -> None:
    old = [
        Skill("b", "d", "", provenance=Provenance(1, 0, "ADD")),
        Skill("c", "d", "", provenance=Provenance(0, 2, "ADD")),
        Skill("z", "d", ""),
        Skill("a", "d", ""),
    ]
    for skill in old:
        (tmp_path / skill.name).mkdir()
        (tmp_path / skill.name / "SKILL.md").write_text(dump_skill(skill), "utf-8")
    (tmp_path / "skeleton").mkdir()
    (tmp_path / "skeleton" / "SKILL.md").write_text(
        "---\nname: skeleton\ndescription: template\n---\nx\n", "utf-8"
    )
    assert load_library(tmp_path).names == ("a", "z", "c", "b")


def test_foreign_metadata_is_kept_but_is_no_part_of_the_value() -> None:
    source = (
        "---\nname: a\ndescription: d\nlicense: MIT\n"
        "metadata:\n  author: someone\n  level: 3\n---\n\nbody\n"
    )
    skill = parse_skill(source)
    assert skill == Skill("a", "d", "body")
    assert skill.extra == {"author": "someone", "level": "3"}
    assert parse_skill(dump_skill(skill)).extra == skill.extra


@pytest.mark.parametrize(
    "source",
    [
        "---\r\nname: a\r\ndescription: d\r\n---\r\n\r\nbody\r\n",
        "\ufeff---\nname: a\ndescription: d\n---\nbody",
        "---  \nname: a\ndescription: d\n---\t\n\n\nbody\n\n\n",
    ],
)
def test_files_from_other_editors(source: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "SKILL.md").write_bytes(source.encode())
    assert load_library(tmp_path).skills == (Skill("a", "d", "body"),)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("body only", "no front matter"),
        ("---\nname: a\n", "no front matter"),
        ("---\nname: [a\n---\n", "not valid YAML"),
        ("---\n- a\n---\n", "not a mapping"),
        ("---\nname: a\n---\n", "no description"),
        ("---\ndescription: a\n---\n", "no name"),
        ("---\nname: a\ndescription:\n---\n", "no description"),
        ("---\nname: a\ndescription: d\nmetadata: 3\n---\n", "metadata"),
        ("---\nname: a\ndescription: d\nmetadata: {version: x}\n---\n", "invalid literal"),
        ("---\nname: a\ndescription: d\nmetadata: {tags: 3}\n---\n", "not iterable"),
        ("---\nname: a\ndescription: d\nmetadata: {epoch: 0, samples: '['}\n---\n", "SKILL.md"),
        ("---\nname: ../a\ndescription: d\n---\n", "invalid skill name"),
    ],
)
def test_bad_files_are_one_clear_error(source: str, problem: str) -> None:
    with pytest.raises(SkillError, match=problem) as caught:
        parse_skill(source)
    assert "\n" not in caught.value.message


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(source: str) -> None:
    for candidate in (source, f"---\n{source}\n---\n{source}", f"---\nname: a\n{source}\n---\n"):
        with contextlib.suppress(SkillError):
            assert isinstance(parse_skill(candidate), Skill)


def test_a_folder_that_is_no_library(tmp_path: Path) -> None:
    for read in (load_library, import_flat):
        with pytest.raises(SkillError, match="no skill library"):
            read(tmp_path / "missing")
    assert load_library(tmp_path) == SkillLibrary()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "SKILL.md").write_text(dump_skill(Skill("b", "d", "x")), "utf-8")
    with pytest.raises(SkillError, match="named 'b' inside"):
        load_library(tmp_path)
    (tmp_path / "a" / "SKILL.md").write_bytes(b"---\nname: a\ndescription: \xff\n---\n")
    with pytest.raises(SkillError, match="not UTF-8"):
        load_library(tmp_path)


# -- saving -----------------------------------------------------------------------------


def test_saving_replaces_the_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "skills"
    first = SkillLibrary((Skill("a", "d", "1"), Skill("b", "d", "2")))
    second = SkillLibrary((Skill("b", "d", "3"),))
    save_library(first, home)
    save_library(second, home)
    assert load_library(home) == second
    assert [p.name for p in home.parent.iterdir()] == ["skills"]
    assert os.stat(home).st_mode & 0o777 == 0o755
    save_library(SkillLibrary(), home)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_save_that_fails_leaves_the_old_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    home = tmp_path / "skills"
    old = SkillLibrary((Skill("a", "d", "old"),))
    save_library(old, home)
    written = 0
    real = skill_format._write

    def full(path: Path, content: str) -> None:
        nonlocal written
        written += 1
        if written == dies_at:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(skill_format, "_write", full)
    new = SkillLibrary(tuple(Skill(n, "d", "new") for n in ("a", "b", "c")))
    with pytest.raises(OSError, match="No space"):
        save_library(new, home)
    assert load_library(home) == old
    assert [p.name for p in tmp_path.iterdir()] == ["skills"]


def test_a_hand_made_skill_with_a_lone_surrogate_can_be_saved(tmp_path: Path) -> None:
    save_library(SkillLibrary((Skill("a", "d", "x \ud83d y"),)), tmp_path / "s")
    assert load_library(tmp_path / "s").skills == (Skill("a", "d", "x ? y"),)
    export_flat(SkillLibrary((Skill("a", "d", "x \ud83d y"),)), tmp_path / "f")
    assert import_flat(tmp_path / "f").skills == (Skill("a", "d", "x ? y"),)


# -- the original's flat files -----------------------------------------------------------

ORIGINAL = """---
name: check_date_window
description: Filter by date before counting
tags: [magnesium, "last 24 hours"]
version: 2
provenance:
  epoch: 1
  update_cycle: 3
  action: MODIFY
  probe_score: 2.5
  fixes: 3
  regressions: 1
  triggering_samples: [s_1, 7]
---

## When to use
Counting.
"""


def test_the_originals_files(tmp_path: Path) -> None:
    (tmp_path / "check_date_window.md").write_text(ORIGINAL, "utf-8")
    (tmp_path / "skeleton.md").write_text("---\nname: skeleton\n---\nx\n", "utf-8")
    (tmp_path / "No Name.md").write_text("---\ndescription:\ntags: a, b\n---\ny\n", "utf-8")
    expected = (
        Skill("no-name", "", "y", ("a", "b")),
        Skill(
            "check-date-window",
            "Filter by date before counting",
            "## When to use\nCounting.",
            ("magnesium", "last 24 hours"),
            2,
            Provenance(1, 3, "MODIFY", 2.5, 3, 1, ("s_1", "7")),
        ),
    )
    assert import_flat(tmp_path).skills == expected
    assert load_library(tmp_path).skills == expected  # recognised without being told


@given(st.lists(skills, max_size=4, unique_by=lambda s: s.name))
def test_flat_files_come_back(
    tmp_path_factory: pytest.TempPathFactory, several: list[Skill]
) -> None:
    folder = tmp_path_factory.mktemp("flat")
    library = SkillLibrary(tuple(several))
    paths = export_flat(library, folder)
    assert [p.name for p in paths] == [f"{s.name}.md" for s in several]
    again = import_flat(folder)
    key = {s.name: s for s in again}
    assert key == {s.name: as_stored(s) for s in several}


@pytest.mark.parametrize(
    "front",
    [
        "version: x",
        "tags: 3",
        "provenance: {epoch: x}",
        "name: '日本'",
        "description: " + "x" * 1025,
    ],
)
def test_bad_flat_files_are_one_clear_error(front: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\n{front}\n---\nbody\n", "utf-8")
    with pytest.raises(SkillError):
        import_flat(tmp_path)


# -- JSON --------------------------------------------------------------------------------


@given(skills)
def test_json_comes_back(skill: Skill) -> None:
    data: dict[str, Any] = json.loads(json.dumps(skill_to_json(skill)))
    assert skill_from_json(data) == skill
