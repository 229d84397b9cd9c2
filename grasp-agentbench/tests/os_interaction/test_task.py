"""The task: its protocol, checks and records, every sample solvable, the contract, whole runs."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.agents.session import Session
from grasp.contracts import Completion, ConfigError, ModelCall, Rollout, Sample, TaskError, Usage
from grasp.engine.rollouts import Job, run_rollout
from grasp.runs.api import run_method
from grasp.testing import check_task
from grasp_agentbench.os_interaction import prompts
from grasp_agentbench.os_interaction.checks import COMPARISONS, compare
from grasp_agentbench.os_interaction.episode import Result, Rules, is_correct, run_episode
from grasp_agentbench.os_interaction.records import Script, problem_of
from grasp_agentbench.os_interaction.sandbox import Limits, Sandbox, SandboxError
from grasp_agentbench.os_interaction.sandbox.base import run
from grasp_agentbench.os_interaction.sandbox.choose import make
from grasp_agentbench.os_interaction.sandbox.choose import problem_of as problem_with
from grasp_agentbench.os_interaction.synth import FAMILIES
from grasp_agentbench.os_interaction.task import OsInteraction

from .agents import Oracle, turn
from .test_shell import BWRAP, IMAGE, REAL_IMAGE, backend

OFFICIAL = Path(__file__).parents[4] / "shared/benchdata/agentbench/os_interaction"
SPLITS = ("dev", "val", "test")


@pytest.fixture(autouse=True)
def no_own_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a developer has change no test."""
    monkeypatch.delenv("AGENTBENCH_OS_DATA", raising=False)
    monkeypatch.setenv("GRASP_OS_IMAGE", "there is none")


@pytest.fixture(scope="module")
def task() -> OsInteraction:
    # The generated problems are harmless, and run everywhere.
    return OsInteraction(source="synthetic", sandbox="tempdir")


def verdicts(task: OsInteraction, oracle: Oracle, take: int = 170) -> list[bool]:
    session = Session(oracle)

    def one(sample: Any) -> bool:
        rollout = task.rollout(sample, session.agent("rollout", sample["id"]))
        return task.evaluate(sample, rollout)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, [s for x in SPLITS for s in task.samples(x)][:take]))


def test_every_family_can_be_solved(task: OsInteraction) -> None:
    found = verdicts(task, Oracle(task), 2 * len(FAMILIES))
    assert len(found) == 28
    assert all(found)


@pytest.mark.slow
@pytest.mark.parametrize("sandbox", ["userns", BWRAP, IMAGE, "tempdir"])
def test_every_sample_can_be_solved(sandbox: str) -> None:
    name = backend(sandbox).name
    image = REAL_IMAGE.parent if sandbox == "image" and REAL_IMAGE is not None else "host"
    task = OsInteraction(source="synthetic", sandbox=name, image=image)
    found = verdicts(task, Oracle(task))
    assert len(found) == 170
    assert all(found)


def test_near_misses(task: OsInteraction) -> None:
    families = len(FAMILIES)
    assert not any(verdicts(task, Oracle(task, run=False), families))
    asked = [None in problem_of(s["problem"]).checks for s in task.samples("dev")[:families]]
    found = verdicts(task, Oracle(task, lambda said: f"It is {said}."), families)
    assert [a for a, right in zip(asked, found, strict=True) if right] == [False] * sum(found)


class Script_:
    """Gives its completions one after another, the last one for ever."""

    identity = {"backend": "script"}  # noqa: RUF012

    def __init__(self, *turns: Completion) -> None:
        self._turns, self._asked = turns, 0

    def complete(self, call: ModelCall) -> Completion:
        self._asked += 1
        return self._turns[min(self._asked, len(self._turns)) - 1]

    def close(self) -> None:
        return


def play(task: OsInteraction, *turns: Completion) -> Rollout:
    agent = Session(Script_(*turns)).agent("rollout", "x")
    return task.rollout(task.samples("dev")[0], agent)


