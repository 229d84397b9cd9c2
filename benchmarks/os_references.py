"""How many official problems of AgentBench's OS pass with their reference commands.

``python benchmarks/os_references.py DATA [--sandbox NAME] [--image PATH] [--json]``, as root or as
another user. Each problem's machine is prepared; a wrong answer given before anything was done must
be refused, the reference's must pass. DATA is ``data/os_interaction`` of a clone of AgentBench;
problems whose script files are missing there are counted apart. No model takes part.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from grasp.contracts import GraspError, Sample
from grasp_agentbench.os_interaction.episode import is_correct
from grasp_agentbench.os_interaction.records import Problem
from grasp_agentbench.os_interaction.sandbox import Backend, Limits, Sandbox, Shell, choose
from grasp_agentbench.os_interaction.sandbox.base import run
from grasp_agentbench.os_interaction.sandbox.docker import CONTAINER_IMAGE
from grasp_agentbench.os_interaction.task import OsInteraction

SECONDS = 30.0
WRONG = "987654"

PASSED, FAILED, MISSING = "passed", "failed", "script missing"
UNPREPARED, ACCEPTED = "not prepared", "WRONG ANSWER ACCEPTED"


def verdicts(task: OsInteraction, backend: Backend, threads: int = 2) -> dict[str, str]:
    """Return what became of each official problem with checks: id -> verdict."""
    with ThreadPoolExecutor(threads) as pool:
        checked = list(_checked(task))
        found = pool.map(lambda one: MISSING if one[1] is None else tried(one[1], backend), checked)
        return {str(sample["id"]): said for (sample, _), said in zip(checked, found, strict=True)}


def _checked(task: OsInteraction) -> Iterator[tuple[Sample, Problem | None]]:
    for split in ("dev", "val", "test"):
        for sample in task.samples(split):
            try:
                problem = task.problem(sample)
            except GraspError:
                yield sample, None
            else:
                if problem is not None and problem.checks:
                    yield sample, problem


def tried(problem: Problem, backend: Backend) -> str:
    """Return what becomes of one problem, on a machine of its own."""
    sandbox = backend.start()
    try:
        if any(run(sandbox, script.argv(), SECONDS).status for script in problem.init):
            return UNPREPARED
        shell = Shell(sandbox)
        try:
            if problem.start is not None:
                shell.run(problem.start.code, SECONDS)
            if is_correct(problem, WRONG, sandbox, SECONDS):
                return ACCEPTED
            answer = _reference(problem, sandbox)
            return PASSED if is_correct(problem, answer, sandbox, SECONDS) else FAILED
        finally:
            shell.close()
    finally:
        sandbox.close()


def _reference(problem: Problem, sandbox: Sandbox) -> str:
    if problem.example is None:
        return ""
    return run(sandbox, problem.example.argv(), SECONDS, errors=False).output


def counted(found: Mapping[str, str]) -> dict[str, Any]:
    """Return how many of each verdict, and which did not pass."""
    rest = {sample: said for sample, said in found.items() if said != PASSED}
    return {"problems": len(found), "passed": len(found) - len(rest), "rest": rest}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data")
    parser.add_argument("--sandbox", default="userns")
    parser.add_argument("--image", default="auto")
    parser.add_argument("--container-image", default=CONTAINER_IMAGE, help="for docker")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    try:
        task = OsInteraction(source="official", data_dir=asked.data, image=asked.image)
        backend = choose(asked.sandbox, Limits(), task.image_root, asked.container_image)
        facts = counted(verdicts(task, backend))
    except GraspError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    if asked.json:
        print(json.dumps(facts, indent=2))
        return
    print(f"{facts['passed']} of {facts['problems']} pass")
    for sample, said in facts["rest"].items():
        print(f"  {sample}: {said}")


if __name__ == "__main__":
    main()
