"""Fills the templates: what every plugin has, then what its kind adds.

A template's path is the file's, with ``__module__`` for the import name and ``.j2`` at the
end.
"""

from __future__ import annotations

import jinja2

from grasp.scaffold.names import Names

#: What can be written; a folder of templates for each.
KINDS = ("task", "method", "agent", "gate")


def render(names: Names, kind: str) -> dict[str, str]:
    """Return the files of a new distribution: relative path to text."""
    from grasp import __version__
    from grasp.testing.plugin.hooks import core_range

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grasp.scaffold", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Programs are text, not HTML.
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    facts = {**vars(names), "kind": kind, "core_range": core_range(__version__)}
    files: dict[str, str] = {}
    for folder in ("common", kind):
        for template in environment.list_templates(extensions=["j2"]):
            if not template.startswith(f"{folder}/"):
                continue
            path = template.partition("/")[2].removesuffix(".j2")
            text = environment.get_template(template).render(facts)
            files[path.replace("__module__", names.module)] = text
    return files