def told(rollout: Rollout) -> list[str]:
    return [m["content"] for m in rollout.history if m["role"] == "tool"]


def test_what_is_said(task: OsInteraction) -> None:
    rollout = play(
        task,
        turn(0, prompts.BASH, "x=3; echo hi"),
        turn(1, prompts.BASH, "echo $x; seq 1 1000"),
        turn(2, prompts.BASH, "true"),
        turn(3, prompts.FINISH, "done with it"),
    )
    said = told(rollout)
    assert said[0] == "The output of the OS:\n\nhi"
    assert said[1].startswith("The output of the OS:\n\n3\n1\n2\n")
    assert said[1].endswith(prompts.CUT)
    assert len(said[1].partition("\n\n")[2]) == 780 + len(prompts.CUT)
    assert said[2] == prompts.EMPTY
    # What it is finished with is compared as if it were an answer.
    assert (rollout.status, rollout.answer) == ("completed", "done with it")


def test_outputs_of_up_to_800_characters_are_whole() -> None:
    assert prompts.observation("x" * 800) == f"The output of the OS:\n\n{'x' * 800}"
    cut = f"The output of the OS:\n\n{'x' * 780}{prompts.CUT}"
    assert prompts.observation("x" * 801) == cut
    assert prompts.observation("x" * 801, note="[stopped]") == f"{cut}\n[stopped]"
    assert prompts.observation("a\ufffdb").endswith("a\ufffdb")


def test_bytes_that_are_no_text(task: OsInteraction) -> None:
    scripts = (r"printf 'a\377b'", r"printf 'a\xef\xbf\xbdb'")
    bad, good = told(play(task, *(turn(n, prompts.BASH, s) for n, s in enumerate(scripts))))[:2]
    assert bad == prompts.UNREADABLE
    assert good.endswith("a\ufffdb")


@pytest.mark.parametrize("answer", ["a\0b", "\ud800", "9" * 300_000])
def test_answers_that_are_no_argument_are_wrong(task: OsInteraction, answer: str) -> None:
    rollout = play(task, turn(0, prompts.ANSWER, answer))
    assert (rollout.status, rollout.raw.correct) == ("completed", False)
    assert told(
        play(task, turn(0, prompts.BASH, f"echo {answer[:9]}"), turn(1, prompts.BASH, "echo on"))
    )


def test_a_missing_argument(task: OsInteraction) -> None:
    rollout = play(task, turn(0, prompts.BASH, "{}"), turn(1, prompts.ANSWER, "{}"))
    assert told(rollout)[:2] == [prompts.MISSING] * 2
    assert rollout.status == "task limit reached"
    compat = OsInteraction(source="synthetic", sandbox="tempdir", upstream_compat=True)
    for name in (prompts.BASH, prompts.ANSWER):
        assert play(compat, turn(0, name, "{}")).status == "task error"
    finished = play(task, turn(0, prompts.FINISH, "{}"))
    assert (finished.status, finished.answer) == ("completed", None)


def test_what_no_answer_and_no_text_match() -> None:
    sandbox = make("tempdir", Limits()).start()
    number = problem_of({"evaluation": {"match": "3"}})
    assert is_correct(number, 3, sandbox, 10)
    assert not is_correct(number, 3, sandbox, 10, compat=True)
    assert not is_correct(problem_of({"evaluation": {"match": "None"}}), None, sandbox, 10)
    contained = {"check": [None, {"file": "check/in.py"}], "example": {"code": "echo hello"}}
    assert not is_correct(problem_of({"evaluation": contained}), None, sandbox, 10)
    sandbox.close()


