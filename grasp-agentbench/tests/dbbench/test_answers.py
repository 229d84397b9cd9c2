"""Answers and digests are compared as the benchmark compares them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp_agentbench.dbbench.answers import clean, same_answer, same_hash
from grasp_agentbench.dbbench.digest import EMPTY, joint_digest, table_digest
from grasp_agentbench.dbbench.records import Record, expected, is_change, tables_of

#: Probed on the original (spec agentbench, 2.2), and what follows from its rules.
PROBED: list[tuple[Any, Any, bool]] = [
    (["5"], ["5.004"], True),
    (["5"], ["5.02"], False),
    (["50%"], ["50"], True),
    (["none"], [""], True),
    (["0.004"], ["0"], True),
    (["a", "a"], ["a"], True),
    (["Abc"], ["abc"], False),
    ([], [], True),
    ([], ["a"], False),
    ([], ["0"], False),
    (None, ["NULL"], True),
    (["1,234"], ["1234"], True),
    (["1,234%"], ["1234"], False),  # The percent sign goes, and then nothing else.
    (["5", "5"], ["5"], False),
    (["1", "2"], ["2", "1"], True),
    (["1", "a"], ["a", "1.001"], False),
    (["'x'"], ["x"], True),
    ("[('x',)]", ["x"], True),
    ("[('x',), ('y',)]", ["y", "x"], True),
    ("[('x', 'y')]", [], True),
    ("[(Decimal('5.0'),)]", ["5"], False),
    ("[(293.0,)]", ["293"], True),
    ("['a', 'b']", ["b", "a"], True),
    ("[a, b]", ["b", "a"], True),
    ("[1], [2]", ["1", "2"], False),
    ("x", ["x"], True),
    (7, ["7"], True),
    (7.5, ["7.51"], True),
    ([None], ["0"], True),
    ([["a"]], ["['a']"], True),
    (["[1,2]"], ["[1,2]"], True),
    (["inf"], ["0"], True),
    (["+inf"], ["+inf"], False),
    (["x "], [" x"], True),
]


@pytest.mark.parametrize(("answer", "label", "right"), PROBED)
def test_probed_answers(answer: Any, label: Any, right: bool) -> None:
    assert same_answer(answer, label) is right


def reading(value: Any) -> list[str]:
    """A second reading of the rules for lists of plain values."""
    out = []
    for item in value:
        text = str(item).strip().strip("'\"").strip()
        if text.endswith("%"):
            out.append(text[:-1].strip())
            continue
        if "," in text and not (text[:1] == "[" or text[-1:] == "]"):
            text = text.replace(",", "")
        nothing = ("none", "null", "undefined", "nan", "inf", "infinity", "-inf", "-infinity", "")
        out.append("0" if text.lower() in nothing else text)
    return out


def floats(values: list[str]) -> list[float] | None:
    try:
        return [float(v) for v in values]
    except ValueError:
        return None


def verdict(answer: Any, label: Any) -> bool:
    one, other = reading(answer), reading(label)
    ones, others = floats(one), floats(other)
    if len(one) == 1 and len(other) == 1 and (ones is None or others is None):
        return one == other
    if ones is None or others is None:
        return set(one) == set(other)
    if len(ones) != len(others):
        return False
    for number in ones:
        for place, target in enumerate(others):
            if abs(number - target) <= 0.01:
                del others[place]
                break
        else:
            return False
    return True


VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "none",
            "NULL",
            "nan",
            "5",
            "5.0",
            "5.005",
            "5%",
            "1,200",
            "1200",
            "a",
            "A",
            "'a'",
            "b",
        ]
    ),
    st.text("019.,%-+ eE'\"[]abn", max_size=6),
    st.integers(-9, 9),
    st.none(),
)


@settings(max_examples=400)
@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_a_second_reading_agrees(answer: list[Any], label: list[Any]) -> None:
    assert same_answer(answer, label) is verdict(answer, label)


@given(st.text(max_size=60))
def test_no_text_is_run_and_every_text_is_read(text: str) -> None:
    assert same_answer(text, ["x"]) in (True, False)
    assert same_answer(f"[{text}]", ["x"]) in (True, False)


def test_code_in_an_answer_stays_text(tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    attack = f"[(__import__('pathlib').Path({str(mark)!r}).touch(),)]"
    assert not same_answer(attack, ["None"])
    assert not mark.exists()
    assert not same_answer("[" * 5000, ["x"])


def test_a_digest() -> None:
    rows = [("a", None, "b"), ("c", "", "d")]
    short = sorted(hashlib.md5(t.encode()).hexdigest()[:5] for t in ("a,b", "c,,d"))
    digest = hashlib.md5(",".join(short).encode()).hexdigest()
    assert table_digest(rows) == table_digest(reversed(rows)) == digest
    assert table_digest([]) == EMPTY
    assert joint_digest(["b", "a"]) == "a_b"
    assert same_hash(digest, f"[('{digest}',)]")
    assert not same_hash(EMPTY, f"[('{digest}',)]")


def test_official_labels_match_themselves(official: list[Record]) -> None:
    for record in official:
        if not is_change(record):
            assert same_answer(record["label"], expected(record)), record["id"]
            assert clean(json.dumps(record["label"])) is not None
        assert tables_of(record)
