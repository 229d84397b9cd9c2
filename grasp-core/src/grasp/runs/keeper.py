"""Keeps a run's skill files up to date as its events happen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.runs.rundir import RunDirectory
from grasp.skills import SkillLibrary, dump_skill, save_library, skill_from_json


class LibraryKeeper:
    """Writes ``skills/best``, ``skills/current`` and ``skills/history``."""

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self._number = 0

    def take(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Write what an event changed."""
        if kind == "validation" and facts.get("best"):
            save_library(_library(facts["skills"]), self._directory.best_skills)
        if kind == "update" and facts.get("accepted"):
            self._archive(f"e{facts['epoch']}-b{facts['cycle']}", facts["library"])
        if kind == "collapse" and facts.get("accepted"):
            self._archive(f"e{facts['epoch']}-collapse", facts["library"])

    def _archive(self, place: str, skills: list[dict[str, Any]]) -> None:
        """Write the library a change made as ``history/<n>-<place>/<skill>.md``."""
        self._number += 1
        folder = self._directory.skill_history / f"{self._number:03d}-{place}"
        folder.mkdir(parents=True, exist_ok=True)
        library = _library(skills)
        for skill in library:
            (folder / f"{skill.name}.md").write_text(dump_skill(skill), encoding="utf-8")
        save_library(library, self._directory.current_skills)


def _library(skills: list[dict[str, Any]]) -> SkillLibrary:
    return SkillLibrary(tuple(skill_from_json(s) for s in skills))