def test_what_is_no_call_takes_a_round(task: OsInteraction) -> None:
    silent = Completion("ls", Usage(calls=1))
    bad, other = turn(0, prompts.BASH, "{"), turn(0, "python_action", "1")
    rollout = play(task, silent, bad, other, turn(0, prompts.BASH, "sleep 0"))
    said = [m["content"] for m in rollout.history if m["role"] in ("user", "tool")][1:]
    assert said[0] == prompts.NO_TOOL_CALL
    assert "delimiter" in said[1] or "property name" in said[1]
    assert said[2] == prompts.UNKNOWN_TOOL
    assert rollout.status == "task limit reached"
    assert sum(m["role"] == "agent" for m in rollout.history) == 8
    assert "never-finished" in task.failure_tags(task.samples("dev")[0], rollout)


def test_scripts_that_take_too_long_are_told_of(task: OsInteraction) -> None:
    slow = (turn(0, prompts.BASH, "echo a; sleep 9"), turn(1, prompts.ANSWER, "1"))
    params = {"source": "synthetic", "sandbox": "tempdir", "script_seconds": 0.7}
    rollout = play(OsInteraction(**params), *slow)
    assert told(rollout)[0].startswith("The output of the OS:\n\na")
    assert "[stopped after 0.7 seconds; the shell goes on]" in told(rollout)[0]
    assert rollout.raw.timeouts == 1
    compat = play(OsInteraction(**params, upstream_compat=True), *slow)
    assert compat.status == "task error"
    assert not compat.raw.correct


@pytest.mark.parametrize(
    ("name", "answer", "expected", "right"),
    [
        ("integer-match.py", " 5\n", "5", True),
        ("integer-match.py", "5.0", "5", False),
        ("integer-match.py", "five", "5", False),
        ("integer-match.py", "", "", False),
        ("string-match.py", "a\r\nb ", "a\nb\n", True),
        ("string-match.py", "A", "a", False),
        ("containing.py", "it is here", "is", True),
        ("containing.py", "is", "it is here", False),
        ("in.py", "is", "it is here", True),
        ("in.py", "", "anything", True),
        ("size-match.py", "5K", "5120", True),
        ("size-match.py", "1MB", "1024KB", False),  # "KB" ends with "B", which is tried first.
        ("size-match.py", "5.6G", "5.6G", True),
        ("size-match.py", "4.0K", "4K", True),
    ],
)
def test_comparisons(name: str, answer: str, expected: str, right: bool) -> None:
    assert compare(name, answer, expected) is right


def test_sizes_as_the_original_compares_them() -> None:
    assert not compare("size-match.py", "5.6G", "5.6G", compat=True)
    assert compare("size-match.py", "5K", "5120", compat=True)


@given(st.sampled_from(sorted(COMPARISONS)), st.text(), st.text())
def test_any_answer_gets_a_verdict(name: str, answer: str, expected: str) -> None:
    assert compare(name, answer, expected) in (True, False)


def test_checks_follow_one_another() -> None:
    """Each gets the answer and the output of those before it."""
    sandbox = make("tempdir", Limits()).start()
    evaluation = {
        "check": [
            None,
            {"language": "python", "code": "import sys; print(int(sys.argv[2]) + 1)"},
            {"code": '[ "$1" = 7 ] && [ $2 = 5 ] && [ $3 = 6 ]'},
        ],
        "example": {"code": "echo 5"},
    }
    problem = problem_of({"evaluation": evaluation})
    assert is_correct(problem, "7", sandbox, 10)
    assert not is_correct(problem, "8", sandbox, 10)
    failing = problem_of({"evaluation": {"check": [{"code": "exit 3"}]}})
    assert not is_correct(failing, "", sandbox, 10)
    assert is_correct(problem_of({"evaluation": {"match": "no"}}), " no\n", sandbox, 10)
    pattern = problem_of({"evaluation": {"match": {"regex": "[ab]+"}}})
    assert is_correct(pattern, "abba", sandbox, 10)
    assert is_correct(pattern, "it is a", sandbox, 10)
    assert not is_correct(pattern, "cd", sandbox, 10)
    exact = problem_of({"evaluation": {"match": {"answer": "x", "strip": False}}})
    assert is_correct(exact, "x", sandbox, 10)
    assert not is_correct(exact, " x", sandbox, 10)
    with pytest.raises(ValueError, match="neither"):
        problem_of({"evaluation": {}})
    sandbox.close()


