"""The tasks keep the contract that grasp-core's conformance kit looks after."""

from __future__ import annotations

import pytest

from grasp.plugins import registry
from grasp.testing import check_plugin, check_task

TASKS = [s.name for p, s in registry().offers("tasks") if p.distribution == "grasp-medagentbench"]

#: Looks for the patient's magnesium, then answers with what may be right; the kit's own
#: voices seldom write an address that a FHIR server knows.
SEARCHER = [
    {"match": r"GET \S+code=MG", "where": "any", "answer": "FINISH([-1])"},
    {
        "match": r"(S\d{5,7})",
        "answer": r"GET http://localhost:8080/fhir/Observation?code=MG&patient=\1",
    },
    {"answer": "FINISH([])"},
]


def test_the_plugin() -> None:
    assert check_plugin("grasp-medagentbench").findings == ()


@pytest.mark.parametrize("name", TASKS)
def test_every_task(name: str) -> None:
    assert check_task(name, policy=SEARCHER, examples=20).findings == ()


@pytest.mark.parametrize("params", [{"post_mode": "strict"}, {"upstream_compat": True}])
@pytest.mark.parametrize(
    "name", ["medagentbench", pytest.param("medagentbench-v2", marks=pytest.mark.slow)]
)
def test_medagentbench_in_its_other_modes(name: str, params: dict[str, object]) -> None:
    assert check_task(name, params=params, examples=5).findings == ()
