"""Reads the transfers of the original's release: libraries that act elsewhere than where they grew.

Who wrote a library, and on what, stands in the name of a folder only (``mabv2-003-id-test``,
``gemini-001-to-gpt54-ood``, ``gpt54-to-oss-expel-seed2``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from grasp.results.figures import Figure
from grasp.results.scores import read_json, read_score

_OSS, _GEMINI, _GPT5 = "gpt-oss-120b", "gemini-3.1-flash-lite", "gpt-5.4-low"
_MODELS = {"oss": _OSS, "gemini": _GEMINI, "gpt54": _GPT5}
#: Short names of where a library is from: its writer and its benchmark.
_SOURCES = {
    "mab": (_OSS, "MedAgentBench"),
    "mab5": (_GPT5, "MedAgentBench"),
    "mabv2": (_OSS, "MedAgentBench-v2"),
    "fhir": (_OSS, "FHIR-AgentBench"),
    "dbbench": (_OSS, "dbbench"),
    "os": (_OSS, "os"),
}
_METHODS = {"memory": "sequential_memory"}

_FROM_BENCHMARK = re.compile(
    r"(mab5?|mabv2|fhir|dbbench)-(\d{3})-(?:id-|ood-)?test|(os)_(?:id_|ood_)?test"
)
_FROM_MODEL = re.compile(r"(oss|gemini|gpt54)-(\d{3})-to-(oss|gemini|gpt54)-(?:id|ood)")
_TO_GPT_OSS = re.compile(r"gemini(\d?)_(?:id|ood)")
_OF_METHOD = re.compile(r"gpt54-to-(oss|gemini)-(\w+?)(?:-seed(\d))?")


class Origin(NamedTuple):
    """What the name of a transfer's folder says."""

    study: str
    model: str
    benchmark: str
    writer: str
    learned_on: str
    method: str
    run: str


def transfers(root: Path) -> Iterator[tuple[Path, Origin | None, list[Figure]]]:
    """Yield every transfer below a folder: where it is, what it is, and its figures.

    What can't be told from the name is yielded with ``None`` and no figures: early trials, mostly.

    Raises:
        RunError: A file is damaged.
    """
    found = {
        p.parent
        for name in ("id_test_score", "test_score", "scores")
        for p in root.rglob(f"{name}.json")
    }
    for folder in sorted(found):
        origin = origin_of(folder)
        yield folder, origin, [] if origin is None else list(_figures(folder, origin))


def origin_of(folder: Path) -> Origin | None:
    """Return what a folder's name and place say of a transfer."""
    name, place = folder.name, folder.parent.name
    if match := _FROM_MODEL.fullmatch(name):
        writer, run, model = match.groups()
        return _between_models(_MODELS[model], _MODELS[writer], "grasp", run)
    if match := _OF_METHOD.fullmatch(name):
        model, method, seed = match.groups()
        return _between_models(
            _MODELS[model], _GPT5, _METHODS.get(method, method), f"00{seed or 1}"
        )
    if match := _TO_GPT_OSS.fullmatch(name):
        return _between_models(_OSS, _GEMINI, "grasp", f"00{match[1] or 1}")
    if name == "base_test":
        return Origin("transfer_benchmark", _OSS, place, _OSS, "", "no_skills", "001")
    if match := _FROM_BENCHMARK.fullmatch(name):
        writer, learned_on = _SOURCES[match[1] or match[3]]
        run = match[2] or "001"
        return Origin("transfer_benchmark", _OSS, place, writer, learned_on, "grasp", run)
    return None


def _between_models(model: str, writer: str, method: str, run: str) -> Origin:
    benchmark = "MedAgentBench"
    return Origin("transfer_model", model, benchmark, writer, benchmark, method, run)


def _figures(folder: Path, origin: Origin) -> Iterator[Figure]:
    def figure(split: str, score: float) -> Figure:
        return Figure(**origin._asdict(), split=split, stage="frozen", epoch=None, score=score)

    # What the original calls test is another distribution where there is an id_test.
    other = "ood" if origin.benchmark.startswith("MedAgentBench") else "test"
    splits: Mapping[str, str] = {"id_test": "test", "test": other}
    for name, split in splits.items():
        file = folder / f"{name}_score.json"
        if file.exists():
            yield figure(split, read_score(file, read_json(file)))
    both = folder / "scores.json"
    if both.exists():
        scores: Any = read_json(both)
        for name, split in splits.items():
            if isinstance(scores, dict) and name in scores:
                yield figure(split, read_score(both, {"score": scores[name]}))
