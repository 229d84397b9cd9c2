"""Agents that are wrong in exactly one checked field fail every task in which it is checked.

Each plays an agent that solves the task, but for one change of one action.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from grasp_medagentbench.graders import type_of
from grasp_medagentbench.v2.task import MedAgentBenchV2

BASE = "http://localhost:8080/fhir/"
SPLITS = ("dev", "val", "test", "ood")

Payload = dict[str, Any]
#: Posts and answer of an agent; a change returns what it makes of them, or ``None`` where
#: there is nothing to change.
Play = tuple[list[Payload], str]
Change = Callable[[Play], Play | None]


# -- changes -------------------------------------------------------------------------


def field(path: str, value: Any, kind: str = "", holding: str = "") -> Change:
    """Set a field of all posts of a type whose text holds something."""

    def change(play: Play) -> Play | None:
        posts, answer = copy.deepcopy(play[0]), play[1]
        chosen = [
            p for p in posts if p["resourceType"].startswith(kind) and holding in json.dumps(p)
        ]
        *way, last = path.split(".")
        for payload in chosen:
            place: Any = payload
            for step in way:
                place = place[int(step)] if step.isdigit() else place[step]
            if value is None:
                del place[last]
            else:
                place[int(last) if last.isdigit() else last] = value
        return (posts, answer) if chosen else None

    return change


def replaced(old: str, new: str) -> Change:
    """Replace some letters in all posts."""

    def change(play: Play) -> Play | None:
        before = json.dumps(play[0])
        after = before.replace(old, new)
        return (json.loads(after), play[1]) if after != before else None

    return change


def without(holding: str, kind: str = "") -> Change:
    """Leave out the posts of a type whose text holds something."""

    def change(play: Play) -> Play | None:
        kept = [
            p
            for p in play[0]
            if holding not in json.dumps(p).lower() or not p["resourceType"].startswith(kind)
        ]
        return (kept, play[1]) if len(kept) < len(play[0]) else None

    return change


def posts_with(holding: str, change: Change) -> Change:
    """Change those posts alone whose text holds something."""

    def changed(play: Play) -> Play | None:
        posts = []
        for payload in play[0]:
            done = change(([payload], "")) if holding in json.dumps(payload) else None
            posts += done[0] if done else [payload]
        return (posts, play[1]) if posts != play[0] else None

    return changed


def both(first: Change, second: Change) -> Change:
    """Change one field in both of the ways that it can be right."""

    def changed(play: Play) -> Play | None:
        done = first(play)
        return done and second(done)

    return changed


def twice(play: Play) -> Play | None:
    return ([*play[0], play[0][-1]], play[1]) if play[0] else None


def more(payload: Mapping[str, Any]) -> Change:
    """Add a post to others."""
    return lambda play: ([*play[0], dict(payload)], play[1]) if play[0] else None


def needless(payload: Mapping[str, Any]) -> Change:
    """Post where nothing was to be posted."""
    return lambda play: None if play[0] else ([dict(payload)], play[1])


def answer(make: Callable[[list[float]], Any]) -> Change:
    def change(play: Play) -> Play | None:
        made = make(json.loads(play[1]))
        return None if made is None else (play[0], made if isinstance(made, str) else str(made))

    return change


ACTIVE, STOPPED = '"status": "active"', '"status": "stopped"'
OTHER = {"reference": "Patient/S0000000"}
PLAIN = {"reference": "Patient/{mrn}"}
DISPLAYED = {"reference": "Patient/{mrn}", "display": "the patient"}
ABSOLUTE = {"reference": BASE + "Patient/{mrn}"}


def order(kind: str = "", holding: str = "") -> dict[str, Change]:
    """Return what is checked of most orders."""
    return {
        "other type": field("resourceType", "Observation", kind, holding),
        "no type": field("resourceType", None, kind, holding),
        "draft": field("status", "draft", kind, holding),
        "no status": field("status", None, kind, holding),
        "plan": field("intent", "plan", kind, holding),
        "no intent": field("intent", None, kind, holding),
        **patient(kind, holding),
    }


def patient(kind: str = "", holding: str = "") -> dict[str, Change]:
    return {
        "other patient": field("subject", OTHER, kind, holding),
        "patient with a name": field("subject", DISPLAYED, kind, holding),
        "absolute address": field("subject", ABSOLUTE, kind, holding),
        "no patient": field("subject", None, kind, holding),
    }


def service(code: str) -> Payload:
    return {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"code": code}]},
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/{mrn}"},
    }


def drug(text: str, status: str = "active") -> Payload:
    return {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"text": text},
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/{mrn}"},
    }


MISSES: dict[str, dict[str, Change]] = {
    "task1": {
        **order(),
        "drug order": field("resourceType", "MedicationRequest"),
        "other code": field("code.coding.0.code", "74178"),
        "code as a number": field("code.coding.0.code", 74177),
        "other code first": field("code.coding", [{"code": "74176"}, {"code": "74177"}]),
        "no code": field("code", None),
        "other indication": field("reasonCode.0.text", "Renal mass followup"),
        "indication with another hyphen": field("reasonCode.0.text", "Renal mass follow\u2011up"),
        "no indication": field("reasonCode", None),
        "twice": twice,
        "needless": needless(service("74177")),
    },
    "task2": {
        **patient(),
        "other patient for the new one": field("subject", OTHER, "Medication", "heparin 5000"),
        "draft": field("status", "draft", "Medication", ACTIVE),
        "other dose": posts_with(ACTIVE, replaced("5000", "4000")),
        "other drug": posts_with(ACTIVE, replaced("heparin 5000", "enoxaparin 5000")),
        "service instead of the new one": field(
            "resourceType", "ServiceRequest", "Medication", ACTIVE
        ),
        "not created": lambda play: (
            ([p for p in play[0] if p["status"] != "active"], play[1])
            if any(p["status"] == "active" for p in play[0])
            else None
        ),
        "needless": needless(drug("heparin 5000 units")),
        "needless stop": needless(drug("enoxaparin", "stopped")),
    },
    "task3": {
        "first off by 0.2": answer(lambda a: None if a[0] == -1 else [a[0] + 0.2, a[1]]),
        "second off by 0.2": answer(lambda a: None if a[1] == -1 else [a[0], a[1] - 0.2]),
        "swapped": answer(lambda a: None if a[0] == a[1] else [a[1], a[0]]),
        "one value": answer(lambda a: a[:1]),
        "three values": answer(lambda a: [*a, a[1]]),
        "with units": answer(lambda a: json.dumps([f"{v} bpm" for v in a])),
        "as an object": answer(lambda a: json.dumps({"6h": a[0], "12h": a[1]})),
        "as one text": answer(lambda a: json.dumps(str(a))),
        "as prose": answer(lambda a: f"6h: {a[0]}, 12h: {a[1]}"),
        "zero for nothing": answer(lambda a: [max(v, 0) for v in a] if -1 in a else None),
        "empty text for nothing": answer(
            lambda a: json.dumps(["" if v == -1 else v for v in a]) if -1 in a else None
        ),
        "empty": answer(lambda a: "[]"),
        "posted": needless(service("HEARTRATE")),
        "speaks of a POST": answer(lambda a: f'[{a[0]}, {a[1]}, "no POST"]'),
    },
    "task4": {
        **order(),
        "drug order": field("resourceType", "MedicationRequest"),
        "other code": replaced("NUR1373", "NUR1374"),
        "code in a note": both(replaced("NUR1373", "NUR1"), field("note", [{"text": "NUR1373"}])),
        "needless": needless(service("NUR1373")),
    },
    "task5": {
        **{f"CT: {k}": v for k, v in order(holding="74177").items()},
        **{f"referral: {k}": v for k, v in order(holding="CON417").items()},
        "no CT": without("74177"),
        "no referral": without("con417"),
        "other CT": replaced("74177", "74178"),
        "referral in small letters": replaced("CON417", "con417"),
        "needless": needless(service("74177")),
    },
    "task6": {
        **{f"drug: {k}": v for k, v in order("Medication").items()},
        **{f"test: {k}": v for k, v in order("Service", "TSH").items()},
        "no drug": without("levothyroxine"),
        "other drug": replaced("levothyroxine", "liothyronine"),
        "other dose": replaced("25 mcg", "50 mcg"),
        "name without text": field("medicationCodeableConcept.text", None, "Medication"),
        "only one test": without("ft4", "Service"),
        "test without its name": replaced("FT4, serum", "thyroxine"),
        "a drug too early": lambda play: (
            more(drug("levothyroxine 25 mcg"))(play) if len(play[0]) == 2 else None
        ),
        "needless": needless(service("TSH")),
        "needless drug": needless(drug("levothyroxine 25 mcg")),
    },
    "task7": {
        **patient(),
        "other patient for the ECG": field("subject", OTHER, "Service"),
        "other patient for a stop": field("subject", OTHER, "Medication"),
        "ECG draft": field("status", "draft", "Service"),
        "ECG as a procedure": field("resourceType", "Procedure", "Service"),
        "ECG as a drug": field("resourceType", "MedicationRequest", "Service"),
        "other test": both(replaced("12-lead ECG", "EKG"), replaced("445118002", "445118003")),
        "no ECG": without("445118002"),
        "not stopped": field("status", "on-hold", "Medication"),
        "still active": field("status", "active", "Medication"),
        "stopped as a service": field("resourceType", "ServiceRequest", "Medication"),
        "unnamed stop": field("medicationCodeableConcept", {"text": "it"}, "Medication"),
        "no stop": without("", "Medication"),
        "another resource": more({"resourceType": "Observation", "subject": PLAIN}),
        "needless": needless(service("445118002")),
    },
    "task8": {
        **order(),
        "other drug": replaced("naloxone", "naltrexone"),
        "twice": twice,
        "needless": needless(drug("naloxone 4 mg")),
    },
    "task9": {
        **order(),
        "other vaccine": both(replaced("influenza", "hepatitis"), replaced("90686", "90687")),
        "twice": twice,
        "needless": needless(drug("influenza vaccine")),
    },
    "task10": {
        **order(),
        "CPT code alone": replaced("COVID-19 vaccine booster", "mRNA vaccine booster"),
        "twice": twice,
        "needless": needless(drug("COVID-19 vaccine")),
    },
}  # fmt: skip


class Plays:
    """Posts one payload after another, then finishes."""

    usage = None

    def __init__(self, posts: Sequence[Payload], answer: str, url: str = "") -> None:
        self._lines = [f"POST {BASE}{url or p['resourceType']}\n{json.dumps(p)}" for p in posts]
        self._lines.append(f"FINISH({answer})")

    def inference(self, history: Any, tools: Any = None, **options: Any) -> str:
        return self._lines[sum(m["role"] == "agent" for m in history)]


@pytest.fixture(scope="module")
def task(task_v2: MedAgentBenchV2) -> MedAgentBenchV2:
    return task_v2


@pytest.fixture(scope="module")
def solved(task: MedAgentBenchV2, oracle_v2: Any) -> dict[str, list[tuple[Any, Play]]]:
    """Return for each type its samples, with posts and answer of an agent that solves them."""
    result: dict[str, list[tuple[Any, Play]]] = {}
    for sample in [s for split in SPLITS for s in task.samples(split)]:
        actions = task.rollout(sample, oracle_v2(sample)).agent_actions
        posts = [json.loads(a.split("\n", 1)[1]) for a in actions if a.startswith("POST")]
        play = posts, actions[-1][len("FINISH(") : -1]
        result.setdefault(type_of(sample), []).append((sample, play))
    return result


def verdict(task: MedAgentBenchV2, sample: Any, play: Play, url: str = "") -> bool:
    # The patient of a payload made up here is that of the sample.
    text = json.dumps(play[0]).replace("{mrn}", sample["eval_MRN"])
    posts = json.loads(text)
    for payload in posts:
        payload.setdefault("resourceType", "")
    agent: Any = Plays(posts, play[1], url)
    rollout = task.rollout(sample, agent)
    assert rollout.status == "completed"
    return task.evaluate(sample, rollout)


@pytest.mark.parametrize("kind", sorted(MISSES))
def test_unchanged_they_pass(task: MedAgentBenchV2, solved: Any, kind: str) -> None:
    assert len(solved[kind]) == 30
    assert all(verdict(task, sample, play) for sample, play in solved[kind])


def one_of_each(task: MedAgentBenchV2, plays: Sequence[tuple[Any, Play]]) -> list[Any]:
    """Return the first sample of every branch, and of both numbers of posts within it."""
    chosen: dict[Any, Any] = {}
    for sample, play in plays:
        branch = task.cohort.branches[type_of(sample)][sample["eval_MRN"]]
        chosen.setdefault((branch, len(play[0])), (sample, play))
    return list(chosen.values())


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, misses in MISSES.items() for name in misses]
)
def test_one_wrong_field_fails(
    task: MedAgentBenchV2, solved: Any, kind: str, name: str, every: bool
) -> None:
    tried = 0
    for sample, play in solved[kind] if every else one_of_each(task, solved[kind]):
        changed = MISSES[kind][name](play)
        if changed is not None and changed != play:
            tried += 1
            assert verdict(task, sample, changed) is False, (sample["id"], changed)
    assert tried >= 1


def test_without_an_end_nothing_passes(solved: Any) -> None:
    short = MedAgentBenchV2(source="synthetic", max_round=3)
    for sample, (posts, _) in [one for plays in solved.values() for one in plays]:
        agent: Any = Plays([*posts, service("x"), service("x"), service("x")], "[]")
        rollout = short.rollout(sample, agent)
        assert rollout.status == "task limit reached"
        assert short.evaluate(sample, rollout) is False


def test_only_task_1_looks_at_the_address(task: MedAgentBenchV2, solved: Any) -> None:
    for kind, plays in solved.items():
        posting = [(s, p) for s, p in plays if p[0]]
        for sample, play in posting:
            assert verdict(task, sample, play, "Somewhere") is (kind != "task1")


def test_words_of_a_post_count_only_where_nothing_may_be_said(
    task: MedAgentBenchV2, solved: Any
) -> None:
    """The strict types are 1 (nothing due), 3, 5 without the diagnosis and 7 without a QTc."""
    for kind, plays in solved.items():
        for sample, (posts, _) in plays:
            branch = task.cohort.branches[kind][sample["eval_MRN"]]
            strict = (
                kind == "task3"
                or (kind == "task1" and not posts)
                or (kind == "task5" and branch in ("healthy", "other kidney"))
                or (kind == "task7" and branch == "none")
            )
            assert verdict(task, sample, (posts, '["no POST needed"]')) is not strict


def test_what_is_not_checked_does_not_matter(task: MedAgentBenchV2, solved: Any) -> None:
    for kind, plays in solved.items():
        for sample, (posts, answer_) in plays:
            odd = [
                {
                    **{k: v for k, v in p.items() if k not in ("authoredOn", "priority")},
                    "status": p["status"].upper(),
                    "intent": p["intent"].capitalize(),
                    "occurrenceDateTime": "never",
                    "id": 7,
                }
                for p in posts
            ]
            said = answer_ if kind == "task3" else ""
            assert verdict(task, sample, (odd, said)), sample["id"]


def test_other_ways_to_be_right(task: MedAgentBenchV2, solved: Any) -> None:
    """Forms that graders take although the oracle doesn't use them."""
    ways: dict[str, list[Change]] = {
        "task1": [
            both(field("reasonCode", None), field("note", {"text": "For RENAL MASS FOLLOW-UP."})),
            both(field("reasonCode", None), field("note", [{"text": "renal mass follow-up"}])),
            both(
                field("reasonCode", None),
                field("reasonReference", [{"display": "renal mass follow-up"}]),
            ),
        ],
        "task2": [
            replaced("heparin 5000 units", "heparin 5,000 units"),
            field("status", "entered-in-error", "Medication", STOPPED),
            field("medicationCodeableConcept", {}, "Medication", STOPPED),
            more(service("x")),
        ],
        "task3": [
            answer(lambda a: json.dumps([str(v) for v in a])),
            answer(lambda a: f"({a[0]}, {a[1]})"),
            answer(lambda a: f"{a[0]}, {a[1]}"),
            answer(lambda a: json.dumps([None if v == -1 else v for v in a])),
            answer(lambda a: str([None if v == -1 else round(v, 1) for v in a])),
        ],
        "task4": [more(drug("aspirin")), replaced("NUR1373", "nur1373")],
        "task5": [
            field("resourceType", "MedicationRequest"),
            lambda p: ([{**p[0][0], "code": {"text": "74177 and CON417"}}], p[1]) if p[0] else None,
            more(drug("aspirin")),
        ],
        "task6": [
            replaced("FT4, serum", "TSH"),
            lambda p: (
                ([{**service("x"), "resourceType": "MedicationRequest"}, *p[0]], p[1])
                if len(p[0]) == 3
                else None
            ),
            replaced("levothyroxine 25 mcg", "LEVOTHYROXINE 0.025 mg (25 mcg)"),
        ],
        "task7": [
            replaced("445118002", "1"),
            replaced("12-lead ECG", "heart"),
            field("medicationCodeableConcept", {"text": "haloperidol"}, "Medication"),
        ],
        "task8": [field("resourceType", "ServiceRequest"), replaced("naloxone", "Narcan")],
        "task9": [
            field("resourceType", "ServiceRequest"),
            replaced("90686", "1"),
            lambda p: (
                ([{**service("90686"), "subject": p[0][0]["subject"]}], p[1]) if p[0] else None
            ),
        ],
        "task10": [
            field("resourceType", "ServiceRequest"),
            replaced("91320", "1"),
            both(
                field("medicationCodeableConcept", {"text": "mRNA vaccine"}),
                field("code", {"text": "COVID booster"}),
            ),
        ],
    }
    for kind, changes in ways.items():
        for number, change in enumerate(changes):
            tried = 0
            for sample, play in solved[kind]:
                changed = change(play)
                if changed is not None and changed != play:
                    tried += 1
                    assert verdict(task, sample, changed), (kind, number, sample["id"], changed)
            assert tried, (kind, number)
