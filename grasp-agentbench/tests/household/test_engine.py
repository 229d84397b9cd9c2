"""The embedded engine says what TextWorld says, at every step (goal of issue 6).

``textworld_says.json`` has digests of what the real engine said; the integration test compares
them with the engine that is installed. Write them anew with ``record.py``.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grasp.contracts import TaskError
from grasp_agentbench.household.bleu import bleu, closest
from grasp_agentbench.household.engine import GRAMMARS, Play
from grasp_agentbench.household.game import read_game
from grasp_agentbench.household.goal import satisfied
from grasp_agentbench.household.pddl import PddlError, parse, section, typed_names
from grasp_agentbench.household.synth import KINDS, SIZES, synthetic_games

from .record import SAID, said
from .walks import ARCHIVE, digest, follow, unpack, wander


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if not ARCHIVE.is_file():
        pytest.skip("the official games are not at ../shared")
    return unpack(tmp_path_factory.mktemp("games"))


def known(path: Path) -> dict[str, str]:
    loaded: dict[str, Any] = json.loads(SAID.read_text(encoding="utf-8"))
    found: dict[str, str] = loaded["/".join(path.parts[-3:-1])]
    return found


def test_all_official_games_are_told_and_won_alike(games: list[Path]) -> None:
    assert len(games) == 70
    for number, path in enumerate(games):
        game = read_game(path)
        play = Play(game, GRAMMARS["new"])
        log = follow(play, list(game.walkthrough))
        assert play.won, path
        assert digest(log) == known(path)["walkthrough"], path
        wandered = wander(Play(game, GRAMMARS["new"]), number)
        assert digest(wandered) == known(path)["wander"], path


def test_the_old_grammar_wins_alike(games: list[Path]) -> None:
    """AgentBench's words: put in/on instead of move to, locations at arrivals, no help."""
    for path in games:
        game = read_game(path)
        play = Play(game)
        for command in game.walkthrough:
            if command.startswith("move "):
                command = command.replace("move ", "put ", 1).replace(" to ", " in/on ", 1)
            said = play.step(command)
            if command.startswith("go to "):
                assert said.startswith("You arrive at loc ")
        assert play.won
        assert "help" not in play.commands


@pytest.mark.integration
def test_textworld_still_says_so(games: list[Path]) -> None:
    pytest.importorskip("alfworld")
    for number in range(0, 70, 10):
        assert said(games[number], number) == known(games[number])


@pytest.mark.parametrize("seed", [7, 8])
def test_every_generated_game_can_be_won(seed: int) -> None:
    found = synthetic_games(seed)
    assert {split: len(games) for split, games in found.items()} == SIZES
    for games in found.values():
        assert {kind for kind, _ in games} == set(KINDS)
        for _, game in games:
            play = Play(game)
            assert not satisfied(game.goal, game.facts)
            for command in game.walkthrough:
                assert not play.won
                assert command in play.commands
                play.step(command)
            assert play.won


def test_plays_do_not_touch_their_game() -> None:
    _, game = synthetic_games(7)["dev"][0]
    one, other = Play(game), Play(game)
    before = other.introduction
    for command in game.walkthrough:
        one.step(command)
    assert one.won
    assert not other.won
    assert other.introduction == before


def test_bad_files_are_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "game.tw-pddl"
    whole = "(define (:objects a_bar_1 - desk) (:init) (:goal (and (on a b) (not (= a b)))))"
    told = 'You are in a room. Your task is to: put it there."'

    def file(problem: str) -> str:
        return json.dumps({"pddl_problem": problem, "grammar": told})

    path.write_text(file(whole))
    read_game(path)
    for content in (
        "", "{}", '{"pddl_problem": "(a", "grammar": "x"}', "[]", "[" * 100_000,
        file(whole.replace("(and", "(xnd")), file(whole.replace("(= a b)", "(on a b)")),
        file(whole.replace("(= a b)", "(= a)")), file(whole.replace(":objects", ":things")),
        file(whole.replace("(on a b)", "()")), file(whole.replace("(and", "(and and")),
    ):  # fmt: skip
        path.write_text(content)
        with pytest.raises(TaskError, match="is not an ALFWorld game"):
            read_game(path)


def test_pddl() -> None:
    problem = parse("(define ; a comment\n (:objects A b - T c - u) (:init (P a) ))")
    assert typed_names(section(problem, ":objects")) == {"a": "t", "b": "t", "c": "u"}
    assert section(problem, ":init") == [["p", "a"]]
    assert section(problem, ":goal") == []
    for bad in ("", "a", "(a", "(a))", "(a) (b)"):
        with pytest.raises(PddlError):
            parse(bad)


@given(st.text("() ab;-\n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PddlError):
        assert isinstance(parse(text), list)


FACTS = {"in": {("a", "x"), ("b", "x")}, "kind": {("a", "k"), ("b", "k")}, "open": {("x",)}}


@pytest.mark.parametrize(
    ("goal", "holds"),
    [
        ("(and (open x))", True),
        ("(exists (?o - t) (and (in ?o x) (kind ?o k)))", True),
        ("(exists (?o - t) (and (in ?o ?r) (open ?r) (kind ?o other)))", False),
        ("(exists (?o ?p) (and (not (= ?o ?p)) (in ?o ?r) (exists (?q) (in ?p ?r))))", True),
        ("(exists (?o) (and (in ?o ?r) (in ?o y)))", False),
    ],
)
def test_goals(goal: str, holds: bool) -> None:
    assert satisfied(parse(goal), FACTS) is holds


WORDS = st.lists(
    st.sampled_from(["go", "to", "desk", "1", "2", "take", "mug", "from", "put", "in/on", "the"]),
    max_size=7,
)


@settings(deadline=None)  # NLTK takes its time to load.
@given(WORDS, WORDS)
def test_bleu_is_nltks(reference: list[str], candidate: list[str]) -> None:
    nltk = pytest.importorskip("nltk").translate.bleu_score
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smooth = nltk.SmoothingFunction().method4
        theirs = nltk.sentence_bleu([reference], candidate, smoothing_function=smooth)
    assert bleu(" ".join(reference), " ".join(candidate)) == pytest.approx(theirs, abs=1e-9)


def test_the_closest_command() -> None:
    commands = ["go to desk 1", "go to desk 2", "take mug 1 from desk 1"]
    assert closest("go to desk 2", commands) == "go to desk 2"
    assert closest("take the mug 1 from the desk 1", commands) == "take mug 1 from desk 1"
    assert closest("go to desk", commands) == "go to desk 1"  # The first of the best.
    assert closest("sing", commands) == "sing"
    assert closest("", commands) == ""
    assert closest("sing", []) == "sing"
