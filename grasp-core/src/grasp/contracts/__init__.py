"""Plain types that everything else speaks: no imports from other rooms."""

from __future__ import annotations

from grasp.contracts.agent import Agent, Backend, Completion, ModelCall, Usage, last_completion
from grasp.contracts.errors import (
    AgentError,
    AgentSetupError,
    BudgetSpent,
    Cancelled,
    ConfigError,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
    GraspError,
    PluginError,
    RunError,
    SkillError,
    TaskError,
)
from grasp.contracts.rollout import Message, Outcome, Rollout, Sample, Status
from grasp.contracts.task import SPLITS, InjectedSkill, Task, TaskBackend

__all__ = [
    "SPLITS",
    "Agent",
    "AgentError",
    "AgentSetupError",
    "Backend",
    "BudgetSpent",
    "Cancelled",
    "Completion",
    "ConfigError",
    "ContentFilterError",
    "ContextLimitError",
    "EndpointError",
    "GraspError",
    "InjectedSkill",
    "Message",
    "ModelCall",
    "Outcome",
    "PluginError",
    "Rollout",
    "RunError",
    "Sample",
    "SkillError",
    "Status",
    "Task",
    "TaskBackend",
    "TaskError",
    "Usage",
    "last_completion",
]
