"""The library is a value: what edits do to it, and what they leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import SkillError
from grasp.skills import (
    SKELETON,
    Action,
    Candidate,
    Edit,
    Provenance,
    Skill,
    SkillLibrary,
    free_slots,
    pair_edits,
    slug,
)

NAMES = ("alpha", "beta", "gamma", "delta")

edits = st.builds(
    Edit,
    action=st.sampled_from(Action),
    name=st.sampled_from(NAMES),
    description=st.sampled_from(["", "one", "two"]),
    body=st.sampled_from(["", "x", "y"]),
    tags=st.sampled_from([(), ("t",), ("t", "u")]),
)


def origin(epoch: int = 0, cycle: int = 0, action: str = "ADD") -> Provenance:
    return Provenance(epoch, cycle, action, 1.0, 2, 1, ("s1",))


@given(st.lists(edits, max_size=12))
def test_edits_against_a_plain_model(sequence: list[Edit]) -> None:
    """A dict of names is the obvious model of a library; both must always agree."""
    library = SkillLibrary()
    model: dict[str, dict[str, object]] = {}
    archived: list[tuple[str, int]] = []
    for edit in sequence:
        before, frozen = library, (library.skills, library.archive)
        exists = edit.name in model
        if exists == (edit.action is Action.ADD):
            with pytest.raises(SkillError):
                library.apply(edit)
            continue
        library = library.apply(edit, origin(3, 1))
        assert (before.skills, before.archive) == frozen
        if edit.action is not Action.ADD:
            archived.append((edit.name, int(str(model[edit.name]["version"]))))
        if edit.action is Action.REMOVE:
            del model[edit.name]
            continue
        old = model.get(edit.name, {"version": 0, "description": "", "tags": ()})
        model[edit.name] = {
            "version": int(str(old["version"])) + 1,
            "description": edit.description or old["description"],
            "body": edit.body,
            "tags": edit.tags or old["tags"],
        }
        changed = library.get(edit.name)
        assert changed is not None
        assert changed.provenance == origin(3, 1, edit.action.value)
    assert library.names == tuple(model)
    assert len(library) == len(model)
    for skill in library:
        facts = {k: getattr(skill, k) for k in ("version", "description", "body", "tags")}
        assert facts == model[skill.name]
        assert skill.name in library
    assert [(s.name, s.version) for s in library.archive] == archived
    for name in NAMES:
        assert [s.version for s in library.versions(name)] == [v for n, v in archived if n == name]
        assert (library.get(name) is None) == (name not in model)


@given(st.lists(edits, max_size=6))
def test_a_failing_edit_of_several_changes_nothing(several: list[Edit]) -> None:
    library = SkillLibrary((Skill("alpha", "d", "b"),))
    step, fails = library, False
    for edit in several:
        try:
            step = step.apply(edit)
        except SkillError:
            fails = True
            break
    if fails:
        with pytest.raises(SkillError):
            library.apply(several)
    else:
        assert library.apply(several) == step
    assert library.names == ("alpha",)


def test_without_provenance_a_modified_skill_has_none() -> None:
    library = SkillLibrary((Skill("alpha", "d", "b", provenance=origin()),))
    changed = library.apply(Edit(Action.MODIFY, "alpha", body="c")).get("alpha")
    assert changed is not None
    assert changed.provenance is None
    assert changed.description == "d"


def test_removed_then_added_starts_at_version_one() -> None:
    library = SkillLibrary((Skill("alpha", "d", "b", version=4),))
    again = library.apply([Edit(Action.REMOVE, "alpha"), Edit(Action.ADD, "alpha", "n", "c")])
    assert again.get("alpha") == Skill("alpha", "n", "c")
    assert [s.version for s in again.versions("alpha")] == [4]


def test_a_library_refuses_equal_names_and_the_template() -> None:
    with pytest.raises(SkillError, match="two skills"):
        SkillLibrary((Skill("a", "", ""), Skill("a", "", "")))
    with pytest.raises(SkillError, match="read-only template"):
        SkillLibrary((Skill(SKELETON, "", ""),))
    with pytest.raises(SkillError):
        SkillLibrary().apply(Edit(Action.ADD, SKELETON, "d", "b"))


@pytest.mark.parametrize(
    ("actions", "groups"),
    [
        ("A", ["A"]),
        ("RA", ["RA"]),
        ("AR", ["RA"]),
        ("M", ["M"]),
        ("RM", ["M", "R"]),
        ("RAA", ["RA", "A"]),
        ("RRA", ["RA", "R"]),
        ("AMR", ["RA", "M"]),
        ("RRAA", ["RA", "RA"]),
        ("", []),
    ],
)
def test_pairs(actions: str, groups: list[str]) -> None:
    letters = {"A": Action.ADD, "M": Action.MODIFY, "R": Action.REMOVE}
    several = [Edit(letters[a], f"s{n}") for n, a in enumerate(actions)]
    paired = pair_edits(several)
    assert ["".join(e.action.value[0] for e in g) for g in paired] == groups
    assert sorted(e.name for g in paired for e in g) == [e.name for e in several]
    assert pair_edits(several, split_pairs=True) == [(e,) for e in several]


def test_identity_is_what_an_edit_changes() -> None:
    add = Edit(Action.ADD, "a", "d", "b", ("t",), "because")
    assert add.identity == Edit(Action.ADD, "a", "d", "b", ("t",), "other").identity
    for other in (
        Edit(Action.MODIFY, "a", "d", "b", ("t",)),
        Edit(Action.ADD, "b", "d", "b", ("t",)),
        Edit(Action.ADD, "a", "e", "b", ("t",)),
        Edit(Action.ADD, "a", "d", "b" * 101, ("t",)),
        Edit(Action.ADD, "a", "d", "b"),
    ):
        assert add.identity != other.identity
    long = "x" * 100
    assert Edit(Action.ADD, "a", body=long + "1").identity != (
        Edit(Action.ADD, "a", body=long + "2").identity
    )
    # A removal removes, whatever else the writer put beside it.
    assert Edit(Action.REMOVE, "a", "d", "b").identity == Edit(Action.REMOVE, "a").identity
    pair = Candidate((Edit(Action.REMOVE, "a"), add))
    assert pair.title == "REMOVE a + ADD a"
    assert pair.identity == (Edit(Action.REMOVE, "a").identity, add.identity)


def test_free_slots_count_removals_once_and_only_real_ones() -> None:
    library = SkillLibrary((Skill("a", "", ""), Skill("b", "", "")))
    assert free_slots(library, 2) == 0
    assert free_slots(library, 2, [Edit(Action.REMOVE, "a"), Edit(Action.REMOVE, "a")]) == 1
    assert free_slots(library, 2, [Edit(Action.REMOVE, "zzz"), Edit(Action.MODIFY, "a")]) == 0
    assert free_slots(library, 5, [Edit(Action.REMOVE, "a"), Edit(Action.REMOVE, "b")]) == 5


# -- names -----------------------------------------------------------------------------


@given(st.text(max_size=100))
def test_a_slug_is_a_valid_name_or_nothing(text: str) -> None:
    name = slug(text)
    if name:
        assert Skill(name, "", "").name == name
        assert slug(name) == name
    else:
        assert not any(c.isascii() and c.isalnum() for c in text.lower())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Check The Window", "check-the-window"),
        ("snake_case_name", "snake-case-name"),
        ("  --a--b--  ", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
        ("Überprüfung", "berpr-fung"),
        ("x" * 63 + " yz", "x" * 63),
        ("日本", ""),
    ],
)
def test_slugs(text: str, name: str) -> None:
    assert slug(text) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "a_b", "-a", "a-", "a--b", "a/b", "..", ".", "a b", "a\n", "é", "٣", "a" * 65, "a\0"],
)
def test_names_that_are_no_safe_folder_are_refused(name: str) -> None:
    with pytest.raises(SkillError, match="invalid skill name"):
        Skill(name, "", "")


def test_limits_of_a_skill() -> None:
    assert Skill("a" * 64, "d" * 1024, "")
    with pytest.raises(SkillError, match="1025 characters"):
        Skill("a", "d" * 1025, "")


# -- what a model may see ----------------------------------------------------------------


def test_digest_covers_everything_a_model_sees_and_nothing_else() -> None:
    skill = Skill("a", "d", "b", ("t",))
    same = Skill("a", "d", "b", ("t",), 7, origin(), {"license": "MIT"})
    assert skill.digest == same.digest
    others = [
        Skill("b", "d", "b", ("t",)),
        Skill("a", "e", "b", ("t",)),
        Skill("a", "d", "c", ("t",)),
        Skill("a", "d", "b", ("u",)),
        Skill("a", "d", "b"),
        Skill("a", "d", "b\0t"),
    ]
    assert skill.digest not in {o.digest for o in others[:5]}
    assert Skill("a", "", "\ud83d").digest  # a lone surrogate is hashed, not refused


@pytest.mark.parametrize(
    ("body", "section"),
    [
        ("## When to use\nNow.\n\n## Steps\nNo.", "Now."),
        ("# WHEN TO USE this skill\n\na\nb\n", "a\nb"),
        ("Intro\n### when to use\nx", "x"),
        ("## When to use\r\nNow.\r\n## Steps\r\nNo.", "Now."),
        ("## When to use", ""),
        ("Say when to use it.\n", ""),
        ("## Steps\n1. a", ""),
        ("## When to use\nx\n###### Note\ny", "x"),
    ],
)
def test_the_section_when_to_use(body: str, section: str) -> None:
    assert Skill("a", "", body).when_to_use == section