def _prepared_by(task: OsInteraction, create: dict[str, Any]) -> Sample:
    return {**task.samples("dev")[0], "problem": {"evaluation": {"match": "x"}, **create}}


_NEVER: dict[str, Any] = {"create": {"init": "echo no such thing >&2; exit 1"}}
_HANGS: dict[str, Any] = {"start": "sleep 30"}


@pytest.mark.parametrize("create", [_NEVER, _HANGS])
def test_a_machine_that_can_not_be_prepared_is_no_wrong_answer(create: dict[str, Any]) -> None:
    task = OsInteraction(source="synthetic", sandbox="tempdir", script_seconds=0.5)
    session = Session(Script_())
    outcome = run_rollout(
        task, session, Job(_prepared_by(task, create), "x", "rollout", lambda a: a)
    )
    assert outcome.status == "error"
    assert "the machine could not be prepared" in outcome.error
    assert "no such thing" in outcome.error or "takes over 0.5 s" in outcome.error
    assert session.ledger.total == 0


def test_a_preparation_that_is_killed_is_no_wrong_answer(official: Path) -> None:
    task = OsInteraction(data_dir=official, sandbox="tempdir")
    sample = _prepared_by(task, {"create": {"init": "kill -9 $$"}})
    with pytest.raises(SandboxError, match="ends with -9"):
        task.rollout(sample, Session(Script_()).agent("rollout", "x"))


@pytest.mark.parametrize("compat", [False, True])
def test_a_record_that_is_wrong_itself_is_a_wrong_answer(official: Path, compat: bool) -> None:
    task = OsInteraction(data_dir=official, sandbox="tempdir", upstream_compat=compat)
    sample = _prepared_by(task, _NEVER)
    rollout = task.rollout(sample, Session(Script_()).agent("rollout", "x"))
    assert (rollout.status, task.evaluate(sample, rollout)) == ("unknown", False)
    assert ("machine-not-prepared" in task.failure_tags(sample, rollout)) is not compat


class Breaking:
    """A backend whose first machine breaks when its agent has said a word, or all do."""

    name = "breaking"

    def __init__(self, alone: bool) -> None:
        self._inner = make("tempdir", Limits())
        self._alone, self._made = alone, 0

    def start(self) -> Sandbox:
        self._made += 1
        if self._made > 1 and not self._alone:
            raise SandboxError("the engine is gone")
        sandbox = self._inner.start()
        if self._made == 1:
            whole, asked = sandbox.command, itertools.count()

            def command(argv: Sequence[str]) -> list[str]:
                return ["false"] if next(asked) else whole(argv)

            sandbox.command = command  # type: ignore[method-assign]
        return sandbox


@pytest.mark.parametrize("last", [turn(1, prompts.BASH, "echo"), turn(1, prompts.FINISH, "x")])
@pytest.mark.parametrize("alone", [True, False])
def test_a_machine_that_its_agent_destroyed_is_a_wrong_answer(
    alone: bool, last: Completion
) -> None:
    problem = problem_of({"evaluation": {"check": [{"code": "exit 0"}]}})
    agent = Session(Script_(turn(0, prompts.BASH, "exit"), last)).agent("rollout", "x")

    def play() -> Rollout:
        return run_episode({"description": "?"}, problem, Breaking(alone), agent, Rules())

    if not alone:
        with pytest.raises(SandboxError):
            play()
        return
    rollout = play()
    assert isinstance(rollout.raw, Result)
    assert not rollout.raw.correct
    assert rollout.raw.destroyed is (last.tool_calls[0]["function"]["name"] == prompts.BASH)
    assert rollout.history[2]["role"] == "agent"


