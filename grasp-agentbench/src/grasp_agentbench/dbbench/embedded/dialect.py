"""Reads MySQL, writes SQLite: the two ends of the translation (sqlglot)."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.sqlite import SQLite

from grasp_agentbench.dbbench.embedded.functions import NAMED, OWN

#: Functions that sqlglot reads by a grammar of their own, and that need none.
_WITHOUT_GRAMMAR = frozenset(("CEIL", "FLOOR"))


class ReadMySQL(MySQL):
    """MySQL, but functions that SQLite gets from us stay as they are written."""

    class Parser(MySQL.Parser):  # type: ignore[valid-type,misc]
        """See ``ReadMySQL``."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {
            name: build for name, build in MySQL.Parser.FUNCTIONS.items() if name not in NAMED
        }
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: parse
            for name, parse in MySQL.Parser.FUNCTION_PARSERS.items()
            if name not in _WITHOUT_GRAMMAR
        }


class WriteSQLite(SQLite):
    """SQLite with names in backticks: it takes unknown names in double quotes for text."""

    class Tokenizer(SQLite.Tokenizer):
        """See ``WriteSQLite``."""

        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ["`"]

    class Generator(SQLite.Generator):  # type: ignore[valid-type,misc]
        """Calls our functions by names that are no words of SQLite's grammar."""

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            """Write a call."""
            name = str(expression.name)
            ours = OWN + name.lower() if name.upper() in NAMED else name
            return str(self.func(ours, *expression.expressions, normalize=False))


def call(name: str, *arguments: Any) -> exp.Anonymous:
    """Return a call of a function by its name."""
    return exp.Anonymous(this=name, expressions=list(arguments))
