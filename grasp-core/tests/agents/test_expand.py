"""Placeholders of presets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.agents.expand import expand, expand_all, variables
from grasp.contracts import ConfigError

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,6}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="${}", exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected", "missing"),
    [
        ("plain", "plain", set()),
        ("${A}", "1", set()),
        ("x${A}y${B}z", "x1y2z", set()),
        ("${C}", "", {"C"}),
        ("${EMPTY}", "", {"EMPTY"}),
        ("${EMPTY:-d}", "d", set()),
        ("${C:-}", "", set()),
        ("${C:-${B}}", "2", set()),
        ("${C:-${D:-http://h:1/v1}}/x", "http://h:1/v1/x", set()),
        ("${C:-${D}}", "", {"D"}),
        ("${A:-${D}}", "1", set()),
        ("$${A}", "${A}", set()),
        ("$A $ {A}", "$A $ {A}", set()),
        ("${LOOP}", "${A}", set()),
    ],
)
def test_expand(text: str, expected: str, missing: set[str]) -> None:
    found: set[str] = set()
    environ = {"A": "1", "B": "2", "EMPTY": "", "LOOP": "${A}"}
    assert (expand(text, environ, found), found) == (expected, missing)


@pytest.mark.parametrize("text", ["${A", "${A:-${B}", "${}", "${1A}", "${A-b}", "${A b}"])
def test_bad_placeholders(text: str) -> None:
    with pytest.raises(ConfigError):
        expand(text, {}, set())


@given(PLAIN, NAMES, st.text(max_size=12), PLAIN, st.booleans())
def test_a_value_is_taken_literally_and_a_default_only_without_one(
    before: str, name: str, value: str, default: str, is_set: bool
) -> None:
    environ = {name: value} if is_set else {}
    missing: set[str] = set()
    text = f"{before}${{{name}:-{default}}}"
    assert expand(text, environ, missing) == before + (environ.get(name) or default)
    assert not missing


@given(PLAIN)
def test_text_without_placeholders_stays(text: str) -> None:
    assert expand(text, {}, set()) == text


def test_structures_and_their_variables() -> None:
    value = {"a": ["${A}", 1, None], "b": {"c": "${B:-${C}}"}, "d": "$${E}"}
    missing: set[str] = set()
    assert expand_all(value, {"A": "x", "C": "y"}, missing) == {
        "a": ["x", 1, None],
        "b": {"c": "y"},
        "d": "${E}",
    }
    assert not missing
    assert variables(value) == ({"A", "C"}, {"B"})
