"""Errors a user can cause, each with the remedy.

The command line prints ``message`` and ``hint`` and no traceback; library code
raises these and never exits or prints.
"""

from __future__ import annotations


class GraspError(Exception):
    """A problem the user can mend.

    Args:
        message: What is wrong, one line.
        hint: What to do about it, one line; empty where the message says it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(GraspError):
    """A configuration file, option or parameter is not valid."""

    exit_code = 2


class PluginError(GraspError):
    """A plugin is missing, broken, ambiguous or does not fit this version."""


class TaskError(GraspError):
    """A task can't be set up: missing data, unreachable environment, empty split."""


class RunError(GraspError):
    """A run directory can't be created, read, resumed or written."""


class SkillError(GraspError):
    """A skill, an edit or a skill file is not valid."""


class AgentError(GraspError):
    """A model call failed for good.

    ``kind`` is a short stable word for journals (``timeout``, ``rate_limit``,
    ``server``, ``connection``, ``content_filter``, ``bad_request``, …).
    ``fatal`` means that every other call would fail too (a wrong key, an unknown
    model), so a run stops instead of counting wrong answers.
    """

    kind = "error"
    fatal = False

    def __init__(self, message: str, hint: str = "", *, kind: str | None = None) -> None:
        super().__init__(message, hint)
        if kind is not None:
            self.kind = kind


class EndpointError(AgentError):
    """The endpoint could not be reached or kept failing after all retries."""

    kind = "connection"


class ContextLimitError(AgentError):
    """The prompt is longer than the model's context."""

    kind = "context_limit"


class ContentFilterError(AgentError):
    """The endpoint refused to answer this prompt."""

    kind = "content_filter"


class AgentSetupError(AgentError):
    """No call can succeed: missing variable, wrong key, unknown model, not recorded."""

    kind = "setup"
    fatal = True


class Cancelled(AgentError):
    """The run is stopping: no new call is made."""

    kind = "cancelled"
    fatal = True


class BudgetSpent(AgentError):
    """The run has spent what it may; it stops with everything learned so far saved."""

    kind = "budget"
    fatal = True
    exit_code = 3
