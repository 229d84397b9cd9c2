"""The parts that need no model: reading, counting, ranking, placing (baselines.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Outcome
from grasp_baselines.evo import text
from grasp_baselines.evo.method import read_reflection, read_rules
from grasp_baselines.evo.selection import render, select_episodes, select_rules, utility
from grasp_baselines.evo.store import Episode, Memory, Rule, credit, merge, new_rule
from grasp_baselines.expel import rules as expel
from grasp_baselines.expel.experience import Experience
from grasp_baselines.memory.notes import add_notes, read_note, render_notes
from grasp_baselines.placement import FIELD, RULE, asked, newest, place, place_in_system
from grasp_baselines.settings import EvoParams, SkillxParams
from grasp_baselines.skillx.library import Skill, put, read_merged, read_skills, retrieve
from grasp_baselines.skillx.trajectory import STUB, read_plan, steps, trajectory


def outcome(number: int = 1, *, correct: bool = False, **facts: Any) -> Outcome:
    known = {"sample_type": "", "instruction": f"task {number}", "correct": correct}
    return Outcome(sample_id=str(number), **{**known, **facts})


# -- notes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("When asked for x, do y.", "When asked for x, do y."),
        ("- when asked for x,\n  do y.", "when asked for x, do y."),
        ("```\nWhen asked for x, do y.\n```", "When asked for x, do y."),
        ('```json\n["nothing", "When asked a, b.", "When asked c, d."]\n```', "When asked c, d."),
        ("When asked a, b.\nWhen asked c, d.\nand e.", "When asked c, d. and e."),
        ("<memory>\n- When asked a, b.\n</memory>", "When asked a, b."),
        ("The lesson: when asked a, b.", "when asked a, b."),
        ("Lesson İİ: when asked for Mg, x", "when asked for Mg, x"),
        ("```When asked for Mg, give a number.```", "When asked for Mg, give a number."),
        ("```text When asked a, b.```", "When asked a, b."),
        ('```json ["When asked a, b."]```', "When asked a, b."),
        ('["When asked a, b.", "When asked c, d.", "none"]', "When asked c, d."),
        (
            '["When asked a, b.", {"note": "When asked c, d."}, ["When asked e"]]',
            "When asked a, b.",
        ),
        ('[{"note": "When asked c, d."}]', ""),
        ("Be careful.", ""),
        ("", ""),
    ],
)
def test_reading_a_note(answer: str, note: str) -> None:
    assert read_note(answer) == note


WORDS = (
    "when asked",
    "When Asked",
    "İ",
    "ſ",
    "x, y.",
    "\n",
    "- ",
    "```",
    "json",
    "[",
    "]",
    '"',
    " ",
)


@given(st.text() | st.lists(st.sampled_from(WORDS)).map("".join))
def test_a_note_begins_as_it_should_or_is_none(answer: str) -> None:
    note = read_note(answer)
    assert note == "" or note.lower().startswith("when asked")
    assert read_note(note) == note


def test_notes_stand_once_in_their_order() -> None:
    assert add_notes(("a", "b"), ["A", "c", "", "c"]) == ("a", "b", "c")
    assert add_notes(("a", "b"), ["c"], limit=2) == ("b", "c")
    assert render_notes(()) == ""
    assert render_notes(("x",)).splitlines()[-2:] == ["- x", "</memory>"]


# -- placement ----------------------------------------------------------------------------


def test_a_block_stands_before_the_task_and_behind_observations() -> None:
    first = [{"role": "system", "content": "s"}, {"role": "user", "content": "task"}]
    assert place(first, "B")[1]["content"] == "B\n\ntask"
    assert place(first, "B", heading=True)[1]["content"] == "B\n\n## Current Task\n\ntask"
    later = [*first, {"role": "agent", "content": "a"}, {"role": "user", "content": "seen"}]
    placed = place(later, "B")
    assert [m["content"] for m in placed] == ["s", "task", "a", "seen\n\nB"]
    assert later[1]["content"] == "task"
    assert place(later, "") == later
    assert place(later, "B", first_only=True) == later
    assert place(first, "B", first_only=True)[0]["content"] == "B\n\ns"


def test_a_block_goes_into_the_field_of_a_json_prompt() -> None:
    history = [{"role": "user", "content": json.dumps({"task": 1, FIELD: ""})}]
    assert json.loads(place(history, "B")[0]["content"]) == {"task": 1, FIELD: "B"}


def test_a_block_stands_at_the_end_of_the_system_message() -> None:
    history = [{"role": "system", "content": "s"}, {"role": "user", "content": "task"}]
    assert place_in_system(history, "B")[0]["content"] == f"s{RULE}B"
    assert place_in_system(history, "B")[1:] == history[1:]
    assert history[0]["content"] == "s"
    assert place_in_system(history, "") == history
    assert place_in_system(history[1:], "B") == [{"role": "system", "content": "B"}, history[1]]
    assert asked([*history, {"role": "user", "content": "seen"}]) == "task"
    assert asked([]) == ""


def test_what_is_asked_newest() -> None:
    history = [{"role": "user", "content": "task"}, {"role": "system", "content": "s"}]
    assert (newest(history), newest(history, ("user",))) == ("s", "task")
    assert newest([]) == newest(history[1:], ("user",)) == ""


# -- ExpeL --------------------------------------------------------------------------------


def test_the_grammar_of_operations() -> None:
    answer = (
        "Thoughts.\nADD 3: look first\n- AGREE 1: Rule: check units.\nEDIT 2: new text\n"
        "REMOVE 1: old.\nADD: say ADD again\nADD:\nMOVE 1: x\nadd: lower"
    )
    assert expel.read_operations(answer) == [
        expel.Operation("ADD", None, "look first."),
        expel.Operation("AGREE", 1, "check units."),
        expel.Operation("EDIT", 2, "new text."),
        expel.Operation("REMOVE", 1, "old."),
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("1. ADD: x", ("ADD", None, "x.")),
        ("2) AGREE 3: x", ("AGREE", 3, "x.")),
        ("• REMOVE 1: x", ("REMOVE", 1, "x.")),
        ("* **ADD**: x", ("ADD", None, "x.")),
        ("**AGREE 1:** x", ("AGREE", 1, "x.")),
        ("**EDIT 1: x y**", ("EDIT", 1, "x y.")),
        ("**EDIT 1: use **kwargs**", ("EDIT", 1, "use **kwargs.")),
        ("ADD: raise 2**3", ("ADD", None, "raise 2**3.")),
        ("ADD: ...", None),
        ("**ADD:**", None),
        ("so ADD: x", None),
        (f"AGREE {'9' * 4301}: x.", ("AGREE", None, "x.")),
    ],
)
def test_a_line_may_be_marked(line: str, found: tuple[str, int | None, str] | None) -> None:
    assert expel.read_operations(line) == ([expel.Operation(*found)] if found else [])


def test_the_original_finds_operations_anywhere() -> None:
    answer = "so ADD: x\n**EDIT 1: y**\nAGREE **2**: z\nREMOVE 1:z\nADD: ..\nADD: R1: x"
    assert expel.read_operations(answer, compat=True) == [
        expel.Operation("ADD", None, "x."),
        expel.Operation("EDIT", 1, "y**."),
        expel.Operation("ADD", None, ".."),
        expel.Operation("ADD", None, "x."),
    ]


GRAMMAR = ("ADD", "AGREE", "EDIT", "REMOVE", " ", "1", "²", "**", "*", "-", ": ", ".", "x", "\n")


@given(st.lists(st.sampled_from(GRAMMAR)), st.booleans())
def test_operations_of_any_text(parts: list[str], compat: bool) -> None:
    for found in expel.read_operations("".join(parts), compat=compat):
        assert found.kind in expel.ORDER
        assert found.text.endswith(".")
        assert compat or "x" in found.text or "1" in found.text or "²" in found.text


def op(kind: str, number: int | None, words: str) -> expel.Operation:
    return expel.Operation(kind, number, words)


RULES = (expel.Rule("a."), expel.Rule("b."), expel.Rule("c.", 1))


def test_counters() -> None:
    operations = [
        op("REMOVE", 3, "c."), op("AGREE", 2, "b."), op("EDIT", 1, "a2."), op("ADD", None, "d."),
        op("ADD", None, "d."), op("ADD", None, "b."), op("EDIT", 2, "b."), op("AGREE", 9, "x."),
    ]  # fmt: skip
    assert expel.apply(RULES, operations, 20) == (
        expel.Rule("b.", 4), expel.Rule("a2.", 3), expel.Rule("d.", 2),
    )  # fmt: skip


def test_a_full_list_removes_harder_and_is_cut() -> None:
    operations = [op("REMOVE", 1, "a."), op("ADD", None, "d."), op("AGREE", 3, "c.")]
    assert expel.apply(RULES, operations, 3) == (
        expel.Rule("b.", 2), expel.Rule("c.", 2), expel.Rule("d.", 2),
    )  # fmt: skip


def test_a_rule_without_a_number_is_found_by_its_text() -> None:
    assert expel.apply(RULES, [op("AGREE", None, "b.")], 20)[0] == expel.Rule("b.", 3)
    assert expel.apply(RULES, [op("EDIT", None, "b.")], 20) == RULES
    assert expel.apply(RULES, [op("AGREE", 9, "b.")], 20)[0] == expel.Rule("b.", 3)
    assert expel.apply(RULES, [op("EDIT", 9, "b.")], 20) == RULES


def test_the_rule_that_is_quoted_is_the_whole_one_or_the_longest() -> None:
    texts = [".", "Check.", "Check units.", "Check units of all."]
    rules = [expel.Rule(text) for text in texts]
    for quoted, hit in (("Check units.", 2), ("I agree: Check units of it.", 2), ("Look.", None)):
        found = expel.apply(rules, [op("AGREE", None, quoted)], 20)
        assert [r.text for r in found if r.counter == 3] == ([texts[hit]] if hit else [])


def test_no_edit_makes_rules_equal() -> None:
    two = (expel.Rule("a."), expel.Rule("b."))
    assert expel.apply(two, [op("EDIT", 1, "b.")], 20) == (expel.Rule("b.", 3),)
    both = [op("EDIT", 1, "n."), op("ADD", None, "n.")]
    assert expel.apply(two[:1], both, 20) == (expel.Rule("n.", 3),)


def test_the_originals_defect_is_kept_on_request() -> None:
    operations = [op("AGREE", 2, "b."), op("AGREE", 1, "see 3."), op("ADD", None, "d.")]
    found = expel.apply(RULES, [*operations, op("ADD", None, "d.")], 20, compat=True)
    assert {r.text: r.counter for r in found} == {"a.": 2, "b.": 2, "c.": 2, "d.": 2}
    assert len(found) == 5


def test_pairs() -> None:
    experience = Experience().add(
        [
            outcome(1, correct=True, instruction="weigh the red box"),
            outcome(2, correct=True, instruction="weigh the blue box"),
            outcome(3, instruction="Weigh the blue bag"),
            outcome(4, instruction="zzz", status="error"),
            outcome(5, correct=True, instruction="weigh the blue box"),
        ]
    )
    assert [(f.sample_id, s.sample_id) for f, s in experience.pairs()] == [("3", "2"), ("4", "1")]
    assert Experience().add([outcome(1)]).pairs() == []


# -- Evo-memory ---------------------------------------------------------------------------


def rule(words: str, shown: int = 0, success: int = 0) -> Rule:
    made = new_rule(text.normal(words), 10)
    return Rule(made.id, made.text, made.tags, shown, success)


def test_normal_rules() -> None:
    assert text.normal("- check  the unit") == "[P1] Check the unit"
    assert text.normal("[P0] check") == "[P0] check"
    assert text.key("[P0] Check, the Unit!") == text.key("[P2] check the unit")
    assert text.actionable("[P1] Check the unit")
    assert not text.actionable("[P1] Check")
    assert not text.actionable("[P1] The answer is 7 for all")


def test_cutting_keeps_the_size() -> None:
    assert text.cut("x" * 30, 30) == "x" * 30
    assert text.cut("x" * 31, 30).startswith("x" * 10 + " …")
    assert len(text.cut("x" * 99, 30)) <= 30


@given(st.text(), st.text())
def test_overlap_is_a_cosine(a: str, b: str) -> None:
    assert 0 <= text.overlap(a, b) <= 1.0000001
    assert text.overlap(a, b) == text.overlap(b, a)


def test_utility() -> None:
    rules = [rule("one rule here", 4, 3), rule("two rules here", 1, 0), rule("three rules here")]
    assert utility(rules[2], rules, 0.8) == 1.0
    assert utility(rules[0], rules, 0.8) == pytest.approx(0.75 + 0.8 * (1.791759 / 4) ** 0.5)
    assert utility(rules[0], rules, 0.0) == 0.75


def test_rules_are_ranked_by_priority_before_fit() -> None:
    rules = [
        rule("[P1] weigh the box carefully"), rule("[P2] weigh the box"),
        rule("[P0] something else entirely"), rule("[P1] nothing to do with it"),
    ]  # fmt: skip
    chosen = select_rules(rules, "weigh the box", EvoParams())
    assert [text.priority(r.text) for r in chosen] == [0, 1, 1, 2]
    assert chosen[1].text.endswith("carefully")
    assert len(select_rules(rules, "x", EvoParams(semantic_top_k=2))) == 2


def test_episodes_with_nothing_in_common_are_not_shown() -> None:
    episodes = [Episode(str(n), "", t, True, t, "", (), ()) for n, t in enumerate(["box", "bag"])]
    assert [e.id for e in select_episodes(episodes, "a bag", EvoParams())] == ["1"]


def test_an_episode_is_shown_without_answers() -> None:
    episode = Episode("1", "", "weigh the box\n7 kg", True, "", "", (), (), "8 kg")
    block = render(Memory((episode,)), "box", EvoParams())
    assert "weigh the box" in block
    assert "kg" not in block


def test_the_block_of_an_empty_memory() -> None:
    assert render(Memory(), "q", EvoParams()) == ""
    assert render(Memory(), "q", EvoParams(upstream_compat=True)).startswith("[Memory]")


def test_merging_keeps_the_record_of_what_stays() -> None:
    known = (rule("[P1] weigh the box", 5, 4), rule("[P1] drop this rule", 2, 1))
    found = merge(known, ["[P0] Weigh the box!", "too short", "a brand new rule"], 10)
    assert [(r.text, r.shown) for r in found] == [
        ("[P0] Weigh the box!", 5), ("[P1] A brand new rule", 0),
    ]  # fmt: skip
    assert [r.tags for r in merge((), ["look up this code first"], 2)] == [("look", "this")]


def test_rules_without_latin_letters_differ() -> None:
    said = ["始终在回答之前检查单位是什么呢", "请先确认患者的编号再查询数据库"]
    assert [r.text for r in merge((), [*said, said[0]], 10)] == [f"[P1] {s}" for s in said]
    assert len({r.id for r in merge((), said, 10)}) == 2


def test_credit() -> None:
    rules = (rule("weigh the box"), rule("count the bags"))
    ids = [r.id for r in rules]
    good = credit(rules, ids[:1], correct=True, analysis="", tags=())
    assert [(r.shown, r.success, r.failure) for r in good] == [(1, 1, 0), (0, 0, 0)]
    bad = credit(rules, ids, correct=False, analysis="did not weigh", tags=())
    assert [(r.shown, r.success, r.failure) for r in bad] == [(1, 0, 1), (1, 0, 0)]


@pytest.mark.parametrize("value", [None, [], {}, {"action_guidelines": "x", "tags": 3}])
def test_reflections_of_any_shape(value: Any) -> None:
    found = read_reflection(value)
    assert (found.guidelines, found.tags, found.store_episode) == ((), (), True)


def test_a_reflection_is_normalised() -> None:
    found = read_reflection(
        {
            "episodic_summary": "s" * 700,
            "action_guidelines": ["check the unit", "Check the unit.", "short", *"abcdefg" * 2],
            "tags": ["Lab Value", "lab value", "x"],
            "should_store_episode": False,
        }
    )
    assert len(found.summary) <= 600
    assert found.guidelines == ("[P1] Check the unit",)
    assert (found.tags, found.store_episode) == (("lab_value", "x"), False)


def test_a_guideline_is_judged_whole_and_cut_last() -> None:
    long = f"Look up the code {'x' * 300}"
    told = [f"{long} a", f"{long} b", f"{long} task id", "a", f"[P0] {long}"]
    found = read_reflection({"action_guidelines": told}).guidelines
    assert found == (f"[P1] {long}"[:240], f"[P1] {long}"[:240], f"[P0] {long}"[:240])


def test_guidelines_and_rules_that_are_objects() -> None:
    items = [{"text": "Check the unit first"}, {"text": 3}, {"rule": "Check it all twice"}, None, 5]
    items += [["Check the unit of all"], "Look up the code"]
    found = read_reflection({"action_guidelines": items}).guidelines
    assert found == ("[P1] Check the unit first", "[P1] Look up the code")
    curated = read_rules(json.dumps({"updated_rules": items}))
    assert curated == ["Check the unit first", "Look up the code"]


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True), (False, False), ("false", False), ("False ", False), ("no", False),
        ("true", True), ("YES", True), ("0", False), (0, False), (1, True),
        (None, None), ("perhaps", None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_flags_of_a_reflection(value: Any, truth: bool | None) -> None:
    found = read_reflection({"should_store_episode": value, "should_update_semantic": value})
    assert found.store_episode == (True if truth is None else truth)
    assert found.update_rules == (False if truth is None else truth)


@pytest.mark.parametrize("answer", [None, "", "no json", "[]", '{"updated_rules": "x"}'])
def test_an_unusable_curation(answer: str | None) -> None:
    assert read_rules(answer) == []


# -- SkillX -------------------------------------------------------------------------------


def test_a_long_trajectory_is_shortened() -> None:
    made = trajectory(
        outcome(agent_actions=tuple(f"act{n}" for n in range(1, 21))), SkillxParams()
    ).splitlines()
    assert len(made) == 13
    assert made[2:5] == ["3. act3", "(…)", "12. act12"]
    said = tuple({"role": "user", "content": str(n)} for n in range(9))
    first = ["user: 0", "user: 1", "user: 2", "user: 3", "(…)"]
    for most, last in ((4, []), (5, ["user: 8"])):
        params = SkillxParams(max_history_messages=most)
        assert trajectory(outcome(history=said), params).splitlines() == [*first, *last]
    told = outcome(history=({"role": "user", "content": "x" * 2000},))
    assert len(trajectory(told, SkillxParams())) == len("user: ") + 1200


def test_plans() -> None:
    plan = read_plan("so <plan># step 1: find; key APIs used: search\n# rest</plan>")
    assert steps(plan) == ["step 1: find; key APIs used: search"]
    assert steps("# one\n# two") == ["# one", "# two"]
    assert read_plan(None) == read_plan("<plan> </plan>") == STUB
    assert steps(STUB)


def test_skills_of_an_answer() -> None:
    answer = json.dumps(
        [
            {"option": "add", "skill": {"name": "a", "content": "x", "tools": ["t"]}},
            {"option": "modify", "modified_from": "b", "skill": {"name": "b"}},
            {"option": "keep", "skill_name": "c"},
            {"option": "add", "skill": {"document": "no name"}},
        ]
    )
    found = read_skills(f"```json\n{answer}\n```")
    assert found == [Skill("a", "", "x", ("t",)), Skill("b", "", "")]
    assert read_skills("nothing") is None


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([], []),
        ([{"option": "keep", "skill_name": "c"}], []),
        ({"option": "add", "skill": {"name": "a"}}, ["a"]),
        ([{"skill": {"name": "a"}}, {"name": "b"}, "c"], ["a"]),
        ({"skills": [{"option": "add", "skill": {"name": "a"}}]}, None),
        ([{"name": "a", "document": "d", "content": "c"}], None),
        ([{"option": "add", "name": "a"}], None),
        ([{"option": "drop", "skill": {"name": "a"}}], None),
        ([{"option": ["add"], "skill": {"name": "a"}}, {"option": {}}], None),
        (["a"], None),
        ({}, None),
    ],
)
def test_an_answer_of_another_shape_is_unusable(value: Any, names: list[str] | None) -> None:
    found = read_skills(json.dumps(value))
    assert (None if found is None else [s.name for s in found]) == names


GROUP = [Skill("a", "1", "x"), Skill("A", "2", "y")]


@pytest.mark.parametrize(
    ("answer", "names", "compat"),
    [
        ('<skill>{"name": "m"}</skill>', ["m"], ["m"]),
        ('<skill>[{"name": "m"}, {"name": "n"}]</skill>', ["m", "n"], []),
        ('<skill>[{"name": "m"}]</skill>', ["m"], []),
        ("<skill>[{'name': 'm'}]</skill>", ["m"], ["m"]),
        ("<skill>[{'name': 'm'}, {'name': 'n'}]</skill>", ["m", "n"], []),
        ("<skill>{'name': 'm'}</skill>", ["m"], []),
        ('<skill>\n```json\n[{"name": "m"}]\n```\n</skill>', ["m"], []),
        ('<skill>```{"name": "m"}```</skill>', ["m"], []),
        ('<skill>{"name": "m"}</skill> and <skill>{"name": "n"}</skill>', ["m", "n"], ["m"]),
        ('<skill>no</skill><skill>[{"name": "n"}]</skill>', ["n"], []),
        ("<skill>__import__('os').getcwd()</skill>", ["a"], []),
        ("<skill>{{'name': 'x'}}</skill>", ["a"], []),
        ("no tags", ["a"], []),
        (None, ["a"], []),
    ],
)
def test_merging(answer: str | None, names: list[str], compat: list[str]) -> None:
    assert [s.name for s in read_merged(answer, GROUP, compat=False)] == names
    assert [s.name for s in read_merged(answer, GROUP, compat=True)] == compat


def test_the_library() -> None:
    library = put([Skill("a", "", "1"), Skill("b", "", "2")], [Skill("a", "", "3")])
    assert [(s.name, s.content) for s in library] == [("a", "3"), ("b", "2")]
    weigh, count = Skill("weigh box", "weigh a box", ""), Skill("count", "count bags", "")
    assert retrieve([count, weigh], "weigh the box", 5) == [weigh, count]
    assert retrieve([count], "nothing like it", 5) == []
