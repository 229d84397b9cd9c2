"""Official data files of benchmarks: where they come from, where they are kept.

A task names its files in ``TaskSpec.data`` (dotted path of a ``Dataset``). Nothing is
downloaded unless the user asks for it, and nothing is kept whose checksum is wrong.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from grasp.contracts import PluginError, TaskError

DATA_VARIABLE = "GRASP_DATA"


@dataclass(frozen=True)
class DataFile:
    """One file: its name in the cache, its SHA-256, and its path below the dataset's address."""

    name: str
    sha256: str
    path: str = ""


@dataclass(frozen=True)
class Dataset:
    """The official files of one benchmark.

    Attributes:
        name: Folder in the cache.
        base_url: Address the files lie under, with a closing slash.
        files: The files.
        licence: Under which its owners publish it.
        extra: Requirement that brings the downloader, for error messages.
    """

    name: str
    base_url: str
    files: tuple[DataFile, ...]
    licence: str = ""
    extra: str = "pooch"

    @property
    def folder(self) -> Path:
        """Where the files are kept."""
        return data_home() / self.name

    def path(self, name: str) -> Path | None:
        """Return the path of a pulled file, or ``None`` if it has not been pulled."""
        path = self.folder / name
        return path if path.is_file() else None

    def verified(self, file: DataFile) -> Path:
        """Return the path of a pulled file whose content is the official one.

        Raises:
            TaskError: It has not been pulled, has been changed, or can't be read.
        """
        path = self.folder / file.name
        remedy = f"grasp data pull {self.name}"
        try:
            if _sha256(path) == file.sha256:
                return path
        except FileNotFoundError:
            raise TaskError(f"{file.name} of {self.name} has not been pulled", remedy) from None
        except OSError as error:
            raise TaskError(
                f"can't read {path}: {error.strerror or error}",
                "see that this account may read it",
            ) from None
        raise TaskError(f"{path} is not the official file: its checksum is wrong", remedy)

    @property
    def complete(self) -> bool:
        """All files have been pulled."""
        return all(self.path(f.name) for f in self.files)

    def pull(self, source: str | None = None) -> list[Path]:
        """Fetch the files that are missing or damaged, and verify their checksums.

        Args:
            source: Folder or address to take them from instead of ``base_url``; files lie
                directly in it.

        Raises:
            PluginError: The downloader is not installed.
            TaskError: A file can't be fetched, or its checksum is wrong.
        """
        return [self._pull_one(file, source) for file in self.files]

    def _pull_one(self, file: DataFile, source: str | None) -> Path:
        target = self.folder / file.name
        if target.is_file() and _sha256(target) == file.sha256:
            return target
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if source is not None and "://" not in source:
                return self._copy(file, Path(source) / file.name, target)
            return self._download(file, source)
        except OSError as error:
            reason = error.strerror or error
            raise TaskError(
                f"can't fetch {file.name} of {self.name}: {reason}",
                "look at the network and the disk, or take it from a copy with --from",
            ) from None

    def _copy(self, file: DataFile, origin: Path, target: Path) -> Path:
        data = origin.read_bytes()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise self._mismatch(file)
        temporary = target.with_name(target.name + ".part")
        temporary.write_bytes(data)
        os.replace(temporary, target)
        return target

    def _download(self, file: DataFile, source: str | None) -> Path:
        try:
            import pooch
        except ImportError:
            raise PluginError(
                "fetching data needs the package pooch", f"pip install '{self.extra}'"
            ) from None
        if source is None:
            url = self.base_url + (file.path or file.name)
        else:
            url = source.rstrip("/") + "/" + file.name
        try:
            path = pooch.retrieve(url, f"sha256:{file.sha256}", file.name, self.folder)
        except ValueError:  # pooch's word for a wrong checksum.
            raise self._mismatch(file) from None
        return Path(path)

    def _mismatch(self, file: DataFile) -> TaskError:
        return TaskError(
            f"{file.name} of {self.name} is not the expected file (its checksum is wrong)",
            "take it from another source with --from",
        )


def data_home() -> Path:
    """Return the folder for data files: ``GRASP_DATA``, or the user's cache."""
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "grasp" / "data"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "grasp" / "data"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
