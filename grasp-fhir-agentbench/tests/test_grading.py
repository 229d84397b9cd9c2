"""Answers in words: what the rules and the two judges make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from grasp.contracts import EndpointError, Rollout, Status
from grasp_fhir_agentbench.grading import benchmark_verdict, grade, grasp_verdict
from grasp_fhir_agentbench.records import answer_type, is_empty, parse_truth
from grasp_fhir_agentbench.retrieval import retrieval_metrics
from grasp_fhir_agentbench.task import FhirAgentBench

DRUGS = ("Aspirin", "Warfarin", "Vancomycin", "Insulin")


def record(kind: str, truth: str, question: str = "q", **more: Any) -> dict[str, Any]:
    ids = {} if truth in ("[]", "[[0]]") else {"Observation": ["a"]}
    facts = {"question": question, "assumption": "", "true_answer": truth, "answer_type": kind}
    return {**facts, "true_fhir_ids": ids, **more}


def right(kind: str, truth: str, answer: str, question: str = "q", vocabulary: Any = ()) -> bool:
    return grade(record(kind, truth, question), answer, vocabulary).correct


# -- rules: what is right, and what is nearly ------------------------------------------------

YES = "[[1]]"
NO = "[[0]]"
CASES: Sequence[tuple[str, str, str, bool]] = [
    # Yes and no.
    ("yes_no", YES, "The final answer is: Yes", True),
    ("yes_no", YES, "the FINAL answer is: **Yes**, the patient had one on 2150-03-01.", True),
    ("yes_no", YES, "The final answer is: 1", True),
    ("yes_no", YES, "The final answer is: [[1]]", True),
    ("yes_no", YES, "The final answer is: True", True),
    ("yes_no", YES, "I first thought no. The final answer is: yes", True),
    ("yes_no", YES, "The final answer is: No", False),
    ("yes_no", YES, "The final answer is: yes or no", False),
    ("yes_no", YES, "The final answer is: Yes. No.", False),
    ("yes_no", YES, "The final answer is: 0", False),
    ("yes_no", YES, "The final answer is: There is no such record.", False),
    ("yes_no", YES, "The final answer is: 12", False),
    ("yes_no", NO, "The final answer is: No", True),
    ("yes_no", NO, "The final answer is: No, the patient was not prescribed aspirin.", True),
    ("yes_no", NO, "The final answer is: The patient was not prescribed it in 2150.", True),
    ("yes_no", NO, "The final answer is: false", True),
    ("yes_no", NO, "The final answer is: No record of it was found.", True),
    ("yes_no", NO, "The final answer is: Yes", False),
    ("yes_no", NO, "The final answer is: Yes, not once but twice.", False),
    # Whole numbers: what rounds to them.
    ("number", "[[3]]", "The final answer is: 3", True),
    ("number", "[[3]]", "The final answer is: three", True),
    ("number", "[[3]]", "The final answer is: The patient had **3** visits in 2150.", True),
    ("number", "[[3]]", "The final answer is: 3 (on 2150-01-02, 2150-03-04 and 2150-05-06)", True),
    ("number", "[[3]]", "The final answer is: 3.4", True),
    ("number", "[[3]]", "The final answer is: 4", False),
    ("number", "[[3]]", "The final answer is: -3", False),
    ("number", "[[3]]", "The final answer is: 1, 2, 3, 4, 5", False),
    ("number", "[[3]]", "The final answer is: 30", False),
    ("number", "[[2300.]]", "The final answer is: 2,300 mL", True),
    ("number", "[[2]]", "The final answer is: twice", True),
    # Others: half a unit, or one in a hundred.
    ("number", "[[7.4]]", "The final answer is: 7.4 mg/dL", True),
    ("number", "[[7.4]]", "The final answer is: 7.8", True),
    ("number", "[[7.4]]", "The final answer is: 8.0", False),
    ("number", "[[740.5]]", "The final answer is: 747.8", True),
    ("number", "[[740.5]]", "The final answer is: 748.5", False),
    ("number", "[[-2.3]]", "The final answer is: -2.3", True),
    ("number", "[[-2.3]]", "The final answer is: −2.3", True),
    ("number", "[[-2.3]]", "The final answer is: it decreased by 2.3", True),
    ("number", "[[-2.3]]", "The final answer is: it increased by 2.3", False),
    ("number", "[[2.3]]", "The final answer is: it decreased by 2.3", False),
    ("number", "[[2.3]]", "The final answer is: no value found", False),
    # Nothing to count.
    ("number", "[[0]]", "The final answer is: 0", True),
    ("number", "[[0]]", "The final answer is: There were no such visits.", True),
    ("number", "[[0]]", "The final answer is: 1", False),
    # Times: a minute more or less; offsets don't count.
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-04 05:06:00", True),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-04T05:06:00-05:00", True),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: March 4, 2150 at 05:06", True),
    ("time", "[['2150-03-04 17:06:00']]", "The final answer is: 4 Mar 2150, 5:06 PM", True),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-04 05:07", True),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-04 05:08", False),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-05 05:06:00", False),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: 2150-03-04", False),
    ("time", "[['2150-03-04 00:00:00']]", "The final answer is: 2150-03-04", True),
    ("time", "[['2150-03-04']]", "The final answer is: 03/04/2150", True),
    ("time", "[['2150-03-04']]", "The final answer is: 2150-03-04 00:00:00", True),
    ("time", "[['2150-03-04']]", "The final answer is: 2150-04-03", False),
    ("time", "[['2150-03-04 05:06:00']]", "The final answer is: at 05:06", False),
    # Names.
    ("text", "[['aspirin']]", "The final answer is: Aspirin", True),
    ("text", "[['aspirin']]", "The final answer is: The last drug was **ASPIRIN** (81 mg).", True),
    ("text", "[['aspirin']]", "The final answer is: warfarin", False),
    ("text", "[['aspirin']]", "The final answer is: aspirin or warfarin", False),
    ("text", "[['aspirin']]", "The final answer is: aspirins", False),
    ("text", "[['M']]", "The final answer is: Male", True),
    ("text", "[['M']]", "The final answer is: female", False),
    ("text", "[['F']]", "The final answer is: F", True),
    # Lists.
    ("list", "[['aspirin'], ['insulin']]", "The final answer is: insulin, aspirin", True),
    ("list", "[['aspirin'], ['insulin']]", "The final answer is: aspirin", False),
    ("list", "[['aspirin'], ['insulin']]", "The final answer: aspirin, insulin, warfarin", False),
    (
        "list",
        "[['2150-03-04 05:06:00'], ['2151-01-01 00:00:00']]",
        "The final answer is: 2150-03-04 05:06:00 and 2151-01-01 00:00:00",
        True,
    ),
    (
        "list",
        "[['2150-03-04 05:06:00'], ['2151-01-01 00:00:00']]",
        "The final answer is: 2150-03-04 05:06:00, 2151-01-01 00:00:00, 2152-01-01 00:00:00",
        False,
    ),
    ("list", "[[1.2], [3.4]]", "The final answer is: 1.2 and 3.4", True),
    ("list", "[[1.2], [3.4]]", "The final answer is: 1.2", False),
    # No record.
    ("number", "[]", "The final answer is: No such record was found.", True),
    ("number", "[]", "The final answer is: not available", True),
    ("number", "[]", "The final answer is: None", True),
    ("number", "[]", "The final answer is: N/A", True),
    ("number", "[]", "The final answer is: []", True),
    ("text", "[]", "The final answer is: The patient wasn't prescribed any drug then.", True),
    ("time", "[[None]]", "The final answer is: There is no record of such a test.", True),
    ("number", "[]", "The final answer is: 7.4", False),
    ("number", "[]", "The final answer is: No record, but about 7.4", False),
    ("text", "[]", "The final answer is: No record, maybe aspirin", False),
    ("time", "[]", "The final answer is: 2150-03-04 05:06:00", False),
    ("text", "[]", "The final answer is: unclear", False),
    # Nothing said.
    ("number", "[[3]]", "The final answer is:", False),
    ("number", "[[3]]", "", False),
]


@pytest.mark.parametrize(("kind", "truth", "answer", "verdict"), CASES)
def test_the_rules(kind: str, truth: str, answer: str, verdict: bool) -> None:
    assert right(kind, truth, answer, vocabulary=DRUGS) == verdict


def test_what_the_question_names_is_not_taken_for_an_answer() -> None:
    question = "How many tests did patient 90000012 have since 2 months ago in 2150?"
    said = "The final answer is: Patient 90000012 had 5 tests in 2150."
    assert right("number", "[[5]]", said, question)
    assert right("number", "[]", "The final answer is: No test in 2150 (90000012).", question)
    asked = "Was aspirin ordered before warfarin? Which one?"
    said = "The final answer is: aspirin, before warfarin"
    assert right("text", "[['aspirin']]", said, asked, DRUGS)


def test_equal_texts_are_right_without_a_marker() -> None:
    assert right("text", "[['x y']]", "[[X Y]]")


def test_no_answer_is_wrong() -> None:
    assert not grade(record("yes_no", YES), None).correct


def test_an_episode_that_did_not_end_is_wrong(task: FhirAgentBench) -> None:
    sample = task.samples("dev")[0]
    answer = f"The final answer is: {sample['true_answer']}"
    assert task.evaluate(sample, Rollout(answer=answer))
    for status in (Status.TASK_LIMIT, Status.CONTEXT_LIMIT, Status.INVALID_ACTION):
        assert not task.evaluate(sample, Rollout(answer=answer, status=status.value))


# -- truths as they are printed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("[[1]]", [[1]]),
        ("[[201.]]", [[201.0]]),
        ("[['2133-12-31 02:00:00']]", [["2133-12-31 02:00:00"]]),
        ("[]", []),
        ("[['M']]", [["M"]]),
        ("[['a' 'b']\n ['c' 'd']]", [["a", "b"], ["c", "d"]]),
        ("[[1.5 2. ]\n [3.  nan]]", [[1.5, 2.0], [3.0, None]]),
        ("[[None]]", [[None]]),
        ("[['it''s'], [\"d'e\"]]", [["it", "s"], ["d'e"]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("[[1e-05]]", [[1e-05]]),
        ("[[-3]]", [[-3]]),
        ("[[True]]", [[1]]),
        ("[['a']\n ...\n ['b']]", [["a"], ["b"]]),
        ("", []),
        ("aspirin", [["aspirin"]]),
    ],
)
def test_truths(text: str, rows: list[list[Any]]) -> None:
    assert parse_truth(text) == rows


@pytest.mark.parametrize(
    ("question", "truth", "kind"),
    [
        ("Has patient 1 had a test?", "[[1]]", "yes_no"),
        ("How many tests has patient 1 had?", "[[1]]", "number"),
        ("Did patient 1 weigh more?", "[[2]]", "number"),
        ("When was it?", "[['2150-01-01 00:00:00']]", "time"),
        ("What was it?", "[['aspirin']]", "text"),
        ("What were they?", "[['a'], ['b']]", "list"),
        ("What was it?", "[[None]]", "empty"),
        ("What was it?", "[]", "empty"),
    ],
)
def test_the_type_of_an_official_answer(question: str, truth: str, kind: str) -> None:
    rows = parse_truth(truth)
    assert answer_type(question, rows) == kind
    assert is_empty(rows) == (kind == "empty")


# -- retrieval -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "found", "precision", "recall", "share"),
    [
        ({"A": ["1", "2"]}, {"A": ["1", "2"]}, 1, 1, 1),
        ({"A": ["1", "2"]}, {"A": ["1"]}, 1, 0, 0.5),
        ({"A": ["1"]}, {"A": ["1", "2", "3", "4"]}, 0.25, 1, 1),
        ({"A": ["1"]}, {"A": ["1"], "B": ["9"]}, 1, 1, 1),  # Only true types count.
        ({"A": ["1"], "B": ["1"]}, {"A": ["1"]}, 1, 0, 0.5),
        ({"A": ["1"]}, {}, None, 0, 0),
        ({"A": ["1"]}, {"A": ["2"]}, 0, 0, 0),
        ({}, {}, 1, 1, 1),
        ({}, {"A": ["1"]}, 1, 1, 1),
    ],
)
def test_retrieval(
    true: Mapping[str, Sequence[str]],
    found: Mapping[str, Sequence[str]],
    precision: float | None,
    recall: float,
    share: float,
) -> None:
    metrics = retrieval_metrics(true, found)
    assert metrics.get("retrieval_precision") == precision
    assert metrics["retrieval_recall"] == recall
    assert metrics["retrieval_recall_continuous"] == share


# -- judges ----------------------------------------------------------------------------------------


class Judge:
    """Says what it is told to, in turn."""

    def __init__(self, *says: str) -> None:
        self.says = list(says)
        self.asked: list[str] = []

    def inference(self, history: Sequence[Mapping[str, Any]], *_: Any, **__: Any) -> str:
        self.asked.append(str(history[-1]["content"]))
        return self.says.pop(0)


def test_grasps_judge() -> None:
    one = record("number", "[[201.]]", "What was it?")
    judge = Judge("1", " 0", "1 because", "I think 1")
    verdicts = [grasp_verdict(one, "The final answer is: 201", judge) for _ in range(4)]  # type: ignore[arg-type]
    assert verdicts == [True, False, True, False]
    assert all(t in judge.asked[0] for t in ("What was it?", "[[201.]]", "answer is: 201"))


def test_grasps_judge_is_not_asked_of_equal_texts_or_of_nothing() -> None:
    judge = Judge()
    assert grasp_verdict(record("number", "[[201.]]"), " [[201.]] ", judge)  # type: ignore[arg-type]
    assert not grasp_verdict(record("number", "[[201.]]"), None, judge)  # type: ignore[arg-type]


def benchmark(one: dict[str, Any], answer: str | None, *says: str) -> tuple[bool, Judge]:
    judge = Judge(*says)
    return benchmark_verdict(one, answer, judge), judge  # type: ignore[arg-type]


def test_the_benchmarks_judge() -> None:
    some, none = record("number", "[[201.]]"), record("number", "[]")
    assert benchmark(some, "201", "question answered", "1")[0]
    assert not benchmark(some, "202", "question answered", "0")[0]
    assert benchmark(none, "no data", "no answer")[0]  # Both say nothing: no second question.
    assert not benchmark(none, "5", "question answered", "0")[0]
    assert not benchmark(some, "no data", "no answer", "0")[0]
    assert not benchmark(some, None, "no answer")[0]
    assert not benchmark(some, "Input tokens exceeded")[0]


def test_the_benchmarks_judge_is_told_no_answer_where_there_are_no_resources() -> None:
    _, judge = benchmark(record("number", "[[0]]"), "5", "question answered", "0")
    assert "Right answer: no answer" in judge.asked[1]


def test_a_judge_without_a_verdict_is_asked_again_but_not_for_ever() -> None:
    some = record("number", "[[201.]]")
    verdict, judge = benchmark(some, "201", "question answered", "well", "hm", "1")
    assert verdict
    assert len(judge.asked) == 4
    with pytest.raises(EndpointError, match="no verdict"):
        benchmark(some, "201", "question answered", "well", "hm", "perhaps")


@pytest.mark.parametrize("grader", ["grasp", "benchmark"])
def test_the_task_asks_the_judge_it_was_told_to(grader: str) -> None:
    task = FhirAgentBench(source="synthetic", grader=grader)
    sample = task.samples("dev")[0]
    judge = Judge("question answered", "1") if grader == "benchmark" else Judge("1")
    assert task.judge(sample, Rollout(answer="something else"), judge)  # type: ignore[arg-type]
    limit = Rollout(answer="something else", status=Status.TASK_LIMIT.value)
    assert task.judge(sample, limit, Judge()) is False  # type: ignore[arg-type]


def test_rules_ask_no_judge(task: FhirAgentBench) -> None:
    assert task.judge(task.samples("dev")[0], Rollout(answer="x"), Judge()) is None  # type: ignore[arg-type]
