"""Selection and injection, case by case as method.md, section 4 says."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Message, Rollout, Sample, Task, Usage
from grasp.skills import Skill, SkillAgent, SkillLibrary, inject, render_block, select
from grasp.skills.injection import (
    HEADER,
    conversation_text,
    first_user_content,
    relevance,
    tag_score,
    tokens,
)


def user(content: Any) -> Message:
    return {"role": "user", "content": content}


def agent(content: str) -> Message:
    return {"role": "agent", "content": content}


def test_tokens_are_words_of_three_letters_without_stop_words() -> None:
    assert tokens("The FHIR-API, of id 42 v2x x_yz ab 123 when") == {"fhir", "api", "v2x", "123"}
    assert tokens("naïve Straße") == {"stra"}  # "na", "ve" and "e" are too short
    assert tokens("") == set()


@pytest.mark.parametrize(
    ("tag", "text", "score"),
    [
        ("magnesium", "last magnesium level", 3),
        ("Magnesium ", "last magnesium level", 3),
        ("magnesium", "magnesiums", 0),  # no whole word
        ("mag", "last magnesium", 0),
        ("last 24 hours", "in the last 24 hours.", 3),
        ("last hours", "hours that last", 2),  # all of its terms
        ("serum magnesium level", "magnesium only", 1),
        ("serum magnesium level", "level of magnesium", 2),  # one for each of two terms
        ("one1 two2 three3 four4", "four4 two2 one1", 3),  # three of four
        ("id", "the id of it", 3),  # whole, though too short to be a token
        ("id", "identity", 0),
        ("the and", "and the other", 0),  # stop words only, not in this order
        ("c++", "write c++ code", 3),
        ("c++", "write c+ code", 0),
        ("a.b", "axb", 0),  # tags are text, not patterns
        ("", "anything", 0),
        ("  ", "anything", 0),
    ],
)
def test_tag_scores(tag: str, text: str, score: int) -> None:
    assert tag_score(tag, text, tokens(text)) == score


def test_relevance_by_hand() -> None:
    text = "what was the last magnesium level of the patient?"
    words = tokens(text)
    assert words == {"last", "magnesium", "level", "patient"}
    skill = Skill(
        "level-check",
        "Read the magnesium level",
        "## When to use\nFor a patient.\n\n## Steps\nlast magnesium",
        ("magnesium", "serum level", "nothing"),
    )
    # tags: 3 + 1 + 0; text: level, magnesium, patient ("last" stands only in the steps)
    assert relevance(skill, text, words) == 10 * 4 + 3
    untagged = Skill("level-check", "Read the magnesium level", skill.body)
    assert relevance(untagged, text, words) == 3 + 1
    assert relevance(Skill("x", "", ""), text, words) == 1
    assert relevance(Skill("x", "", "", ("zzz",)), text, words) == 0


def test_top_three_ties_in_library_order() -> None:
    library = [Skill(n, "", "", (t,)) for n, t in zip("abcde", "uvwuv", strict=True)]
    chosen = select(library, [user("v x u")])
    assert [s.name for s in chosen] == ["a", "b", "d"]  # e ties but comes last
    assert [s.name for s in select(library, [user("w")])] == ["c", "a", "b"]
    assert [s.name for s in select(library, [user("nothing")], top=2)] == ["a", "b"]
    assert select([], [user("x")]) == ()


def test_the_template_is_never_selected() -> None:
    skills = [Skill("skeleton", "", "", ("x",)), Skill("a", "", "")]
    assert [s.name for s in select(skills, [user("x")])] == ["a"]


def test_only_the_last_12000_characters_count() -> None:
    far, near = Skill("far", "", "", ("zebra",)), Skill("near", "", "", ("tiger",))
    filler = "." * 11_988
    history = [user("zebra"), agent(filler), user("tiger")]
    text = conversation_text(history)
    assert len(text) == 12_000  # "zebra", "tiger" and two line breaks
    assert [s.name for s in select([near, far], history)] == ["near", "far"]
    longer = [user("zebra"), agent("." * 12_000), user("tiger")]
    assert len(conversation_text(longer)) == 12_000
    assert "zebra" not in conversation_text(longer)
    assert relevance(far, conversation_text(longer), tokens(conversation_text(longer))) == 0
    # All messages count, whoever wrote them.
    assert [s.name for s in select([near, far], [user("x"), agent("zebra"), user("y")])] == [
        "far",
        "near",
    ]


def test_the_block() -> None:
    skills = [Skill("a", "Use for A", "\nBody A\n\n"), Skill("b", "Use for B", "Body B")]
    assert render_block(skills, "  Reply with FINISH. \n") == (
        f"{HEADER}\n\n## Skill: a\nUse for A\n\nBody A\n\n## Skill: b\nUse for B\n\nBody B"
        "\n\nReply with FINISH."
    )
    assert render_block([], "Reply.") == "Reply."
    assert render_block([], None) == ""
    assert render_block([], "") == ""


def test_first_decision_before_later_turns_after() -> None:
    first = [{"role": "system", "content": "S"}, user("one"), user("two")]
    assert [m["content"] for m in inject(first, "B")] == ["S", "one", "B\n\ntwo"]
    later = [user("one"), agent("act"), user("two")]
    assert [m["content"] for m in inject(later, "B")] == ["one", "act", "two\n\nB"]
    openai = [user("one"), {"role": "assistant", "content": "act"}, user("two")]
    assert inject(openai, "B")[2]["content"] == "two\n\nB"
    # An agent's turn *after* the last user message does not make it a later decision.
    prefilled = [user("one"), agent("I will")]
    assert inject(prefilled, "B")[0]["content"] == "B\n\none"
    tool = [user("one"), {"role": "tool", "content": "t"}, user("two")]
    assert inject(tool, "B")[2]["content"] == "B\n\ntwo"


def test_nothing_to_inject_or_nowhere() -> None:
    history = [{"role": "system", "content": "S"}, agent("x")]
    assert inject(history, "B") == history
    assert inject([user("q")], "") == [user("q")]
    assert inject([], "B") == []
    assert inject([user(None)], "B")[0]["content"] == "B\n\n"


contents = st.none() | st.text(max_size=30) | st.lists(st.just({"type": "text", "text": "x"}))
histories = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "agent", "assistant", "system", "tool"]),
            "content": contents,
        },
        optional={"tool_calls": st.just([{"id": "1"}])},
    ),
    max_size=6,
)


@given(histories, st.sampled_from(["", "b", "[block]\n\ntext"]))
def test_injection_changes_one_message_and_never_the_given_history(
    history: list[Message], block: str
) -> None:
    before = copy.deepcopy(history)
    result = inject(history, block)
    assert history == before
    assert len(result) == len(history)
    changed = [i for i, (a, b) in enumerate(zip(history, result, strict=True)) if a != b]
    last = max((i for i, m in enumerate(history) if m["role"] == "user"), default=None)
    assert changed == ([] if last is None or not block else [last])
    for index in changed:
        assert {**result[index], "content": 0} == {**history[index], "content": 0}
        assert block in conversation_text([{"content": result[index]["content"]}])
    result.append(user("x"))
    for message in result:
        message["content"] = "overwritten"
    assert history == before


def test_content_in_parts_keeps_its_parts() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    parts = [{"type": "text", "text": "look"}, image]
    block = {"type": "text", "text": "B"}
    assert inject([user(parts)], "B")[0]["content"] == [block, *parts]
    later = [user("x"), agent("y"), user(parts)]
    assert inject(later, "B")[2]["content"] == [*parts, block]
    assert parts == [{"type": "text", "text": "look"}, image]
    assert conversation_text([user(parts)]) == "look"


def test_first_user_content() -> None:
    assert first_user_content([agent("a"), user("one"), user("two")]) == "one"
    assert first_user_content([agent("a")]) == ""


# -- the agent that does it ----------------------------------------------------------------


class Inner:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.usage = Usage(calls=3)
        self.seen: list[tuple[Any, Any, Any]] = []

    def inference(self, history: Any, tools: Any = None, **options: Any) -> str:
        self.seen.append((history, tools, options))
        return "answer"


class Plain(Task):
    protocol: str | None = None
    own = False

    def samples(self, split: str) -> Sequence[Sample]:
        return []

    def rollout(self, sample: Sample, agent: Any) -> Rollout:
        raise NotImplementedError

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        raise NotImplementedError

    def protocol_hook(self, first_user_content: str) -> str | None:
        return f"{self.protocol} ({first_user_content})" if self.protocol else None

    def inject_skills(self, history: Sequence[Message], skills: Any) -> list[Message] | None:
        return [user("/".join(s.name for s in skills))] if self.own else None


LIBRARY = SkillLibrary(tuple(Skill(n, "", n * 3, (n,)) for n in ("aa", "bb", "cc", "dd")))


def test_skill_agent_shows_skills_and_remembers_which() -> None:
    inner = Inner()
    acting = SkillAgent(inner, LIBRARY, Plain())
    history = [user("dd")]
    assert acting.inference(history, [{"type": "function"}], stop=["\n"]) == "answer"
    shown, tools, options = inner.seen[0]
    assert "## Skill: dd" in shown[0]["content"]
    assert shown[0]["content"].endswith("\n\ndd")
    assert "## Skill: cc" not in shown[0]["content"]
    assert (tools, options) == ([{"type": "function"}], {"stop": ["\n"]})
    assert history == [user("dd")]
    assert [n.split("@")[0] for n in acting.injected] == ["dd", "aa", "bb"]
    acting.inference([user("cc")])
    assert {n.split("@")[0] for n in acting.injected} == {"aa", "bb", "cc", "dd"}
    dd = LIBRARY.get("dd")
    assert dd is not None
    assert f"dd@{dd.digest}" in acting.injected
    assert acting.usage == Usage(calls=3)
    assert acting.inner is inner


def test_protocol_text_alone_and_with_skills() -> None:
    task = Plain()
    empty = SkillAgent(Inner(), SkillLibrary(), task)
    assert empty.with_skills([user("q")]) == [user("q")]
    task.protocol = "Protocol"
    assert empty.with_skills([user("q"), agent("a"), user("r")])[2]["content"] == (
        "r\n\nProtocol (q)"
    )
    full = SkillAgent(Inner(), LIBRARY, task).with_skills([user("q")])[0]["content"]
    assert full.startswith(HEADER)
    assert full.endswith("\n\nProtocol (q)\n\nq")
    assert empty.injected == {}


def test_a_task_may_place_the_whole_library_itself() -> None:
    task = Plain()
    task.own = True
    acting = SkillAgent(Inner(), LIBRARY, task)
    assert acting.with_skills([user("q")]) == [user("aa/bb/cc/dd")]
    assert len(acting.injected) == 4


def test_a_skill_with_nowhere_to_go_was_not_shown() -> None:
    acting = SkillAgent(Inner(), LIBRARY, Plain())
    history = [{"role": "system", "content": "only this"}]
    assert acting.with_skills(history) == history
    assert acting.injected == {}
