"""Scripted agents that call tools: one that knows how, and near misses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage
from grasp_fhir_agentbench.records import Record

KINDS = (
    *("Patient", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation"),
    *("Location", "Specimen", "Medication"),
)
#: What the resources of a question's table refer to.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "patients": ("Patient",),
    "admissions": ("Patient", "Encounter"),
    "icustays": ("Encounter",),
    "labevents": ("Encounter", "Observation"),
    "chartevents": ("Encounter", "Observation"),
    "outputevents": ("Encounter", "Observation"),
    "prescriptions": ("Encounter", "MedicationRequest", "Medication"),
    "microbiologyevents": ("Encounter", "Observation", "Specimen"),
    "procedures_icd": ("Encounter", "Procedure"),
    "transfers": ("Encounter", "Location"),
    "diagnoses_icd": ("Encounter", "Condition"),
}


@lru_cache(maxsize=1)
def solver() -> str:
    return (Path(__file__).parent / "solver.py").read_text(encoding="utf-8")


def call(number: int, name: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{number}", "type": "function", "function": function}


class Oracle:
    """Retrieves what a question needs, solves it in the sandbox, and says the answer.

    Args:
        records: The questions it knows.
        change: Makes another answer of the right one, for near misses.
        leave_out: Resource type that it doesn't retrieve.
    """

    identity: Mapping[str, Any] = {"backend": "oracle"}

    def __init__(
        self,
        records: Mapping[str, Record],
        change: Callable[[Record, str], str] = lambda record, said: said,
        leave_out: str = "",
    ) -> None:
        self._by_prompt = {(r["patient_fhir_id"], r["question"]): r for r in records.values()}
        self._change = change
        self._leave_out = leave_out

    def close(self) -> None: ...

    def complete(self, call_: ModelCall) -> Completion:
        usage = Usage(calls=1)
        record = self._record(call_)
        last = call_.messages[-1]
        turns = sum(m["role"] == "agent" for m in call_.messages)
        if turns == 0:
            kinds = [k for k in NEEDED[record["main_table_name"]] if k != self._leave_out]
            calls = [
                call(
                    n,
                    "get_resources_by_patient_fhir_id",
                    resource_type=kind,
                    patient_fhir_id=record["patient_fhir_id"],
                )
                for n, kind in enumerate(kinds)
            ]
            return Completion("", usage, tuple(calls), "tool_calls")
        if turns == 1:
            told = json.dumps(record["val_dict"])
            code = f"{solver()}\ntold = json.loads({told!r})\n"
            code += "print(say(solve(told, retrieved_resources)))"
            return Completion("", usage, (call(9, "execute_python_code", code=code),), "tool_calls")
        printed = re.search(r"'stdout': (.*)}$", str(last["content"]), re.DOTALL)
        said = printed[1][1:-1] if printed else f"it failed: {last['content']}"
        return Completion(f"The final answer is: {self._change(record, said)}", usage)

    def _record(self, call_: ModelCall) -> Record:
        user = next(str(m["content"]) for m in call_.messages if m["role"] == "user")
        question = re.search(r"^Question: (.*)$", user, re.MULTILINE)
        patient = re.search(r"^Patient FHIR ID is (\S+)\.$", user, re.MULTILINE)
        assert question is not None
        assert patient is not None
        return self._by_prompt[patient[1], question[1]]
