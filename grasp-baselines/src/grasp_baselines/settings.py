"""Parameters of the methods (``method_params`` of a configuration)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grasp.contracts import ConfigError, Outcome, Task


class Params(BaseModel):
    """What all have: ``upstream_compat`` brings back the original's defects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    upstream_compat: bool = Field(False, description="Keep the original's defects.")


class NotingParams(Params):
    """Of methods whose writer may be shown the expected answer (baselines.md, 8)."""

    show_reference: bool | None = Field(
        None,
        description="Show the writer a dev sample's expected answer; unset = as the task says.",
    )

    def reference(self, outcome: Outcome, task: Task) -> str:
        """Return what the writer is told of the expected answer; empty for nothing."""
        shown = task.shows_reference if self.show_reference is None else self.show_reference
        return outcome.ground_truth if shown else ""


class MemoryParams(NotingParams):
    """Sequential and batch memory (baselines.md, 1 and 2)."""

    max_bullets: int | None = Field(
        None, ge=1, description="Keep only the newest notes; unset = all, as published."
    )


class ExpelParams(Params):
    """ExpeL (baselines.md, 3)."""

    max_num_rules: int = Field(20, ge=1, description="Rules that are kept.")
    success_sample: int = Field(10, ge=1, description="Successes critiqued together.")


class EvoParams(NotingParams):
    """Evo-memory (baselines.md, 4). Sizes of texts are in characters."""

    episodic_enabled: bool = Field(True, description="Keep and show episodes.")
    semantic_enabled: bool = Field(True, description="Keep and show rules.")
    episodic_top_k: int = Field(3, ge=0, description="Episodes shown.")
    semantic_top_k: int = Field(8, ge=0, description="Rules shown.")
    max_episodes: int = Field(500, ge=1, description="Newest episodes kept.")
    max_semantic_rules: int = Field(25, ge=1, description="Rules kept.")
    max_tags_per_rule: int = Field(10, ge=0, description="Tags of a rule.")
    max_context_chars: int = Field(6000, ge=100, description="Size of the whole block.")
    semantic_context_max_chars: int = Field(2400, ge=100, description="Size of its rules.")
    episodic_context_max_chars: int = Field(2400, ge=100, description="Size of its episodes.")
    utility_weight: float = Field(0.15, ge=0, description="Weight of a rule's utility.")
    ucb_c: float = Field(0.8, ge=0, description="Exploration of rules seldom shown.")
    p0_pinned_n: int = Field(2, ge=0, description="Rules of priority 0 shown always.")


class SkillxParams(Params):
    """SkillX (baselines.md, 5). Sizes of texts are in characters."""

    retrieval_top_k: int = Field(5, ge=1, description="Skills shown.")
    filter_stage1: bool = Field(True, description="Ask whether each new skill is good.")
    use_plan_extraction: bool = Field(True, description="Ask for a plan of each success.")
    enable_llm_merge: bool = Field(True, description="Ask to merge skills of one name.")
    extractor_max_retries: int = Field(2, ge=1, description="Tries for a plan step's skills.")
    max_history_messages: int = Field(24, ge=4, description="Messages of a trajectory.")
    max_message_chars: int = Field(1200, ge=50, description="Size of each of them.")
    max_action_chars: int = Field(600, ge=50, description="Size of each action.")
    max_actions: int = Field(12, ge=4, description="Actions of a trajectory.")


P = TypeVar("P", bound=Params)


def params_of(model: type[P], config: Mapping[str, Any]) -> P:
    """Read a method's parameters from a run's configuration.

    Raises:
        ConfigError: A parameter doesn't exist or is out of range.
    """
    try:
        return model.model_validate(config.get("method_params") or {})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"method_params.{name}: {first['msg']}",
            f"known: {', '.join(sorted(model.model_fields))}",
        ) from None
