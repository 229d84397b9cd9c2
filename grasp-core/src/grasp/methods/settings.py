"""How a method learns: the validated settings of the loop (method.md, section 1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


def _named(default: Any, *original: str, **limits: Any) -> Any:
    """Declare a setting that also answers to the original's key."""
    return Field(default, validation_alias=AliasChoices(*original) if original else None, **limits)


class CycleSettings(BaseModel):
    """Settings of the learning loop. The original's key names are aliases."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    epochs: int = Field(5, ge=0, description="Passes over the dev split (E).")
    batch_size: int = _named(
        48, "batch_size", "update_every", ge=1, description="Samples per update (B)."
    )
    candidates: int = _named(
        4, "candidates", "grpo_k", ge=1, description="Proposals per update (K)."
    )
    probe_size: int = _named(
        36,
        "probe_size",
        "grpo_eval_n",
        ge=2,
        description="Probe samples, half failing and half passing (N).",
    )
    invalid_action_penalty: float = Field(
        2, ge=1, description="Weight of a regression by an invalid action (lambda)."
    )
    max_skills: int = _named(
        10, "max_skills", "max_learned_skills", ge=1, description="Capacity of the library."
    )
    max_edits_per_proposal: int = _named(
        1,
        "max_edits_per_proposal",
        "max_proposals",
        ge=1,
        description="Edits one proposal may make.",
    )
    proposal_temperature: float | None = Field(
        None, ge=0, le=2, description="Temperature of the skill writer; unset = the agent's."
    )
    concurrency: int = _named(
        5, "concurrency", "batch_concurrency", ge=1, description="Episodes in flight."
    )
    no_skills_baseline: bool = _named(
        True,
        "no_skills_baseline",
        "run_baseline",
        description="Evaluate val and the test splits without skills too.",
    )
    seed: int = Field(1, description="Seed of every random choice of the loop.")

    gate: str = Field("paper", description="Name of a registered gate.")
    gate_params: dict[str, Any] = Field(default_factory=dict, description="Parameters of the gate.")
    curtail: bool = Field(
        True,
        description="Stop probing a candidate that can no longer win; the decision is the same.",
    )
    no_gate: bool = Field(False, description="Ablation: apply the first valid proposal unprobed.")
    regression_gate: bool = Field(True, description="false: ablation without regression budget.")
    fixes_only: bool = _named(
        False, "fixes_only", "fixes_only_scoring", description="Ablation: score counts fixes only."
    )
    append_only: bool = Field(False, description="Ablation: only ADD is allowed.")
    cluster: bool = _named(
        True, "cluster", "cluster_failures", description="false: proposals see the whole batch."
    )
    blind_select: Literal["proposer", "random"] | None = Field(
        None, description="Ablation: choose among the candidates without probe scores."
    )
    contrastive_revision: bool = Field(
        True, description="Ask once to narrow a winner that broke something."
    )
    split_pairs: bool = Field(
        False, description="Probe a REMOVE and an ADD of one proposal apart, as the original."
    )
    collapse_threshold: float = Field(
        0.05, ge=0, le=1, description="Dev score under which the newest skill is put to the test."
    )

    limit: int | None = Field(
        None, ge=1, description="Only the first so many samples of each split, for trying out."
    )
    per_type: int | None = Field(
        None, ge=1, description="Only the first so many samples of each type of a split, likewise."
    )

    probe_source: Literal["published", "holdout"] = Field(
        "published",
        description="Where probe samples come from: the published rule, or the task's probe split.",
    )
    prompts: Literal["full", "compact"] = Field(
        "full", description="Skill writer's prompts; compact suits models of a few billion weights."
    )
    classify: bool = Field(True, description="Label failures by mechanism and group them.")
    diagnose: bool = Field(True, description="Ask for one sentence on every failure.")
    trace_messages: int = Field(8, ge=0, description="Last messages of a trace the writer sees.")
    trace_chars: int = Field(400, ge=20, description="Characters of each such message.")
    passing_shown: int | None = Field(
        None, ge=0, description="Passing episodes beside a failure group; unset = all of the batch."
    )
    writer_max_tokens: int | None = Field(
        None, ge=16, description="Upper bound of a skill writer's answer; unset = the preset's."
    )
