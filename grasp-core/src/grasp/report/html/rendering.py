"""Templates, styles and scripts of the pages."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return what renders the templates; all texts are escaped."""
    made = Environment(
        loader=PackageLoader("grasp.report.html", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    made.filters["signed"] = lambda share: f"{100 * share:+.0f}"
    return made


def resource(*names: str) -> str:
    """Return files of this folder, one after another."""
    folder = files("grasp.report.html")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)