@pytest.mark.parametrize("create", [_NEVER, _HANGS])
def test_the_original_counts_any_unprepared_machine_as_wrong(create: dict[str, Any]) -> None:
    task = OsInteraction(
        source="synthetic", sandbox="tempdir", script_seconds=0.5, upstream_compat=True
    )
    rollout = task.rollout(_prepared_by(task, create), Session(Script_()).agent("rollout", "x"))
    assert rollout.status == "unknown"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is limited")
@pytest.mark.parametrize(
    ("sandbox", "limits"),
    [
        ("tempdir", {"memory_mib": 1}),
        ("userns", {"memory_mib": 1}),
        ("userns", {"disk_mib": 1}),
        ("userns", {"processes": 1}),
    ],
)
def test_a_machine_in_which_nothing_can_run_is_refused(
    sandbox: str, limits: dict[str, int]
) -> None:
    task = OsInteraction(source="synthetic", sandbox=backend(sandbox).name, **limits)
    with pytest.raises(TaskError, match="can't run a small script with") as caught:
        task.setup()
    assert "by default it has memory_mib=1024" in (caught.value.hint or "")


# -- official records ------------------------------------------------------------------------


@pytest.fixture
def official() -> Path:
    if not OFFICIAL.is_dir():
        pytest.skip("the official data is not at ../shared")
    return OFFICIAL


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"evaluation": "x"},
        {"evaluation": {}},
        {"evaluation": {"match": "x"}, "create": {"init": 3}},
        {"evaluation": {"match": "x"}, "create": {"init": "a\0b"}},
        {"evaluation": {"check": [{"code": 3}, 4]}},
        {"evaluation": {"match": "x"}, "start": ["echo"]},
        [],
    ],
)
def test_malformed_records_are_named(tmp_path: Path, record: Any) -> None:
    for world in range(1, 8):
        (tmp_path / "data" / str(world)).mkdir(parents=True)
        whole = {"description": "?", "evaluation": {"match": "x"}}
        (tmp_path / "data" / str(world) / "stock.json").write_text(json.dumps([whole]))
    (tmp_path / "data" / "dev.json").write_text("[]")
    assert OsInteraction(data_dir=tmp_path).samples("test")
    broken = {"description": "?", **record} if isinstance(record, dict) else record
    file = tmp_path / "data" / "3" / "stock.json"
    file.write_text(json.dumps([whole, broken]))
    with pytest.raises(TaskError, match=r"3/stock\.json is not a file of .*: record 1: "):
        OsInteraction(data_dir=tmp_path)


def test_the_splits_are_the_published_ones(official: Path) -> None:
    task = OsInteraction(data_dir=official)
    assert task.source == "official"
    for split in SPLITS:
        published = json.loads((official / f"split_{split}.json").read_text(encoding="utf-8"))
        assert [s["id"] for s in task.samples(split)] == [p["id"] for p in published]
    assert sum(len(task.samples(split)) for split in SPLITS) == 170


def test_the_original_runs_the_record_before(official: Path) -> None:
    task = OsInteraction(data_dir=official)
    compat = OsInteraction(data_dir=official, upstream_compat=True)
    right = {s["id"]: s for x in SPLITS for s in task.samples(x)}
    off = {s["id"]: s for x in SPLITS for s in compat.samples(x)}
    assert [s["id"] for s in compat.samples("dev")] == [s["id"] for s in task.samples("dev")]
    one = "std-001-stock-00003"
    assert off[one]["description"] == right[one]["description"]
    assert off[one]["ran"] == right["std-001-stock-00002"]["description"]
    assert off[one]["problem"] == right["std-001-stock-00002"]["problem"]
    first = off["std-001-stock-00000"]
    assert compat.problem(first) is None
    rollout = compat.rollout(first, Session(Script_()).agent("rollout", "x"))
    assert not compat.evaluate(first, rollout)


