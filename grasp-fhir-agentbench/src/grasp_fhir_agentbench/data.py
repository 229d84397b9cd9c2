"""The official data: the questions, and the open demo of MIMIC-IV on FHIR (spec fhiragent, 7)."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from grasp.contracts import TaskError
from grasp.plugins.datasets import DataFile, Dataset

QUESTIONS_FILE = "questions_answers_sql_fhir.csv"
#: Git's name of the questions' content, which their repository vouches for.
QUESTIONS_BLOB = "b2225370feeaefe962c27c4d90f911584e098ac2"
QUESTIONS_URL = "https://raw.githubusercontent.com/glee4810/FHIR-AgentBench/main/final_dataset/"
#: The open demo: 100 patients, no account needed.
DEMO_URL = "https://physionet.org/files/mimic-iv-fhir-demo/2.1.0/"
DEMO_PAGE = "https://physionet.org/content/mimic-iv-fhir-demo/2.1.0/"
CHECKSUMS = "SHA256SUMS.txt"
#: Folder of the demo's files, there and in the cache.
DEMO_FOLDER = "fhir"


@dataclass(frozen=True)
class FhirAgentBenchData(Dataset):
    """The questions and the demo's files.

    The questions are verified by Git's name of them, the demo's files by the checksums that
    PhysioNet publishes beside them.

    Attributes:
        demo_url: Where the demo lies.
        blob: Git's name of the questions' content.
    """

    demo_url: str = DEMO_URL
    blob: str = QUESTIONS_BLOB

    @property
    def demo(self) -> Path:
        """Folder of the demo's resources."""
        return self.folder / DEMO_FOLDER

    @property
    def complete(self) -> bool:
        """The questions and all files of the demo have been pulled."""
        return self.path(QUESTIONS_FILE) is not None and self.demo_complete

    @property
    def demo_complete(self) -> bool:
        """All files of the demo have been pulled."""
        sums = self.folder / CHECKSUMS
        if not sums.is_file():
            return False
        wanted = _demo_files(sums.read_text(encoding="utf-8"))
        return bool(wanted) and all((self.folder / name).is_file() for name in wanted)

    def pull(self, source: str | None = None) -> list[Path]:
        """Fetch what is missing or damaged.

        Args:
            source: Folder to take it from instead: the questions' file, and the demo's
                ``SHA256SUMS.txt`` and ``fhir/``, as they are published. An address works too.

        Raises:
            TaskError: Something can't be fetched, or is not the expected file.
        """
        questions = self._questions(source)
        sums = self._fetch(source, self.demo_url, CHECKSUMS)
        wanted = _demo_files(sums.read_text(encoding="utf-8", errors="replace"))
        if not wanted:
            raise TaskError(
                f"{CHECKSUMS} of the MIMIC-IV demo on FHIR names no files in {DEMO_FOLDER}/",
                f"fetch the files of {DEMO_PAGE} by hand and use --from",
            )
        paths = [questions, sums]
        for name, digest in wanted.items():
            target = self.folder / name
            if not target.is_file() or _sha256(target) != digest:
                target = self._fetch(source, self.demo_url, name)
                if _sha256(target) != digest:
                    target.unlink()
                    raise self._wrong(name)
            paths.append(target)
        return paths

    def _questions(self, source: str | None) -> Path:
        target = self.folder / QUESTIONS_FILE
        if target.is_file() and git_blob(target.read_bytes()) == self.blob:
            return target
        target = self._fetch(source, self.base_url, QUESTIONS_FILE)
        if git_blob(target.read_bytes()) != self.blob:
            target.unlink()
            raise self._wrong(QUESTIONS_FILE)
        return target

    def _fetch(self, source: str | None, base_url: str, name: str) -> Path:
        target = self.folder / name
        partial = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if source is not None and "://" not in source:
                shutil.copyfile(Path(source).expanduser() / name, partial)
            else:
                base = base_url if source is None else source.rstrip("/") + "/"
                _download(base + name, partial)
            os.replace(partial, target)
        except httpx.HTTPError as error:
            raise self._missing(name, " ".join(str(error).split())) from None
        except OSError as error:
            raise self._missing(name, error.strerror or str(error)) from None
        finally:
            partial.unlink(missing_ok=True)
        return target

    def _missing(self, name: str, reason: str) -> TaskError:
        what = "the questions" if name == QUESTIONS_FILE else "the MIMIC-IV demo on FHIR"
        page = QUESTIONS_URL if name == QUESTIONS_FILE else DEMO_PAGE
        return TaskError(
            f"can't fetch {name} of {what}: {reason}",
            f"fetch it from {page} (open, no PhysioNet account) and put it at "
            f"{self.folder / name}, or name a copy with --from",
        )

    def _wrong(self, name: str) -> TaskError:
        return TaskError(
            f"{name} is not the expected file (its checksum is wrong)",
            "take it from another source with --from",
        )


FHIR_AGENTBENCH = FhirAgentBenchData(
    name="fhir-agentbench",
    base_url=QUESTIONS_URL,
    files=(DataFile(QUESTIONS_FILE, ""), DataFile(f"{DEMO_FOLDER}/*.ndjson.gz", "")),
    licence="CC-BY-4.0 (questions, glee4810/FHIR-AgentBench), ODbL-1.0 (MIMIC-IV demo on FHIR)",
    extra="grasp-fhir-agentbench",
)


def git_blob(data: bytes) -> str:
    """Return the name that Git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _demo_files(sums: str) -> dict[str, str]:
    """Return path -> SHA-256 of the resources' files that a list of checksums names."""
    found: dict[str, str] = {}
    for line in sums.splitlines():
        digest, _, name = line.strip().partition(" ")
        name = name.strip().removeprefix("*").removeprefix("./")
        parts = name.split("/")
        plain = len(parts) == 2 and parts[0] == DEMO_FOLDER and ".." not in parts
        if plain and name.endswith((".ndjson.gz", ".ndjson")) and len(digest) == 64:
            found[name] = digest.lower()
    return found


def _download(url: str, target: Path) -> None:
    with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer:
        answer.raise_for_status()
        with target.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
