"""Questions: what one is, and how the official file holds them (spec fhiragent, 2)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError
from grasp.literals import read_literal

#: A question of the task: a sample with the columns of the official file.
Record = dict[str, Any]

COLUMNS = (
    *("split", "question_id", "question", "true_answer", "assumption", "patient_fhir_id"),
    *("template", "main_table_name", "true_fhir_ids"),
)
#: The official file's names of the splits.
SPLIT_NAMES = {"train": "dev", "valid": "val", "test": "test"}

_YES_NO = re.compile(
    r"(?i)^\W*(?:has|have|had|is|are|was|were|did|does|do|tell me (?:if|whether)|"
    r"(?:can|could|would) you (?:check|tell me) (?:if|whether)|check (?:if|whether)|"
    r"determine (?:if|whether))\b"
)
_COUNT = re.compile(r"(?i)\b(?:how many|count|number of|calculate the (?:number|count))\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?")
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?\.?")


def parse_truth(text: str) -> list[list[Any]]:
    """Return the rows of a ``true_answer``, as Python or NumPy prints them.

    ``[[1]]``, ``[[201.]]``, ``[['a' 'b']]``, ``[[nan]]``, ``[]`` and rows on lines of their
    own are all read; what isn't a list at all is one value. ``...`` is left out.
    """
    text = text.strip()
    if not text.startswith("["):
        return [[_scalar(text)]] if text else []
    rows: list[list[Any]] = []
    row: list[Any] | None = None
    for token in _tokens(text):
        if token == "[":
            row = []
        elif token == "]":
            if row:
                rows.append(row)
            row = None
        elif row is None:  # A list of values that aren't rows.
            rows.append([_scalar(token)])
        else:
            row.append(_scalar(token))
    return rows


_TOKEN = re.compile(
    r"""\[|\]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?:np\.|Decimal\()?[^\s,\[\]'"]+""", re.DOTALL
)


def _tokens(text: str) -> list[str]:
    return [t for t in _TOKEN.findall(text) if t not in ("...", ",")]


def _scalar(token: str) -> Any:
    if token[:1] in "'\"":
        try:
            return read_literal(token)
        except ValueError:
            return token[1:-1]
    if token in ("None", "nan", "NaN", "null", "<NA>", "NaT"):
        return None
    if token in ("True", "False"):
        return int(token == "True")
    if _NUMBER.fullmatch(token):
        number = float(token)
        return int(number) if number.is_integer() and "." not in token else number
    return token


def is_empty(rows: list[list[Any]]) -> bool:
    """Whether a truth holds no value."""
    return all(value is None for row in rows for value in row)


def answer_type(question: str, rows: list[list[Any]]) -> str:
    """Return ``yes_no``, ``number``, ``time``, ``text``, ``list`` or ``empty``.

    The official file doesn't say; a table's shape and the question's words do.
    """
    values = [v for row in rows for v in row if v is not None]
    if not values:
        return "empty"
    if len(values) > 1:
        return "list"
    value = values[0]
    if isinstance(value, int | float):
        yes_no = value in (0, 1) and _YES_NO.search(question) and not _COUNT.search(question)
        return "yes_no" if yes_no else "number"
    return "time" if _TIME.fullmatch(str(value)) else "text"


def read_questions(path: Path) -> dict[str, list[Record]]:
    """Return the questions of an official file, split by split, in the file's order.

    Raises:
        TaskError: The file can't be read or has other columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (rows.fieldnames or ())]
            if missing:
                raise TaskError(
                    f"{path} has no column {missing[0]!r}",
                    "it is FHIR-AgentBench's questions_answers_sql_fhir.csv that is needed",
                )
            splits: dict[str, list[Record]] = {"dev": [], "val": [], "test": [], "ood": []}
            for number, row in enumerate(rows, 2):
                record = _record(row, path, number)
                splits.setdefault(record["split"], []).append(record)
            return splits
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{path} can't be read: {' '.join(str(error).split())}") from None


def _record(row: Mapping[str, Any], path: Path, line: int) -> Record:
    text = str(row.get("true_answer") or "")
    rows = parse_truth(text)
    try:
        ids = read_literal(row.get("true_fhir_ids") or "{}")
        true_ids = {str(kind): [str(i) for i in some] for kind, some in ids.items()}
    except (ValueError, AttributeError, TypeError):
        raise TaskError(f"{path}, line {line}: true_fhir_ids is no dictionary of lists") from None
    assumption = str(row.get("assumption") or "").strip()
    question = str(row["question"])
    return {
        "id": str(row["question_id"]),
        "split": SPLIT_NAMES.get(str(row["split"]), str(row["split"])),
        "question": question,
        "assumption": "" if assumption.lower() in ("nan", "none") else assumption,
        "patient_fhir_id": str(row["patient_fhir_id"]),
        "true_answer": text,
        "true_fhir_ids": true_ids,
        "answer_type": answer_type(question, rows),
        "template": str(row["template"]),
        "main_table_name": str(row["main_table_name"]),
    }