def test_official_problems_whose_scripts_are_there(official: Path) -> None:
    """Those that need no file of the benchmark: the reference passes, a wrong answer doesn't."""
    if problem_with("userns"):
        pytest.skip(problem_with("userns"))
    task = OsInteraction(data_dir=official, sandbox="userns")
    backend = make("userns", Limits())
    passed = []
    for sample in task.samples("val")[20:32]:
        problem = task.problem(sample)
        assert problem is not None
        assert problem.example is not None
        sandbox = backend.start()
        try:
            assert all(run(sandbox, s.argv(), 30).status == 0 for s in problem.init)
            said = run(sandbox, problem.example.argv(), 30, errors=False).output
            assert not is_correct(problem, "987654", sandbox, 30)
            passed.append(is_correct(problem, said, sandbox, 30))
        finally:
            sandbox.close()
    assert all(passed)


def test_missing_files_are_told_in_one_line(tmp_path: Path, official: Path) -> None:
    with pytest.raises(TaskError, match="there are no records"):
        OsInteraction(data_dir=tmp_path)
    task = OsInteraction(data_dir=official)
    with pytest.raises(TaskError, match=r"can't read the script .*stock-log\.sh"):
        task.problem(task.samples("dev")[0])
    assert Script("python", "x").argv("a") == ["python3", "-c", "x", "a"]


@pytest.mark.parametrize(
    "params",
    [{"source": "x"}, {"source": "official"}, {"sandbox": "x"}, {"max_rounds": 0},
     {"memory_mib": 0}, {"script_seconds": 0}, {"script_seconds": 1e300},
     {"container_image": ""}, {"container_image": "--privileged"}],
)  # fmt: skip
def test_bad_parameters(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        OsInteraction(**params)


def looker(call: ModelCall) -> Completion:
    """Looks around, then answers."""
    if any(m["role"] == "tool" for m in call.messages):
        return turn(1, prompts.ANSWER, "1")
    return turn(0, prompts.BASH, "ls ~ | wc -l")


def test_the_contract() -> None:
    params = {"sandbox": "tempdir", "max_rounds": 2}
    report = check_task("agentbench-os", params=params, policy=looker, examples=1)
    assert report.findings == ()


class Pupil(Oracle):
    """Answers in sentences until a skill tells it not to; also writes the skill."""

    LESSON = "Answer with the value alone."

    def complete(self, call: ModelCall) -> Completion:
        if call.schema is not None:
            wanted = next(iter(call.schema["properties"]))
            edit = {
                "action": "ADD",
                "name": "plain-answers",
                "description": "How to answer questions about a system.",
                "body": f"## When to use\n\nQuestions.\n\n{self.LESSON}",
            }
            said = {"edits": [edit]} if wanted == "edits" else {wanted: [], "new_labels": []}
            return Completion(json.dumps(said), Usage(calls=1))
        taught = any(self.LESSON in str(m["content"]) for m in call.messages)
        plain: Callable[[str], str] = str
        self._say = plain if taught else (lambda said: f"The answer is {said}.")
        return super().complete(call)

    def sample(self, call: ModelCall) -> Any:
        first = next(str(m["content"]) for m in call.messages if m["role"] == "user")
        return self._samples[first.rpartition(prompts.LEAD_IN)[2]]


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_a_run(method: str, tmp_path: Path) -> None:
    class Short(OsInteraction):
        def samples(self, split: str) -> Any:
            return [
                s for s in super().samples(split)[:7] if s["type"] in ("count-files", "log-count")
            ]

    task = Short(source="synthetic", sandbox="tempdir")
    # One at a time: the pupil's memory is of its last call.
    cycle = {"epochs": 1, "batch_size": 2, "candidates": 1, "probe_size": 2, "concurrency": 1}
    config = {"method": method, "cycle": {**cycle, "no_skills_baseline": True}}
    result = run_method(None, task, config, agent=Pupil(task), run_dir=tmp_path / "run")
    tests = result.scores()["details"]["tests"]["test"]
    assert tests["no_skills"]["accuracy"] == 0
    if method == "grasp":
        assert result.scores()["skills"] == ["plain-answers"]
        assert tests["learned"]["accuracy"] == 1
