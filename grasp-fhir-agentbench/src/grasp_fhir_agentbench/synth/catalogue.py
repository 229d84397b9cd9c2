"""Every kind of synthetic question: how it is asked, and what draws it (spec fhiragent, 9.2)."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import yaml

from grasp_fhir_agentbench.synth.drafts import Template
from grasp_fhir_agentbench.synth.families import MAKERS


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """Return all templates, in the order of their file."""
    text = files("grasp_fhir_agentbench.synth").joinpath("templates.yaml").read_text("utf-8")
    return tuple(
        Template(
            name,
            facts["family"],
            facts["table"],
            facts["kind"],
            tuple(facts["texts"]),
            MAKERS[name],
            facts.get("held_out", False),
        )
        for name, facts in yaml.safe_load(text).items()
    )
