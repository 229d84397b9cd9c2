"""Comparisons: exact tests against scipy and brute force, intervals that cover, true words."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from grasp.cli import main as root
from grasp.contracts import RunError
from grasp.results.findings import Finding, compare_sides, sentences
from grasp.results.outcomes import Side, Solved, read_side
from grasp.results.paired import (
    Paired,
    Runs,
    more_samples,
    paired,
    permutation,
    runs,
    sign_flip_p,
    t95,
    two_sided,
)

from ..toys import Model, add, run_toy


def table(verdicts: Sequence[bool | None]) -> Solved:
    return {f"s{n}": v for n, v in enumerate(verdicts)}


def side(*verdicts: Sequence[bool | None], name: str = "x", types: Sequence[str] = ()) -> Side:
    kinds = {f"s{n}": t for n, t in enumerate(types)}
    return Side(name, tuple({"test": table(v)} for v in verdicts), kinds)


def text(*sides: Side) -> str:
    return " ".join(" ".join(sentences(f)) for f in compare_sides(sides))


@pytest.mark.parametrize(("b", "c"), [(0, 0), (6, 0), (0, 6), (7, 2), (2, 7), (5, 5), (40, 21)])
def test_mcnemar_is_the_two_sided_sign_test(b: int, c: int) -> None:
    exact = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert two_sided(b, c) == pytest.approx(exact)


@pytest.mark.parametrize("sums", [[3], [1, 1, 1], [4, -1, 2, 0, 3], [-2, -2, -5, 1, 1, 1, 4]])
def test_sign_flips_are_all_counted(sums: list[int]) -> None:
    signs = itertools.product((-1, 1), repeat=len(sums))
    totals = [sum(s * x for s, x in zip(row, sums, strict=True)) for row in signs]
    share = sum(abs(t) >= abs(sum(sums)) for t in totals) / len(totals)
    assert sign_flip_p(sums) == pytest.approx(share)


@pytest.mark.parametrize("freedom", [1, 2, 9, 29, 30, 31, 60, 500])
def test_students_quantile(freedom: int) -> None:
    assert t95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-3)


def test_permutation_of_runs_is_exact() -> None:
    a, b = [0.40, 0.45, 0.42], [0.50, 0.44, 0.61]

    def gap(x: Any, y: Any, axis: int = -1) -> Any:
        return abs(x.mean(axis=axis) - y.mean(axis=axis))

    theirs = stats.permutation_test((a, b), gap, alternative="greater", vectorized=True)
    assert permutation(a, b) == (pytest.approx(theirs.pvalue), pytest.approx(0.1))
    assert permutation([0.1], [0.2, 0.3])[1] == pytest.approx(1 / 3)


def test_a_sample_is_a_pair_only_if_both_sides_ran_it() -> None:
    found = paired(
        {"a": True, "b": False, "c": None, "d": True, "only": True},
        {"a": True, "b": True, "c": True, "d": False, "other": True},
        {},
    )
    assert (found.n, found.b, found.c, found.errors, found.unshared) == (3, 1, 1, 1, 2)
    assert (found.first, found.second) == (2, 2)
    assert found.types is None


def test_the_number_of_samples_asked_for_gives_the_power_promised() -> None:
    # 10 gained, 5 lost of 80; rerun at the size asked for.
    n, b, c = 80, 10, 5
    total = n + (more_samples(n, b, c) or 0)
    draw = random.Random(3)
    found = 0
    for _ in range(400):
        moves = draw.choices((1, -1, 0), (b, c, n - b - c), k=total)
        gained, lost = moves.count(1), moves.count(-1)
        found += two_sided(gained, lost) <= 0.05 and gained > lost
    assert 0.72 < found / 400 < 0.88  # 0.8, less a little: the exact test is conservative.


def test_types_that_move_together_widen_the_interval() -> None:
    types = [f"t{n % 8}" for n in range(80)]
    first = [False] * 80
    together = [t in ("t0", "t1") for t in types]
    apart = [random.Random(n).random() < 0.25 for n in range(80)]
    joint = paired(table(first), table(together), dict(zip(table(first), types, strict=True)))
    single = paired(table(first), table(apart), dict(zip(table(first), types, strict=True)))
    assert joint.types is not None
    assert single.types is not None
    width = [f.types.effect.high - f.types.effect.low for f in (joint, single)]  # type: ignore[union-attr]
    assert width[0] > 2 * width[1]
    assert joint.effect.p < 1e-4
    assert joint.types.effect.p == pytest.approx(0.5)


def test_the_interval_over_types_covers_what_it_should() -> None:
    draw = random.Random(5)
    covered = tried = 0
    for _ in range(400):
        first: dict[str, bool | None] = {}
        second: dict[str, bool | None] = {}
        kinds = {}
        for t in range(12):
            gain = draw.random() * 0.6  # Of this type; 0.3 over all types there could be.
            for k in range(10):
                name = f"{t}.{k}"
                kinds[name] = str(t)
                first[name] = False
                second[name] = draw.random() < gain
        found = paired(first, second, kinds).types
        assert found is not None
        tried += 1
        covered += found.effect.low <= 0.3 <= found.effect.high
    assert 0.90 < covered / tried < 0.98


def test_the_bootstrap_over_runs_covers_what_it_should() -> None:
    draw = random.Random(11)
    covered = 0
    for trial in range(25):
        sides = []
        for level in (0.4, 0.6):
            side_runs = []
            for _ in range(5):
                p = level + draw.uniform(-0.15, 0.15)  # A seed's library.
                side_runs.append(table([draw.random() < p for _ in range(40)]))
            sides.append(side_runs)
        effect = runs(*sides, seed=trial).effect
        covered += effect.low <= 0.2 <= effect.high
    assert covered >= 21


def test_the_bootstrap_repeats_itself() -> None:
    a, b = [table([True, False] * 5)], [table([True] * 10), table([True] * 8 + [False] * 2)]
    assert runs(a, b) == runs(a, b)


# -- words -----------------------------------------------------------------------------------


def test_too_few_samples_are_called_so() -> None:
    first = [True] * 30 + [False] * 50
    second = [True] * 25 + [False] * 5 + [True] * 10 + [False] * 40
    said = text(side(first), side(second))
    assert "30/80 and 35/80 solved; 10 gained, 5 lost." in said
    assert "+6.2 points, 95 % interval −3.4 to 15.7, p = 0.3: not enough samples; about" in said
    more = more_samples(80, 10, 5)
    assert f"about {more} more would settle it" in said


def test_no_difference_says_what_is_ruled_out() -> None:
    said = text(side([True, False] * 20), side([True, False] * 20))
    assert "no difference seen; a gain above" in said


def test_a_difference_within_types_is_not_called_general() -> None:
    types = [str(n % 3) for n in range(30)]
    said = text(side([False] * 30, types=types), side([True] * 30, types=types))
    assert "better on samples of these types" in said
    assert "whether it holds for other types is not known (so few types can give no less" in said
    types = [str(n % 10) for n in range(30)]
    said = text(side([False] * 30, types=types), side([True] * 30, types=types))
    assert "it holds over types too" in said


def test_worse_is_said_too() -> None:
    assert "worse on samples of these types" in text(side([True] * 12), side([False] * 12))


def test_few_runs_are_called_so() -> None:
    old = side([True] * 10 + [False] * 30, [True] * 12 + [False] * 28, [True] * 11 + [False] * 29)
    new = side([True] * 30 + [False] * 10, [True] * 31 + [False] * 9, [True] * 33 + [False] * 7)
    said = text(old, new)
    assert "27.5 % over 3 runs and 78.3 % over 3 runs, 40 samples each." in said
    assert "not enough runs; 3 against 3 can give no less than p = 0.1" in said


def test_many_runs_settle_it() -> None:
    old = side(*[[True] * (10 + n) + [False] * (30 - n) for n in range(4)])
    new = side(*[[True] * (30 + n) + [False] * (10 - n) for n in range(4)])
    (found,) = compare_sides([old, new])
    assert isinstance(found.result, Runs)
    assert found.verdict == "better"
    assert "for new runs too" in " ".join(sentences(found))


def test_many_comparisons_are_corrected() -> None:
    new = [True] * 6 + [False] * 34  # p = 0.031 alone
    base = side([False] * 40)
    (alone,) = compare_sides([base, side(new)])
    among = compare_sides([base, side(new), side([False] * 40), side([False] * 40)])
    assert isinstance(alone.result, Paired)
    assert alone.verdict == "better"
    assert [f.verdict for f in among] == ["not known"] * 3
    assert among[0].p_holm == pytest.approx(3 * alone.effect.p)


def test_json_has_no_nan() -> None:
    result = runs([table([True, False])] * 12, [table([True, True])] * 12)
    assert math.isnan(result.effect.p)
    data = Finding("a", "b", "test", result, 1.0).to_json()
    assert data["statistics"]["effect"]["p"] is None
    assert "NaN" not in json.dumps(data)
    assert "not computed" in data["text"]


# -- from disk -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    run_toy(place / "rules", Model())
    run_toy(place / "nothing", Model(lambda p, c: []))
    run_toy(place / "seeds" / "1", Model())
    run_toy(place / "seeds" / "2", Model(lambda p, c: [add("red")]))
    return place


def test_a_run_is_read_with_and_without_skills(recorded: Path) -> None:
    learned, bare = read_side(recorded / "rules"), read_side(recorded / "rules", "no_skills")
    assert learned.splits == ("test", "ood")
    assert sum(bool(v) for v in learned.runs[0]["test"].values()) == 6
    assert sum(bool(v) for v in bare.runs[0]["test"].values()) == 2
    assert set(learned.types.values()) == {"red", "blue", "green"}
    # What learned nothing was evaluated once, which counts for both.
    assert read_side(recorded / "nothing").runs[0] == bare.runs[0]


def test_a_folder_of_runs_is_one_side(recorded: Path) -> None:
    seeds = read_side(recorded / "seeds")
    assert len(seeds.runs) == 2
    (test, _) = compare_sides([read_side(recorded / "nothing"), seeds])
    assert isinstance(test.result, Runs)


def test_the_command(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        root.main(["compare", str(recorded / "nothing"), str(recorded / "rules"), "--json"])
    data = json.loads(capsys.readouterr().out)
    assert (data["correction"], data["comparisons"]) == ("holm", 2)
    assert [f["split"] for f in data["findings"]] == ["test", "ood"]
    first = data["findings"][0]["statistics"]
    assert (first["n"], first["b"], first["c"]) == (6, 4, 0)
    with pytest.raises(SystemExit, match="0"):
        root.main(["compare", str(recorded / "rules"), "--split", "test"])
    said = capsys.readouterr().out
    assert "against" in said
    assert "without skills" in said
    assert "2/6 and 6/6 solved" in said


def test_an_evaluation_is_a_side(tmp_path: Path) -> None:
    rows = [{"id": "a", "correct": True, "status": "completed", "type": "t"},
            {"id": "b", "correct": False, "status": "error"}]  # fmt: skip
    file = tmp_path / "eval.json"
    file.write_text(json.dumps({"split": "val", "samples": rows}))
    assert read_side(file).runs == ({"val": {"a": True, "b": None}},)


@pytest.mark.parametrize(
    ("content", "message"), [("not json", "can't read an evaluation"), ("{}", "'split'")]
)
def test_a_damaged_evaluation_is_named(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "eval.json"
    file.write_text(content)
    with pytest.raises(RunError, match=message):
        read_side(file)


def test_what_can_not_be_compared_is_told(tmp_path: Path, recorded: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        read_side(tmp_path)
    with pytest.raises(RunError, match="share no split"):
        compare_sides([side([True]), read_side(recorded / "rules")], ["val"])
    with pytest.raises(RunError, match="share no sample"):
        compare_sides([side([True]), read_side(recorded / "rules")])
