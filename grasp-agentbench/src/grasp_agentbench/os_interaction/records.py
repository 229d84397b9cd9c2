"""The records of the benchmark: a problem, how its machine is prepared, how it is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grasp.contracts import TaskError
from grasp_agentbench.os_interaction.checks import COMPARISONS
from grasp_agentbench.splits import part

#: A sample: ``id``, ``type``, ``description`` and a ``problem`` (see ``Problem``).
Record = dict[str, Any]

#: Worlds that dev and val are made of; test is world 6 and the benchmark's dev file.
_WORLDS = (1, 2, 3, 4, 5, 7)
_TEST_WORLD = 6
_GET_DATA = (
    "git clone https://github.com/THUDM/AgentBench, then data_dir=AgentBench/data/os_interaction"
)


@dataclass(frozen=True)
class Script:
    """A script: ``bash`` or ``python``, and its code."""

    language: str
    code: str

    def argv(self, *arguments: str) -> list[str]:
        """Return the command that runs it."""
        if self.language == "python":
            return ["python3", "-c", self.code, *arguments]
        return ["bash", "-c", self.code, *(("--", *arguments) if arguments else ())]


@dataclass(frozen=True)
class Problem:
    """What is asked, and how it is prepared and checked.

    Attributes:
        init: Scripts that prepare the machine; the agent is not asked if one fails.
        start: Runs in the agent's shell before it.
        match: The answer, or ``None``.
        pattern: Regular expression that the answer has a match of, or ``None``.
        strip: White space around the answer doesn't count.
        checks: Scripts, names of comparisons, or ``None`` for the reference.
        example: The reference.
    """

    init: tuple[Script, ...] = ()
    start: Script | None = None
    match: str | None = None
    pattern: str | None = None
    strip: bool = True
    checks: tuple[Script | str | None, ...] = ()
    example: Script | None = None


def problem_of(data: Mapping[str, Any], scripts: Path | None = None) -> Problem:
    """Return the problem of a record in the official form.

    Args:
        data: The record.
        scripts: Folder of the scripts it names.

    Raises:
        TaskError: A script is missing.
        ValueError: It has neither an answer nor checks.
    """
    create, evaluation = data.get("create"), data["evaluation"]
    # Two official records have a list here by mistake; it prepares nothing.
    init = create.get("init") if isinstance(create, dict) else None
    inits = init if isinstance(init, list) else [init]
    match = evaluation.get("match")
    checks = evaluation.get("check", [])
    checks = checks if isinstance(checks, list) else [checks]
    if match is None and not checks:
        raise ValueError("it has neither match nor check")
    pattern = match.get("regex") if isinstance(match, dict) else None
    return Problem(
        init=tuple(s for one in inits if (s := _script(one, scripts)) is not None),
        start=_script(data.get("start"), scripts),
        match=str(match.get("answer")) if isinstance(match, dict) and not pattern
        else None if isinstance(match, dict) else match,
        pattern=pattern,
        strip=not isinstance(match, dict) or bool(match.get("strip", True)),
        checks=tuple(_check(one, scripts) for one in checks),
        example=_script(evaluation.get("example"), scripts),
    )  # fmt: skip


def _check(data: Any, scripts: Path | None) -> Script | str | None:
    if isinstance(data, dict) and PurePosixPath(str(data.get("file", ""))).name in COMPARISONS:
        return PurePosixPath(data["file"]).name
    return _script(data, scripts)


def _script(data: Any, scripts: Path | None) -> Script | None:
    if data is None:
        return None
    if isinstance(data, str):
        return Script("bash", data)
    if not isinstance(data, Mapping):
        raise TypeError(f"{data!r} is no script")
    language = str(data.get("language", "bash"))
    if "code" in data:
        return Script(language, str(data["code"]))
    if scripts is None:
        raise TaskError(f"the script {data['file']} is not here", _GET_DATA)
    path = scripts / str(data["file"])
    try:
        return Script(language, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"can't read the script {path}: {error}", _GET_DATA) from None


def read_splits(folder: Path, *, compat: bool) -> dict[str, list[Record]]:
    """Read the official records into GRASP's ``dev``, ``val`` and ``test``.

    Args:
        folder: ``data/os_interaction`` of AgentBench.
        compat: Keep the original's ids, which are one off: a sample runs the record before the
            one that its description is of, and those numbered 0 can't be run.

    Raises:
        TaskError: A file is missing or is not what it should be.
    """
    worlds = {world: _world(folder, world, compat) for world in (*_WORLDS, _TEST_WORLD)}
    dev, val = part(worlds[world] for world in _WORLDS)
    scripts = folder / "scripts" / "dev"
    held_out = _file(folder / "data" / "dev.json", "dev-001-dev", scripts, compat)
    return {"dev": dev, "val": val, "test": worlds[_TEST_WORLD] + held_out}


def _world(folder: Path, world: int, compat: bool) -> list[Record]:
    records: list[Record] = []
    for path in sorted((folder / "data" / str(world)).glob("*.json")):
        scripts = folder / "scripts" / str(world)
        records += _file(path, f"std-{world:03}-{path.stem}", scripts, compat)
    if not records:
        raise TaskError(f"there are no records in {folder / 'data' / str(world)}", _GET_DATA)
    return records


def _file(path: Path, prefix: str, scripts: Path, compat: bool) -> list[Record]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        listed: Sequence[Mapping[str, Any]] = [data] if isinstance(data, dict) else data
        for number, record in enumerate(listed):
            _check_shape(record, number)
        return [
            {
                "id": f"{prefix}-{n:05}",
                "type": prefix.split("-")[2],
                "description": str(record["description"]),
                "labels": list(record.get("labels") or []),
                # What the machine is given; in the original the record before.
                "ran": str(listed[n - compat]["description"]) if n >= compat else "",
                "problem": _told(listed[n - compat]) if n >= compat else None,
                "scripts": str(scripts),
            }
            for n, record in enumerate(listed)
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TaskError(
            f"{path} is not a file of AgentBench's OS: {type(error).__name__}: {error}", _GET_DATA
        ) from None


def _check_shape(record: Mapping[str, Any], number: int) -> None:
    """See that a record can be run, but for the scripts that it names.

    Raises:
        ValueError: It can't.
    """
    try:
        problem = problem_of(record)
    except TaskError:
        return
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"record {number}: {type(error).__name__}: {error}") from None
    scripts = (*problem.init, problem.start, problem.example, *problem.checks)
    if any("\0" in one.code for one in scripts if isinstance(one, Script)):
        raise ValueError(f"record {number}: no script has a NUL in it")


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in ("create", "start", "evaluation") if key in record}
