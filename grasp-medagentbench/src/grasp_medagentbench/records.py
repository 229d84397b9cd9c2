"""Task records in the official form, and what can be read out of their wording."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError
from grasp_medagentbench.facts import NOT_FOUND

Record = Mapping[str, Any]

#: Types of v1 whose records carry the right answer (``sol``) and may lack an MRN.
ANSWERED_TYPES = frozenset({"task1"})

_QUOTED = re.compile(r'"([^"]+)"')
_BIRTH = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_WORD = r"[^\W\d_][\w'’.-]*"
#: The words after "name" or "named", up to the next clause: given names, then the family name.
_NAME = re.compile(rf"\bnamed?:?\s+({_WORD}(?:\s+(?!(?:and|born|with)\b){_WORD})+)")
_ID = re.compile(r"task\d+_\d+")


@dataclass(frozen=True)
class Person:
    """Somebody an instruction asks for by name and date of birth."""

    given: str
    family: str
    birth: date

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"


def quoted_text(record: Record) -> str:
    """Return the text between the quotation marks of an instruction.

    Tasks 3 and 8 quote what has to be filed, so instruction and grader can't disagree.

    Raises:
        LookupError: Nothing is quoted.
    """
    match = _QUOTED.search(record["instruction"])
    if match is None:
        raise LookupError(f"{record['id']} quotes nothing")
    return match[1]


def person_of(record: Record) -> Person:
    """Return whom a task 1 instruction asks for.

    Raises:
        TaskError: It has no name or no date of birth.
    """
    text = record["instruction"]
    name, birth = _NAME.search(text), _BIRTH.search(text)
    if name is None or birth is None:
        raise TaskError(
            f"{record['id']} names no patient with a date of birth",
            'write "name GIVEN FAMILY" and "YYYY-MM-DD" into its instruction',
        )
    words = name[1].split()
    # "van der Meer" is a family name, in which small letters lead.
    first = next((i for i, w in enumerate(words) if i and w[0].islower()), len(words) - 1)
    given, family = words[:first], " ".join(words[first:])
    year, month, day = (int(part) for part in birth.groups())
    try:
        return Person(" ".join(given), family, date(year, month, day))
    except ValueError as error:
        raise TaskError(f"{record['id']}: {birth[0]} is not a date") from error


def patients_of(records: Sequence[Record]) -> list[str]:
    """Return every MRN of the records once, in their order."""
    return list(dict.fromkeys(str(r["eval_MRN"]) for r in records if r.get("eval_MRN")))


def is_not_found(record: Record) -> bool:
    """Return whether the right answer of a task 1 record is that there is no such patient."""
    return list(record["sol"]) == [NOT_FOUND]


def read_records(path: Path, answered: Collection[str] = ANSWERED_TYPES) -> list[dict[str, Any]]:
    """Return the records of a file in the official form.

    Args:
        path: The file.
        answered: Types whose records carry ``sol``; all others name a patient.

    Raises:
        TaskError: The file can't be read, or is not of that form.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaskError(
            f"can't read the task file {path}: {error.strerror}", "check data_file"
        ) from error
    except ValueError as error:
        raise TaskError(f"{path} is not JSON: {error}", "check data_file") from error
    check_records(data, path.name, answered)
    return list(data)


def check_records(data: Any, source: str, answered: Collection[str] = ANSWERED_TYPES) -> None:
    """Make sure that data is a list of records in the official form with unique ids.

    Args:
        data: What was read.
        source: Its name, for the message.
        answered: See ``read_records``.

    Raises:
        TaskError: It isn't; names the first record at fault.
    """
    hint = "a record has id (task1_1, ...), instruction, context, and sol or eval_MRN"
    if not isinstance(data, list) or not data:
        raise TaskError(f"{source} is not a list of records", hint)
    seen: set[str] = set()
    for number, record in enumerate(data):
        problem = _problem(record, seen, answered)
        if problem:
            raise TaskError(f"{source}: record {number} {problem}", hint)
        seen.add(record["id"])


def _problem(record: Any, seen: set[str], answered: Collection[str]) -> str:
    if not isinstance(record, dict):
        return "is not an object"
    name = record.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        return f"has the id {name!r}"
    if name in seen:
        return f"repeats the id {name}"
    if not all(isinstance(record.get(key), str) for key in ("instruction", "context")):
        return f"({name}) lacks instruction or context"
    if name.partition("_")[0] in answered:
        return "" if isinstance(record.get("sol"), list) else f"({name}) lacks sol"
    return "" if isinstance(record.get("eval_MRN"), str) else f"({name}) lacks eval_MRN"
