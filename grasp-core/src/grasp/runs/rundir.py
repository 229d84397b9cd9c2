"""The run directory: where a run lives, who holds it, and what it wrote."""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from grasp.contracts import RunError
from grasp.runs.scores import read_summary

fcntl: Any
try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no advisory locks of this kind.
    fcntl = None

CONFIG = "config.yaml"
JOURNAL = "journal.jsonl"
CALLS = "calls.sqlite"
SCORES = "scores.json"
SKILLS = "skills"

#: A disk without space, a quota, a limit on the size of files.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: Everything a run writes; ``--force`` removes these and nothing else.
_OWN = (
    CONFIG, JOURNAL, "journal.superseded.jsonl", "journal.tmp", CALLS, f"{CALLS}-wal",
    f"{CALLS}-shm", SCORES, SKILLS, "report.html", "lock",
)  # fmt: skip


#: What to do where a folder can't be made or written in.
_ELSEWHERE = "choose another folder, or make way for this one"


class RunDirectory:
    """A folder that one process at a time runs in.

    Args:
        path: The folder.

    Raises:
        RunError: It can't be created, or another process runs in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @property
    def config_file(self) -> Path:
        """Resolved configuration, without secrets."""
        return self.path / CONFIG

    @property
    def journal_file(self) -> Path:
        """Events of the run."""
        return self.path / JOURNAL

    @property
    def calls_file(self) -> Path:
        """Answers of the run."""
        return self.path / CALLS

    @property
    def scores_file(self) -> Path:
        """Summary of a finished run."""
        return self.path / SCORES

    @property
    def best_skills(self) -> Path:
        """Library of the best checkpoint so far."""
        return self.path / SKILLS / "best"

    @property
    def final_skills(self) -> Path:
        """Final library of a finished run."""
        return self.path / SKILLS / "final"

    @property
    def current_skills(self) -> Path:
        """Library the run acts with now; kept up to date, whatever stops the run."""
        return self.path / SKILLS / "current"

    @property
    def skill_history(self) -> Path:
        """Every accepted edit and earlier version."""
        return self.path / SKILLS / "history"

    @property
    def exists(self) -> bool:
        """A run has been started here."""
        return self.config_file.exists() or self.journal_file.exists()

    @property
    def finished(self) -> bool:
        """The run here has come to its end."""
        return self.scores_file.exists()

    def open(self, *, resume: bool, force: bool) -> None:
        """Create the folder, or take it over, and lock it.

        Raises:
            RunError: There is a run already and neither ``resume`` nor ``force`` is set;
                or there is none to resume; or another process holds it.
        """
        if resume and not self.exists:
            raise RunError(f"no run to resume in {self.path}", "leave out --resume to start one")
        if self.exists and not (resume or force):
            state = "finished" if self.finished else "unfinished"
            raise RunError(
                f"{self.path} holds a {state} run",
                "go on with --resume, start anew with --force, or choose another --run-dir",
            )
        make_folder(self.path)
        self._acquire()
        if force and not resume:
            for name in _OWN:
                if name != "lock":
                    _remove(self.path / name)

    def _acquire(self) -> None:
        try:
            self._lock = (self.path / "lock").open("a")
        except OSError as error:
            raise RunError(f"can't write in {self.path}: {error.strerror}", _ELSEWHERE) from None
        if fcntl is None:  # pragma: no cover
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise RunError(
                f"another process runs in {self.path}", "wait for it, or choose another folder"
            ) from None

    def write_config(self, data: Mapping[str, Any]) -> None:
        """Write the resolved configuration."""
        write_text(self.config_file, yaml.safe_dump(dict(data), sort_keys=False))

    def read_config(self) -> dict[str, Any]:
        """Read the configuration the run was started with.

        Raises:
            RunError: It is missing or damaged.
        """
        try:
            data = yaml.safe_load(self.config_file.read_text(encoding="utf-8"))
            if not isinstance(data, dict | None):
                raise ValueError("it is not a mapping of settings")
            return data or {}
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            why = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
            raise RunError(
                f"can't read {self.config_file}: {why}",
                f"restore it, or remove {self.path} and run again",
            ) from None

    def write_scores(self, data: Mapping[str, Any]) -> None:
        """Write the summary; its presence means that the run is finished."""
        write_text(self.scores_file, json.dumps(data, indent=2) + "\n")

    def read_scores(self) -> dict[str, Any]:
        """Read the summary of a finished run.

        Raises:
            RunError: It is missing or damaged.
        """
        remedy = f"grasp run … --run-dir {self.path} --resume makes it again, and pays nothing"
        return read_summary(self.scores_file, remedy)

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is None:
            return
        if [p.name for p in self.path.iterdir()] == ["lock"]:  # The run never started.
            (self.path / "lock").unlink()
            self.path.rmdir()
        self._lock.close()
        self._lock = None


def new_run_path(output_dir: str | Path, task: str, method: str) -> Path:
    """Return a fresh folder name: ``<output_dir>/<task>-<method>-<date>-<time>``."""
    stem = f"{_stem(task, method)}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = Path(output_dir) / stem
    number = 2
    while path.exists():
        path = Path(output_dir) / f"{stem}-{number}"
        number += 1
    return path


def _stem(task: str, method: str) -> str:
    return f"{task}-{method}".replace("/", "-")


def latest_run(output_dir: str | Path, task: str, method: str) -> Path:
    """Return the newest run of a task and method.

    Raises:
        RunError: There is none.
    """
    pattern = f"{glob.escape(_stem(task, method))}-[0-9]*/{CONFIG}"
    runs = sorted(Path(output_dir).glob(pattern), key=os.path.getmtime)
    if not runs:
        raise RunError(f"no run of {task} with {method} in {output_dir}", "name it with --run-dir")
    return runs[-1].parent


def make_folder(path: Path) -> None:
    """Make a folder where there is none yet.

    Raises:
        RunError: It can't be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't create {path}: {error.strerror or error}", _ELSEWHERE) from None


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text, never a part.

    Raises:
        RunError: The disk is full or the file can't be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise RunError(
            f"can't write {path}: {error.strerror or error}",
            "free disk space, then go on where it stopped with --resume"
            if error.errno in _FULL
            else f"make way for {path.name}, and look at the folder's permissions",
        ) from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def runs_in(path: Path) -> list[Path]:
    """Return the run in a folder, or those at any depth below it.

    Raises:
        RunError: There is none.
    """
    folders = list(find_runs(path))
    if not folders:
        raise RunError(f"no run in {path}", "give a run's folder, or a folder of runs")
    return folders


def find_runs(path: Path) -> Iterator[Path]:
    """Yield the run in a folder, or those at any depth below it, if there are some."""
    if RunDirectory(path).exists:
        yield path
    elif path.is_dir():
        for inner in sorted(path.iterdir()):
            if inner.is_dir():
                yield from find_runs(inner)


def require_run(path: Path) -> RunDirectory:
    """Return the run in a folder.

    Raises:
        RunError: There is none.
    """
    directory = RunDirectory(path)
    if not directory.exists:
        raise RunError(f"no run in {path}", "give the folder that 'grasp run' printed")
    return directory
