"""The embedded server for people who may not have the extra: says what to install."""

from __future__ import annotations

from collections.abc import Sequence

from grasp.contracts import PluginError
from grasp_agentbench.dbbench.database import Database
from grasp_agentbench.dbbench.records import Table


class EmbeddedServer:
    """Imports the translation with the first database.

    Args:
        seconds: Longest that a statement may run.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def start(self) -> None:
        """Make sure that what it needs is installed.

        Raises:
            PluginError: It is not.
        """
        try:
            import regex  # noqa: F401
            import sqlglot  # noqa: F401
        except ImportError as error:
            raise PluginError(
                f"the embedded database needs the package {error.name}",
                "pip install 'grasp-agentbench[dbbench]'",
            ) from None

    def open(self, tables: Sequence[Table]) -> Database:
        """Make a database with these tables."""
        self.start()
        from grasp_agentbench.dbbench.embedded.connection import EmbeddedDatabase

        return EmbeddedDatabase(tables, self._seconds)

    def stop(self) -> None:
        """There is nothing to stop."""
