"""Reads folders and makes their pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grasp.contracts import RunError
from grasp.report.html.overview import overview
from grasp.report.html.overview_page import render_overview
from grasp.report.html.page import render
from grasp.report.html.story import tell
from grasp.report.html.traces import Traces
from grasp.results.findings import compare_sides, sentences
from grasp.results.outcomes import NO_SKILLS, read_side
from grasp.runs.callstore import CallReader
from grasp.runs.journal import read_journal
from grasp.runs.rundir import require_run


def run_page(run: Path, *, live: str = "") -> str:
    """Return the page of a run, finished or not. Nothing in the folder is changed.

    Args:
        run: Its folder.
        live: Of a page that is served while the run goes on: what it was made of.

    Raises:
        RunError: There is no run.
    """
    directory = require_run(run)
    journal = directory.journal_file
    story = tell(list(read_journal(journal)) if journal.exists() else [])
    scores = directory.read_scores() if directory.finished else {}
    settings = directory.config_file
    if directory.calls_file.exists():
        reader = CallReader(directory.calls_file)
        try:
            traces = Traces(reader.calls(), reader)
        finally:
            reader.close()
    else:
        traces = Traces((), _Nothing())
    return render(
        run.resolve().name,
        story,
        traces,
        usage=scores,
        settings=settings.read_text("utf-8") if settings.exists() else "",
        known=_known(run),
        live=live,
    )


def overview_page(folder: Path, links: Mapping[Path, str]) -> str:
    """Return the page of a folder of runs, such as a sweep's.

    Args:
        folder: Holds runs, at any depth.
        links: Of a run's folder to its own page, for those that have one.

    Raises:
        RunError: There is no run.
    """
    return render_overview(folder.resolve().name, overview(folder), links)


def _known(run: Path) -> list[tuple[str, str]]:
    try:
        found = compare_sides([read_side(run, NO_SKILLS), read_side(run)])
    except RunError:
        return []  # The sealed splits are not evaluated yet, or with one library only.
    return [(f.split, " ".join(sentences(f))) for f in found]


class _Nothing:
    def exchange(self, key: str) -> tuple[list[dict[str, object]], dict[str, object]]:
        raise KeyError(key)
