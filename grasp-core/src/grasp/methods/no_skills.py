"""The baseline: an agent that learns nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from grasp.methods.base import Method
from grasp.methods.context import Context
from grasp.methods.harness import LearningResult, run_epochs


class NoSkills(Method):
    """Evaluates the bare agent: validation once, then the sealed test splits."""

    name: ClassVar[str] = "no-skills"

    def run(self) -> Any:
        """Run no epoch; the baseline is the result."""
        settings = self.context.settings.model_copy(
            update={"epochs": 0, "no_skills_baseline": True}
        )
        context = Context(**{**vars(self.context), "settings": settings})
        result = run_epochs(self, context)
        return LearningResult(**{**vars(result), "best_val": result.baseline_val})
