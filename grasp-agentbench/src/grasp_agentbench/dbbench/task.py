"""The task ``agentbench-dbbench``: questions and changes by SQL (spec agentbench, 2)."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from grasp.contracts import (
    Agent,
    ConfigError,
    Rollout,
    Sample,
    Status,
    Task,
    TaskBackend,
    TaskError,
)
from grasp.dialogue import is_text
from grasp_agentbench.dbbench import prompts
from grasp_agentbench.dbbench.answers import same_answer, same_hash
from grasp_agentbench.dbbench.data import DBBENCH, DEV_FILE, STANDARD_FILE
from grasp_agentbench.dbbench.database import Server, StatementError
from grasp_agentbench.dbbench.episode import MAX_ROUNDS, Result, run_episode
from grasp_agentbench.dbbench.records import Record, expected, is_change, read_records, tables_of
from grasp_agentbench.dbbench.splits import split_records
from grasp_agentbench.dbbench.synth import synthetic_splits
from grasp_agentbench.sources import SOURCES

BACKENDS = ("auto", "embedded", "mariadb", "mysql")
#: Seconds that a statement may be given.
_LONGEST = 86400


class DBBench(Task):
    """DBBench of AgentBench: one table, fifteen rounds of SQL, one answer.

    Args:
        source: ``official`` records (pulled), ``synthetic`` (our own), or ``auto``: official if
            they have been pulled.
        seed: Of the synthetic tables and questions.
        backend: ``embedded`` (SQLite that understands MySQL), ``mariadb`` (a server of our own),
            ``mysql`` (the server of ``dsn``), or ``auto``: ``mysql`` with a ``dsn``, else
            ``embedded``.
        dsn: ``mysql://USER@HOST:PORT/`` of a server to use. The password is best set in the
            variable MYSQL_PWD: a run's record keeps none.
        sql_mode: Of MySQL's connections; empty, as most expected tables were made.
        statement_seconds: Longest that a statement may run.
        tool_calling: ``native``, or ``text`` for models whose endpoint has no tool calls.
        max_rounds: Model calls of an episode.
        upstream_compat: Keep the original's defects: a submission without argument, or with a
            number or object for one, breaks the environment and counts as wrong; the writer
            sees digests instead of statements, no tags and no guidance.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The official records can't be read.
    """

    name = "agentbench-dbbench"
    version: ClassVar[str] = "1"
    updater_task_family = "SQL on a MySQL database"
    updater_failure_examples = prompts.FAILURES

    def __init__(
        self,
        *,
        source: str = "auto",
        seed: int = 7,
        backend: str = "auto",
        dsn: str | None = None,
        sql_mode: str = "",
        statement_seconds: float = 60.0,
        tool_calling: str = "native",
        max_rounds: int = MAX_ROUNDS,
        upstream_compat: bool = False,
    ) -> None:
        if source not in SOURCES:
            raise ConfigError(f"source is {source!r}", f"it is one of {', '.join(SOURCES)}")
        if backend not in BACKENDS:
            raise ConfigError(f"backend is {backend!r}", f"it is one of {', '.join(BACKENDS)}")
        if max_rounds < 1:
            raise ConfigError(f"max_rounds is {max_rounds}", "use 1 or more")
        if not 0 < statement_seconds <= _LONGEST:
            raise ConfigError(
                f"statement_seconds is {statement_seconds}", f"use more than 0, at most {_LONGEST}"
            )
        if backend == "auto":
            backend = "embedded" if dsn is None else "mysql"
        if backend == "mysql" and dsn is None:
            raise ConfigError("backend mysql needs a server", "set dsn")
        if backend != "mysql" and dsn is not None:
            raise ConfigError(
                f"backend {backend} uses no other server", "leave out either dsn or backend"
            )
        if backend == "embedded" and sql_mode:
            raise ConfigError("the embedded database has no sql_mode", "set backend=mariadb")
        self.backend = backend
        self.max_turns = self._max_rounds = max_rounds
        self._as_text = is_text(tool_calling)
        self._compat = bool(upstream_compat)
        self._seed = seed
        self._server = _server(self.backend, dsn, float(statement_seconds), sql_mode)
        pulled = DBBENCH.complete
        self.source = source if source != "auto" else ("official" if pulled else "synthetic")
        if self.source == "synthetic":
            self._splits: Mapping[str, Sequence[Record]] = synthetic_splits(seed)
        elif pulled:
            self._splits = split_records(
                read_records([DBBENCH.verified(STANDARD_FILE)]),
                read_records([DBBENCH.verified(DEV_FILE)], first=300),
            )
        else:
            raise TaskError(
                "the official records have not been pulled", "grasp data pull agentbench-dbbench"
            )
        self._dev = frozenset(r["id"] for r in self._splits["dev"])
        if not self._compat:
            self.updater_guidance = prompts.GUIDANCE

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the records of ``dev``, ``val`` or ``test``."""
        return self._splits.get(split, ())

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode on a database of its own; ``raw`` is a ``Result``."""
        tables = tables_of(sample)
        try:
            database = self._server.open(tables)
        except StatementError as error:
            return Rollout(answer=str(error), status=Status.TASK_ERROR.value, raw=Result())
        try:
            return run_episode(
                sample,
                tables,
                database,
                agent,
                as_text=self._as_text,
                max_rounds=self._max_rounds,
                compat=self._compat,
            )
        finally:
            database.close()

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Compare the submitted answer, or the tables after a change, with what is expected."""
        result = rollout.raw
        if not isinstance(result, Result) or not result.submitted:
            return False
        if is_change(sample):
            return same_hash(result.digest, expected(sample))
        return same_answer(result.answer, expected(sample))

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return the kind of question and how it went wrong."""
        result = rollout.raw
        if self._compat or not isinstance(result, Result):
            return []
        tags = [f"type:{sample['type']}"]
        if not result.submitted:
            tags.append("never-submitted")
        elif is_change(sample):
            tags.append("table-differs" if result.statements else "no-statement")
        else:
            tags.append("answer-differs" if result.statements else "no-statement")
        return tags + sorted({f"sql-error:{number}" for number in result.errors})

    def metrics(self, sample: Sample, rollout: Rollout) -> Mapping[str, float]:
        """Return how many statements an episode took and which share failed."""
        result = rollout.raw
        if not isinstance(result, Result) or not result.statements:
            return {}
        share = len(result.errors) / result.statements
        return {"statements": float(result.statements), "sql_error_rate": share}

    def protocol_hook(self, first_user_content: str) -> str:
        """Remind of the tools, with skills or without, as the original does."""
        return prompts.REMINDER

    def instruction(self, sample: Sample) -> str:
        """Return the question."""
        return str(sample["description"])

    def report_group(self, sample: Sample) -> str:
        """Return ``INSERT``, ``UPDATE`` or ``SELECT``."""
        return str(sample["type"]) if is_change(sample) else "SELECT"

    def ground_truth(self, sample: Sample) -> str:
        """Return the label of a dev sample: the values, or the statement of a change."""
        if sample["id"] not in self._dev:
            return ""
        label = sample["answer_md5"] if self._compat and is_change(sample) else sample["label"]
        return label if isinstance(label, str) else "; ".join(map(str, label))

    def describe(self) -> dict[str, Any]:
        """Return source, database and settings."""
        told = json.dumps(self._splits, sort_keys=True)
        facts: dict[str, Any] = {
            "benchmark": "AgentBench DBBench",
            "source": self.source,
            "records_sha256": hashlib.sha256(told.encode()).hexdigest(),
            "backend": self.backend,
            "tool_calling": "text" if self._as_text else "native",
            "upstream_compat": self._compat,
        }
        return facts | ({"seed": self._seed} if self.source == "synthetic" else {})

    def backends(self) -> Sequence[TaskBackend]:
        """Return the databases that can be used."""
        driver = importlib.util.find_spec("pymysql") is not None
        parser = importlib.util.find_spec("sqlglot") is not None
        extra = "pip install 'grasp-agentbench[dbbench]'"
        return (
            TaskBackend(
                "embedded",
                parser,
                self.backend == "embedded",
                "SQLite in memory that understands MySQL; everywhere",
                "" if parser else extra,
            ),
            TaskBackend(
                "mariadb",
                driver and _mariadb_is_here(),
                self.backend == "mariadb",
                "a MariaDB of our own, unprivileged, on a socket; Linux and macOS",
                _mariadb_remedy() if driver else extra,
            ),
            TaskBackend(
                "mysql",
                driver and self.backend == "mysql",
                self.backend == "mysql",
                "any MySQL or MariaDB by its address",
                "" if self.backend == "mysql" else "-P dsn=mysql://USER@HOST:3306/",
            ),
        )

    def setup(self) -> None:
        """Start the server.

        Raises:
            TaskError: It can't be used here.
        """
        self._server.start()

    def close(self) -> None:
        """Stop the server."""
        self._server.stop()


def _server(backend: str, dsn: str | None, seconds: float, mode: str) -> Server:
    # Each is imported when it is used: the embedded one needs no driver, the others no parser.
    if dsn is not None:
        from grasp_agentbench.dbbench.mysql import MySQLServer, parse_dsn

        return MySQLServer(parse_dsn(dsn), seconds, mode)
    if backend == "mariadb":
        from grasp_agentbench.dbbench.mariadb import MariaDBServer

        return MariaDBServer(seconds, mode)
    from grasp_agentbench.dbbench.embedded.server import EmbeddedServer

    return EmbeddedServer(seconds)


def _mariadb_is_here() -> bool:
    from grasp_agentbench.dbbench.mariadb import find_programs

    return find_programs() is not None


def _mariadb_remedy() -> str:
    from grasp_agentbench.dbbench.mariadb import REMEDY

    return "" if _mariadb_is_here() else REMEDY
