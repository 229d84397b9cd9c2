"""Skills: the library as a value, its edits, its files, and how skills reach a prompt."""

from __future__ import annotations

from grasp.skills.agent import SkillAgent
from grasp.skills.edits import Action, Candidate, Edit, pair_edits
from grasp.skills.format import (
    dump_skill,
    export_flat,
    import_flat,
    load_library,
    parse_skill,
    save_library,
    skill_from_json,
    skill_to_json,
)
from grasp.skills.injection import inject, render_block, select
from grasp.skills.library import SkillLibrary, free_slots
from grasp.skills.skill import SKELETON, Provenance, Skill, slug

__all__ = [
    "SKELETON",
    "Action",
    "Candidate",
    "Edit",
    "Provenance",
    "Skill",
    "SkillAgent",
    "SkillLibrary",
    "dump_skill",
    "export_flat",
    "free_slots",
    "import_flat",
    "inject",
    "load_library",
    "pair_edits",
    "parse_skill",
    "render_block",
    "save_library",
    "select",
    "skill_from_json",
    "skill_to_json",
    "slug",
]
