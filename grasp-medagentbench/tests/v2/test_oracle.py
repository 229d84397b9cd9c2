"""An agent that does what the tasks say solves all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grasp_medagentbench.fhir import serve
from grasp_medagentbench.graders import type_of
from grasp_medagentbench.v2.task import MedAgentBenchV2

SLOW = pytest.mark.slow
SPLITS = ("dev", "val", "test", "ood")


def unsolved(task: MedAgentBenchV2, oracle: Any, **options: Any) -> list[str]:
    failed = []
    for split in SPLITS:
        for sample in task.samples(split):
            rollout = task.rollout(sample, oracle(sample, **options))
            assert rollout.status == "completed", (sample["id"], rollout.status)
            if not task.evaluate(sample, rollout):
                failed.append(sample["id"])
    return failed


@pytest.mark.parametrize(
    ("post_mode", "seed"),
    [("strict", 0), *[pytest.param("compat", s, marks=SLOW) for s in range(12)]],
)
def test_it_solves_our_own_tasks(oracle_v2: Any, post_mode: str, seed: int) -> None:
    task = MedAgentBenchV2(source="synthetic", post_mode=post_mode, cohort_seed=seed)
    assert sum(len(task.samples(s)) for s in SPLITS) == 300
    assert unsolved(task, oracle_v2) == []


def test_it_solves_the_official_tasks(official_v2: Any, oracle_v2: Any) -> None:
    task = MedAgentBenchV2(data_file=official_v2 / "new_patient_tasks.json")
    assert sum(len(task.samples(s)) for s in SPLITS) == 300
    assert unsolved(task, oracle_v2) == []


def test_as_in_the_original_it_is_wrong_to_be_content_with_a_recent_ct(oracle_v2: Any) -> None:
    task = MedAgentBenchV2(source="synthetic", upstream_compat=True, types=[1, 2, 9])
    recent = [
        sample["id"]
        for split in SPLITS
        for sample in task.samples(split)
        if type_of(sample) == "task1"
        and task.cohort.branches["task1"][sample["eval_MRN"]] == "recent"
    ]
    assert len(recent) >= 10
    assert unsolved(task, oracle_v2) == recent


def test_the_same_over_http(task_v2: MedAgentBenchV2, oracle_v2: Any) -> None:
    with serve(task_v2.store) as server:
        task = MedAgentBenchV2(source="synthetic", fhir_base_url=server.base_url)
        task.setup()
        kinds: dict[str, int] = {}
        for sample in [s for split in SPLITS for s in task.samples(split)]:
            kinds[type_of(sample)] = kinds.get(type_of(sample), 0) + 1
            if kinds[type_of(sample)] > 2:
                continue
            rollout = task.rollout(sample, oracle_v2(sample, base=server.base_url))
            assert task.evaluate(sample, rollout), sample["id"]
        assert len(kinds) == 10
        assert server.overlay.writes == 0
        task.close()


@pytest.mark.parametrize("seed", [0, *[pytest.param(s, marks=SLOW) for s in range(1, 12)]])
def test_agents_that_never_look_solve_about_half_at_most(
    task_v2: MedAgentBenchV2, seed: int
) -> None:
    task = MedAgentBenchV2(source="synthetic", cohort_seed=seed) if seed else task_v2
    scores = task.describe()["lazy_scores"]
    assert set(scores) == {"do-nothing", "say-minus-one", "always-order", "order-tests"}
    assert all(one["all"] < 0.5 for one in scores.values()), scores
    assert json.dumps(scores)
    kinds = task.lazy_scores_by_type()
    best = {kind: max(of[kind] for of in kinds.values()) for kind in kinds["do-nothing"]}
    assert len(best) == 10
    assert max(best.values()) <= 0.6, best
    # Whoever knew the best blind answer of every type beforehand.
    assert sum(best.values()) / 10 < 0.53, best
